"""Commands that repeat a run: the command line takes each of them, and they say what was asked for."""

from __future__ import annotations

import argparse
import shlex
from typing import Any

import pytest

from sslstudio.cli.dividing import SPLITS
from sslstudio.cli.parser import build_parser
from sslstudio.domain.specs import EmbedSpec, FinetuneSpec, ImportSpec, MapSpec, Pairing, PretrainSpec
from sslstudio.domain.split_plans import WAYS, SplitPlan
from sslstudio.exporters import commands
from sslstudio.importers.rendering import AUTO, of_windows, preset

PATTERN = "(?P<subject>pat [0-9]+)/"


def told(line: str) -> argparse.Namespace:
    """What the command line understands."""
    words = shlex.split(line)
    assert words[0] == "sslstudio"
    return build_parser().parse_args(words[1:])


def test_an_import() -> None:
    spec = ImportSpec(subject_pattern=PATTERN, order="path", placeholders=("x",), subject_column="case", max_pixels=7)
    found = told(commands.importing(spec.model_dump(mode="json")))
    assert (found.subject_pattern, found.patients_by, found.max_pixels) == (PATTERN, "path", 7)
    assert found.ignore_placeholders and found.subject_column == "case" and str(found.table) == "TABLE"
    assert commands.importing(ImportSpec().model_dump(mode="json")) == "sslstudio import PROJECT SOURCE"


def test_a_pretraining_with_all_that_differs() -> None:
    pairing = Pairing(bag="study", alike=("view", "laterality"), slice_gap=3, most_days=9)
    spec = PretrainSpec(
        task="mae", backbone="vit_small", init="run:simclr-1", depth=16, precision="float32", keep="best",
        accumulation=2, checkpointing=True, parameters={"mask ratio": 0.5}, pairing=pairing, learning_rate=2e-4,
    )  # fmt: skip
    given = spec.model_dump(mode="json")
    found = vars(told(commands.pretraining(given)))
    for name in (
        *("task", "backbone", "init", "depth", "precision", "keep", "accumulation", "checkpointing", "compile"),
        *("image_size", "epochs", "batch_size", "learning_rate", "weight_decay", "preset", "seed"),
    ):
        assert found[name] == given[name], name
    assert (found["pair_within"], found["pair_alike"]) == ("study", ("view", "laterality"))
    assert (found["slice_gap"], found["most_days"]) == (3, 9)
    assert found["parameters"] == [("mask ratio", 0.5)]


def test_a_start_from_a_file_of_this_computer_is_not_named() -> None:
    assert "--init FILE " in commands.pretraining(PretrainSpec(init="weights-of-anna.pt").model_dump(mode="json"))


def test_embeddings_and_maps() -> None:
    found = told(commands.embedding(EmbedSpec(source="random", backbone="vit_small", image_size=96).model_dump()))
    assert (found.source, found.backbone, found.image_size) == ("random", "vit_small", 96)
    assert commands.embedding(EmbedSpec(source="mae-1", backbone="vit_small").model_dump()).endswith("PROJECT mae-1")
    found = told(commands.mapping(MapSpec(embedding="e", method="pca", clusters=4, keep="map-1", seed=3).model_dump()))
    assert (found.method, found.clusters, found.keep, found.seed) == ("pca", 4, True, 3)


@pytest.mark.parametrize("way", WAYS)
def test_every_way_of_dividing_without_what_it_divided_by(way: Any) -> None:
    plan = SplitPlan(way=way, column="InstitutionName", values=("St. Anna",), since=20200101.0, folds=7)
    line = commands.classifying("embed-1", 5, plan)
    assert "Anna" not in line and "Institution" not in line and "2020" not in line
    found = told(line)
    assert SPLITS[found.split] == way and found.seed == 5
    assert (found.folds == 7) == (way == "cross")


def test_fine_tuning_and_tests() -> None:
    spec = FinetuneSpec(embedding="embed-1", classes=("a", "b"), mode="lora", rank=4, epochs=3)
    found = told(commands.finetuning(spec.model_dump(mode="json")))
    assert (found.run, found.mode, found.rank, found.epochs, found.patience) == ("embed-1", "lora", 4, 3, None)
    scores = {"counting": {"unit": "patient", "pooling": "max"}, "nothing": "no finding"}
    found = told(commands.evaluating("linear-1", scores))
    assert (found.by, found.pool, found.nothing) == ("patient", "max", "no finding")
    assert commands.evaluating("linear-1", None) == "sslstudio evaluate PROJECT linear-1"


def test_what_the_model_sees() -> None:
    found = told(commands.rendering(of_windows(((-600.0, 1500.0), (40.0, 400.0), (480.0, 2500.0)), preset(AUTO))))
    assert found.windows == [(-600.0, 1500.0), (40.0, 400.0), (480.0, 2500.0)]
    assert told(commands.rendering(preset("ct_lung"))).preset == "ct_lung"
