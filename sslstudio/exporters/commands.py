"""The commands that repeat what was done, made from the frozen specifications of runs.

PROJECT, SOURCE, TABLE, FILE, LABELS.csv, COLUMN, VALUE and DATE are for the reader to name: they would tell of this
computer, or of institutions and days.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

from sslstudio.domain.record import Record
from sslstudio.domain.rendering import OWN, Rendering
from sslstudio.domain.specs import (
    PUBLIC_STARTS,
    EmbedSpec,
    FinetuneSpec,
    ImportSpec,
    MapSpec,
    Pairing,
    PretrainSpec,
    named_start,
)
from sslstudio.domain.split_plans import SplitPlan

_PRETRAIN_ALWAYS = ("image_size", "epochs", "batch_size", "learning_rate", "weight_decay", "preset", "seed")
_PRETRAIN_REST = ("depth", "precision", "keep", "accumulation", "checkpointing", "compile")
_FINETUNE = ("epochs", "patience", "batch_size", "learning_rate", "slower", "rank", "preset", "seed")
_MAP = ("method", "grouping", "clusters")
_PAIRING = {"bag": "pair-within", "alike": "pair-alike", "slice_gap": "slice-gap", "most_days": "most-days"}
_IMPORT = {"subject_pattern": "subject-pattern", "order": "patients-by", "image_column": "image-column"} | {
    "subject_column": "subject-column", "placeholders": "ignore-placeholders", "max_pixels": "max-pixels",
}  # fmt: skip
_COLUMN_WAYS = ("by_value", "leave_one_out", "from_date", "external")


def importing(spec: Mapping[str, Any]) -> str:
    """An import from its specification."""
    given = {**spec, "placeholders": bool(spec.get("placeholders"))}
    table = ["--table", "TABLE"] if spec.get("image_column") or spec.get("subject_column") else []
    return _line("import", "PROJECT", "SOURCE", *_changed(given, ImportSpec, _IMPORT), *table)


def rendering(chosen: Rendering) -> str:
    """What the model sees."""
    if chosen.preset != OWN:
        return _line("rendering", "PROJECT", "--preset", chosen.preset)
    fixed = [rule for channel in chosen.channels for rule in channel.rules if rule.fixed]
    return _line("rendering", "PROJECT", *(f"--window={rule.centre:g},{rule.width:g}" for rule in fixed))


def pretraining(spec: Mapping[str, Any]) -> str:
    """A pretraining from its specification; a start from a file of this computer is a FILE."""
    start = spec["init"] if named_start(spec["init"]) else "FILE"
    words = ["--task", spec["task"], "--backbone", spec["backbone"], "--init", start]
    for name in _PRETRAIN_ALWAYS:
        words += [_flag(name), spec[name]]
    words += _changed(spec, PretrainSpec, {name: name for name in _PRETRAIN_REST})
    words += _changed(spec.get("pairing") or {}, Pairing, _PAIRING)
    for name, value in sorted((spec.get("parameters") or {}).items()):
        words += ["--set", f"{name}={value}"]
    return _line("pretrain", "PROJECT", *words)


def embedding(spec: Mapping[str, Any]) -> str:
    """An embedding; one of a pretraining takes network and size from it."""
    own = ("backbone", "image_size", "depth", "seed") if spec["source"] in PUBLIC_STARTS else ()
    return _line("embed", "PROJECT", spec["source"], *_changed(spec, EmbedSpec, {name: name for name in own}))


def mapping(spec: Mapping[str, Any]) -> str:
    """A map of an embedding."""
    keep = ["--keep"] if spec.get("keep") else []
    words = _changed(spec, MapSpec, {name: name for name in _MAP})
    return _line("map", "PROJECT", spec["embedding"], *words, *keep, "--seed", spec["seed"])


def classifying(embedding_run: str, seed: int, plan: SplitPlan) -> str:
    """A linear classifier on an embedding, and how images were divided."""
    words = ["--seed", seed]
    if plan.way != "hold_out":
        words += ["--split", plan.way.replace("_", "-")]
    if plan.way in _COLUMN_WAYS:
        words += ["--split-by", "COLUMN"]
    if plan.way in ("by_value", "external"):
        words += ["--test", "VALUE"]
    if plan.way == "from_date":
        words += ["--since", "DATE"]
    if plan.way == "cross":
        words += _changed(plan.model_dump(), SplitPlan, {name: name for name in ("folds", "repeats")})
    return _line("classify", "PROJECT", embedding_run, *words)


def finetuning(spec: Mapping[str, Any]) -> str:
    """A fine-tuning from its specification; the command tests it too."""
    words = _changed(spec, FinetuneSpec, {name: name for name in _FINETUNE})
    return _line("finetune", "PROJECT", spec["embedding"], "--mode", spec["mode"], *words)


def evaluating(model: str, scores: Mapping[str, Any] | None) -> str:
    """A test of a model, counted as its scores were."""
    known = scores or {}
    counting = known.get("counting") or {}
    words = []
    if counting.get("unit", "image") != "image":
        words += ["--by", counting["unit"], "--pool", counting["pooling"]]
    if known.get("nothing"):
        words += ["--nothing", known["nothing"]]
    return _line("evaluate", "PROJECT", model, *words)


def _changed(given: Mapping[str, Any], record: type[Record], names: Mapping[str, str]) -> list[str]:
    """The options of what differs from the record's default, and so from the command's."""
    words: list[str] = []
    for name, option in names.items():
        value = given.get(name)
        if value is None or value == _plain(record.model_fields[name].default):
            continue
        if value is True:
            words.append(_flag(option))
        elif value is not False:
            words += [_flag(option), ",".join(value) if isinstance(value, list | tuple) else str(value)]
    return words


def _plain(default: object) -> object:
    return list(default) if isinstance(default, tuple) else default


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _line(command: str, *words: object) -> str:
    return shlex.join(["sslstudio", command, *map(str, words)])
