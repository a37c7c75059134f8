"""Commands and options: names are stable, choices equal the vocabulary, every function named exists."""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

from sslstudio.cli import learning_arguments, parser
from sslstudio.domain import specs
from sslstudio.importers import rendering as renderings

STABLE = {
    *("open", "demo", "new", "import", "pretrain", "resume", "embed", "map", "label", "labels", "classify"),
    *(
        "subjects",
        "ledger",
        "evaluate",
        "compare",
        "predict",
        "export",
        "embeddings",
        "run",
        "runs",
        "plugin",
        "doctor",
        "pacs",
    ),
}


def commands(of: argparse.ArgumentParser) -> Iterator[tuple[str, argparse.ArgumentParser]]:
    for action in of._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, command in action.choices.items():
                yield name, command
                yield from commands(command)


def test_the_commands_are_those_of_the_design() -> None:
    top = {name for name, _ in commands(parser.build_parser())}
    assert top >= STABLE


def test_every_command_names_a_function_that_exists_and_knows_json() -> None:
    for name, command in commands(parser.build_parser()):
        function = command.get_default("function")
        if name in ("plugin", "pacs"):
            continue
        assert "--json" in command.format_usage(), name
        if function:
            module, _, attribute = function.partition(":")
            assert callable(getattr(importlib.import_module(f"sslstudio.cli.{module}"), attribute)), name
        else:
            assert name == "open"


def test_choices_and_defaults_equal_the_vocabulary() -> None:
    assert get_args(specs.Preset) == learning_arguments.PRESETS
    assert renderings.names() == parser.RENDERINGS
    assert get_args(specs.Device) == learning_arguments.DEVICES
    assert get_args(specs.ImportSpec.model_fields["order"].annotation) == parser.ORDERS
    assert get_args(specs.PretrainSpec.model_fields["precision"].annotation) == learning_arguments.PRECISIONS
    assert set(get_args(specs.MapSpec.model_fields["method"].annotation)) == set(learning_arguments.MAP_METHODS)
    options = parser.build_parser().parse_args(["pretrain", "p"])
    plain = specs.PretrainSpec()
    for name in (
        "task",
        "init",
        "epochs",
        "preset",
        "device",
        "precision",
        "seed",
    ):
        assert getattr(options, name) == getattr(plain, name), name
    left_open = (options.backbone, options.image_size, options.depth, options.batch_size)
    assert left_open == (None,) * 4, "the method's, the start's or the plain ones; fewer volumes than images a batch"
    assert get_args(specs.Pairing.model_fields["bag"].annotation) == learning_arguments.BAGS
    assert get_args(specs.Alike) == learning_arguments.ALIKE


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a=1", 1),
        ("a=-2", -2),
        ("a=0.5", 0.5),
        ("a=1e-3", 1e-3),
        ("a=true", True),
        ("a=False", False),
        ("a=big", "big"),
        ("a=b=c", "b=c"),
        ("a=", ""),
    ],
)
def test_settings_of_a_task_become_values_of_their_kind(text: str, value: object) -> None:
    options = parser.build_parser().parse_args(["pretrain", "p", "--set", text])
    assert options.parameters == [("a", value)]
    assert type(options.parameters[0][1]) is type(value)


@pytest.mark.parametrize(
    "arguments",
    [
        ["pretrain"],
        ["pretrain", "p", "--epochs", "0"],
        ["pretrain", "p", "--set", "novalue"],
        ["pretrain", "p", "--pair-alike", "laterality,colour"],
        ["pretrain", "p", "--pair-alike", "laterality,"],
        ["pretrain", "p", "--pair-within", "hospital"],
        ["embeddings", "p", "r"],
        ["nothing"],
        ["plugin"],
        ["label", "p"],
    ],
)
def test_a_wrong_call_is_a_usage_error(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        parser.build_parser().parse_args(arguments)
    assert stop.value.code == 2
    assert "usage:" in capsys.readouterr().err


def test_paths_stay_paths_and_lists_stay_lists() -> None:
    options = parser.build_parser().parse_args(["predict", "package", "a", "b", "-o", "out.csv", "--json"])
    assert (options.package, options.sources, options.output) == (
        Path("package"),
        [Path("a"), Path("b")],
        Path("out.csv"),
    )
    assert options.json is True
