"""plugin.toml: what fits, what is refused and in which words."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sslstudio.errors import SSLStudioError
from sslstudio.extensions.manifest import Parameter, PretextTaskEntry, read_manifest

MINIMAL = """
id = "tiny"
name = "Tiny"
version = "0.1"
api = 1
licence = "MIT"
[[pretext_tasks]]
id = "tiny"
title = "Tiny"
code = "tiny:Task"
"""


def write(folder: Path, text: str) -> Path:
    (folder / "plugin.toml").write_text(text, encoding="utf-8")
    return folder


def test_the_bundled_simclr_reads(root: Path) -> None:
    manifest = read_manifest(root / "plugins" / "simclr")
    task = manifest.pretext_tasks[0]
    assert task.values({}) == {"temperature": 0.2, "projection_dim": 128, "hidden_dim": 512}
    assert all(text for text in (task.summary, task.needs, task.helps_when, task.reference))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "id: Field required"),
        ("id = [", "not valid TOML"),
        (MINIMAL.replace("api = 1", "api = 2"), "version 2 of the plugin contract"),
        (MINIMAL.replace('id = "tiny"\nname', 'id = "Tiny plugin"\nname'), "id"),
        (MINIMAL + 'colour = "red"\n', "pretext_tasks.0.colour"),
        (MINIMAL.replace("tiny:Task", "../evil:Task"), "pretext_tasks.0.code"),
        (
            MINIMAL + '[[pretext_tasks.parameters]]\nname="x"\nlabel="X"\ntype="int"\ndefault=5\nmaximum=3\n',
            "must be at most 3",
        ),
    ],
)
def test_faults_are_named(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(SSLStudioError) as caught:
        read_manifest(write(tmp_path, text))
    assert words in str(caught.value)


def test_no_manifest_is_said(tmp_path: Path) -> None:
    with pytest.raises(SSLStudioError, match=r"no readable plugin\.toml"):
        read_manifest(tmp_path)


TASK = PretextTaskEntry(
    id="t",
    title="T",
    code="t:T",
    parameters=(
        Parameter(name="count", label="Count", type="int", default=3, minimum=1, maximum=9),
        Parameter(name="rate", label="Rate", type="float", default=0.5, minimum=0, maximum=1),
        Parameter(name="wide", label="Wide", type="bool", default=False),
        Parameter(name="kind", label="Kind", type="choice", default="a", choices=("a", "b")),
    ),
)


def test_values_collect_every_problem() -> None:
    with pytest.raises(SSLStudioError) as caught:
        TASK.values({"count": 2.5, "rate": 7, "wide": "yes", "kind": "c", "other": 1})
    words = ("whole number", "at most 1", "yes or no", "one of a, b", "no parameter other")
    assert all(part in str(caught.value) for part in words)


def test_values_take_defaults_and_own_types() -> None:
    assert TASK.values({"count": 4.0, "rate": 1}) == {"count": 4, "rate": 1.0, "wide": False, "kind": "a"}
    assert isinstance(TASK.values({"count": 4.0})["count"], int)


@given(st.one_of(st.booleans(), st.integers(), st.floats(allow_nan=True), st.text(max_size=5)))
def test_any_value_fits_or_is_refused_in_words(value: bool | int | float | str) -> None:
    for parameter in TASK.parameters:
        problem = parameter.problem(value)
        if problem:
            assert problem.startswith("must be")
        else:
            assert parameter.problem(parameter.clean(value)) == ""
