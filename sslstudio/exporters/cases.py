"""What a package says of whole studies and patients: how it pools (`pooling.json`, `attention.npz`), and the tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from sslstudio.classifiers import attention, pooling
from sslstudio.classifiers.attention import Attention
from sslstudio.domain.record import Record
from sslstudio.domain.units import PLURAL, Pooling, Unit
from sslstudio.errors import SSLStudioError
from sslstudio.exporters import package
from sslstudio.exporters.deciding import Deciding

Ints = NDArray[np.int64]

COUNTED = pooling.BAGS
POOLED_BY = {"mean": "mean", "max": "highest", "attention": "attention"}
RULES = (
    "mean: the mean of the probabilities of the images.",
    "max: a class takes its highest probability over the images, the class `nothing` its lowest; then all are divided"
    " by their sum.",
    "attention: attention.npz; h = (embedding - mean) @ basis.T, weights = softmax over the images of"
    " w . (tanh(V h + v) * sigmoid(U h + u)), logits = coef @ (weighted mean of h) + intercept, divided by"
    " temperature.",
)


class PoolingRules(Record):
    """`pooling.json`: what was counted when the model was scored, and how images were pooled."""

    format: int = package.FORMAT
    unit: Unit = "image"
    pooling: Pooling = "mean"
    nothing: str = ""
    attention: tuple[str, ...] = ()
    rules: tuple[str, ...] = RULES


@dataclass(frozen=True)
class CasePooling:
    """How a package pools: its rules, the place of the class that means nothing found, and its attention by unit."""

    rules: PoolingRules
    nothing: int
    heads: Mapping[str, Attention]

    def way(self, unit: Unit, wanted: Pooling | None) -> Pooling:
        """How images of a study or patient are pooled: as asked, else as the model was scored; where there is no
        attention for it, by the mean."""
        way = wanted or self.rules.pooling
        return "mean" if way == "attention" and unit not in self.heads else way

    def require(self, wanted: Pooling | None) -> None:
        """Raises SSLStudioError ("no_pooling") for attention that the package does not hold."""
        if wanted == "attention" and not self.heads:
            raise SSLStudioError(
                "This package holds no attention.",
                "Pool by mean or max, or export a model that could learn it: that takes 20 training patients with "
                "several labelled images.",
                code="no_pooling",
            )


def describe(scores: Mapping[str, Any] | None, arrays: Mapping[str, NDArray[Any]]) -> PoolingRules:
    """The content of `pooling.json` from scores.json and the arrays of attention.npz."""
    known = scores or {}
    counting, pooled = known.get("counting") or {}, known.get("pooled") or {}
    return PoolingRules(
        unit=counting.get("unit", "image"),
        pooling=counting.get("pooling", "mean"),
        nothing=pooled.get("nothing", known.get("nothing", "")),
        attention=tuple(attention.from_arrays(arrays)),
    )


def write(model_folder: Path, folder: Path, scores: Mapping[str, Any] | None) -> None:
    """Write `pooling.json`, and `attention.npz` where the model could learn it, into a package."""
    arrays: dict[str, NDArray[Any]] = {}
    kept = model_folder / package.ATTENTION
    if kept.is_file():
        with np.load(kept, allow_pickle=False) as stored:
            arrays = dict(stored)
    stale = (scores or {}).get("nothing_now", (scores or {}).get("nothing", "")) != (scores or {}).get("nothing", "")
    arrays = {} if stale else arrays
    package.write_json(folder / package.POOLING, describe(scores, arrays).model_dump(mode="json"))
    if arrays:
        np.savez(folder / package.ATTENTION, allow_pickle=False, **arrays)


def read(folder: Path, classes: Sequence[str]) -> CasePooling:
    """How a verified package pools; by the mean where it was written by an earlier version.

    Raises SSLStudioError ("altered_package").
    """
    if not (folder / package.POOLING).is_file():
        return CasePooling(PoolingRules(), pooling.NO_CLASS, {})
    try:
        rules = PoolingRules.model_validate_json((folder / package.POOLING).read_bytes())
        heads: dict[str, Attention] = {}
        if rules.attention:
            with np.load(folder / package.ATTENTION, allow_pickle=False) as stored:
                heads = attention.from_arrays(stored)
    except (OSError, ValueError, KeyError, ValidationError):
        raise SSLStudioError(
            "The pooling rules of the model package cannot be read.", "Export it again.", code="altered_package"
        ) from None
    nothing = list(classes).index(rules.nothing) if rules.nothing in classes else pooling.NO_CLASS
    return CasePooling(rules, nothing, heads)


@dataclass(frozen=True)
class Batch:
    """Scored images on their way into the tables of studies and patients: the numbers of patient and study (N, 2),
    whether the model abstains and whether the image is unlike the training images (N, 2), probabilities (N, K), and
    the embeddings as attention needs them, (N, R) a unit."""

    files: tuple[str, ...]
    keys: Ints
    flags: NDArray[np.bool_]
    shares: NDArray[np.float32]
    reduced: Mapping[str, NDArray[np.float64]]


class Gathering:
    """Takes the scored images batch by batch; gives one row a study and one a patient at the end.

    Studies and patients are numbered as they come: nothing of a header goes into a table.
    """

    def __init__(self, pool: CasePooling, deciding: Deciding, classes: Sequence[str], wanted: Pooling | None) -> None:
        pool.require(wanted)
        self._pool, self._deciding, self._classes = pool, deciding, tuple(classes)
        self._ways = {unit: pool.way(unit, wanted) for unit in COUNTED}
        self._attending = {unit: pool.heads[unit] for unit in COUNTED if self._ways[unit] == "attention"}
        self.patients: dict[str, int] = {}
        self.studies: dict[str, int] = {}
        self._batches: list[Batch] = []

    def whose(self, subject: str, study: str) -> tuple[int, int]:
        """The numbers of the patient and study that these pseudonyms stand for."""
        patient = self.patients.setdefault(subject, len(self.patients) + 1)
        return patient, self.studies.setdefault(f"{subject} {study}", len(self.studies) + 1)

    def reduce(self, embeddings: NDArray[np.floating]) -> dict[str, NDArray[np.float64]]:
        """What attention needs of embeddings (N, D)."""
        return {unit: attention.reduce(head, embeddings) for unit, head in self._attending.items()}

    def take(self, batch: Batch) -> None:
        """Take scored images in."""
        if batch.files:
            self._batches.append(batch)

    def header(self, unit: Unit) -> list[str]:
        """The columns of the table of studies or of patients."""
        own = ["patient"] if unit == "patient" else ["study", "patient"]
        counts = ["images", "images abstained", "images unlike the training images"]
        return [
            *(*own, *counts, "first file", "label", "confidence", *_columns(self._classes), "pooled by"),
            *("abstain", "why"),
        ]

    def rows(self, unit: Unit) -> list[list[str]]:
        """One row a study or patient, in the order of their numbers."""
        if not self._batches:
            return []
        keys, flags, shares = (
            np.concatenate([getattr(batch, name) for batch in self._batches]) for name in ("keys", "flags", "shares")
        )
        files = [file for batch in self._batches for file in batch.files]
        names = np.char.zfill(keys[:, 0 if unit == "patient" else 1].astype(np.str_), 9)  # they sort as numbers do
        bags = pooling.make_bags("patient", names, names)
        way = self._ways[unit]
        if way == "attention":
            reduced = np.concatenate([batch.reduced[unit] for batch in self._batches])
            pooled = attention.predict(self._attending[unit], reduced, bags)[0]
        else:
            pooled = pooling.pool(shares, bags, way, self._pool.nothing)
        counts = np.add.reduceat(flags[bags.order].astype(np.int64), bags.starts)
        found = []
        for bag, row in enumerate(bags.order[bags.starts].tolist()):
            own = (
                [f"patient {keys[row, 0]}"]
                if unit == "patient"
                else [f"study {keys[row, 1]}", f"patient {keys[row, 0]}"]
            )
            abstained, unlike = (str(count) for count in counts[bag])
            sizes = [str(int(bags.size[bag])), abstained, unlike if self._deciding.typical is not None else ""]
            best = int(pooled[bag].argmax())
            values = [f"{value:.6f}" for value in pooled[bag]]
            abstain, why = self._deciding.judge_case(pooled[bag].tolist())
            told = [self._classes[best], values[best], *values, POOLED_BY[way], yes(abstain), why]
            found.append([*own, *sizes, files[row], *told])
        return found


def yes(held: bool) -> str:
    """How a table says yes or no."""
    return "yes" if held else "no"


def table_of(output: Path, unit: Unit) -> Path:
    """Where the table of studies or patients stands beside that of the images."""
    return output.with_name(f"{output.stem}-{PLURAL[unit]}{output.suffix}")


def _columns(classes: Sequence[str]) -> list[str]:
    return [f"probability {name}" for name in classes]
