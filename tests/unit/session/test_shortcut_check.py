"""The check of a whole project: a scanner that shapes the map is told in a sentence; nothing else is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sslstudio.__main__ import main
from sslstudio.errors import SSLStudioError
from sslstudio.session import Project, Session, shortcut_check
from sslstudio.session import shortcut_words as words
from sslstudio.session.shortcut_check import ShortcutReport, Stopped, check
from tests.gui.image_project import NowCompute, Picture, build, label_all

PATIENTS, EACH = 24, 3


def call(target: str, /, *args: Any, **kwargs: Any) -> Any:
    return NowCompute().submit(target, *args, **kwargs).result()


def given() -> list[Picture]:
    """Patients of three kinds; the scanner goes with none of them."""
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 255, (8, 8, 1)).astype(np.uint8)
    return [
        Picture(pixels, f"p{p}", p % 3, "Maker A 1.5T" if p // 3 % 2 else "Maker B 3T")
        for p in range(PATIENTS)
        for _ in range(EACH)
    ]


def vectors(pictures: list[Picture], by_scanner: bool) -> Any:
    """Twelve dimensions whose thirds make the three groups of the map: by scanner or by kind."""
    rng = np.random.default_rng(1)
    group = [picture.scanner == "Maker B 3T" if by_scanner else picture.kind for picture in pictures]
    shape = np.eye(3)[np.asarray(group, dtype=int)].repeat(4, axis=1) * 3
    return shape + rng.normal(size=(PATIENTS, 12)).repeat(EACH, axis=0) + 0.3 * rng.normal(size=(len(pictures), 12))


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    pictures = given()
    project = build(tmp_path_factory.mktemp("check") / "p.sslproj", pictures, vectors=vectors(pictures, True))
    label_all(Session(project), pictures)
    project.catalogue.set_setting("group_names:map-1", {"1": "hands"})
    yield project
    project.close()


@pytest.fixture(scope="module")
def report(followed: Project) -> ShortcutReport:
    return check(followed, "simclr-1", call)


def test_the_scanner_is_found_and_said_in_a_sentence(report: ShortcutReport) -> None:
    scanner = report.column("scanner")
    assert scanner is not None and scanner is report.columns[0] and scanner.found and not scanner.learnable
    assert [one.info.key for one in report.columns if one.found] == ["scanner"]
    assert words.strength(scanner) == "very strong"
    told = words.sentence(scanner, {1: "hands"})
    assert told.startswith("Groups 1 and 2 (hands) follow the scanner, not the patient: ")
    assert "within each, " in told and "of the images have the same scanner, from 12 and 12 patients." in told
    assert told.endswith("The labels given so far do not go with it.")
    assert (
        words.summary(report) == "2 columns tested: images lie together by scanner, also those of different patients."
    )
    assert words.basis(report).startswith("Looked at 72 images from 24 patients, 72 labelled.")
    assert "modality" in {out.key for out in report.left_out}
    figures = dict(words.details(scanner))
    assert figures["Values compared"] == "2" and "by chance" in figures["Groups: Cramér's V"]


def test_without_a_scanner_in_the_map_none_is_found(tmp_path: Path) -> None:
    pictures = given()
    with build(tmp_path / "p.sslproj", pictures, vectors=vectors(pictures, False)) as project:
        found = check(project, "simclr-1", call)
    assert not any(one.found for one in found.columns)
    assert words.summary(found) == "2 columns tested: no shortcut found."
    assert found.labelled == 0 and found.columns[0].test.labels is None
    assert words.sentence(found.columns[0]).startswith("Groups and neighbours do not follow ")


def test_of_very_many_images_some_are_drawn_and_that_is_said(
    followed: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shortcut_check, "SAMPLE", 50)
    some = check(followed, "simclr-1", call)
    assert (some.images, some.of) == (50, 72)
    assert "50 images of 72, drawn at random" in words.basis(some)
    assert some.columns[0].info.key == "scanner" and some.columns[0].found


def test_it_tells_how_far_it_is_and_stops_when_nobody_wants_it(followed: Project) -> None:
    steps: list[tuple[int, int, str]] = []
    check(followed, "simclr-1", call, lambda *step: steps.append(step))
    assert steps == [(0, 0, ""), (0, 2, "Scanner"), (1, 2, "Position in the series"), (2, 2, "")]
    left = iter([True] * 4)
    with pytest.raises(Stopped):
        check(followed, "simclr-1", call, wanted=lambda: next(left, False))


def test_without_a_map_or_with_one_patient_it_says_why_not(followed: Project, tmp_path: Path) -> None:
    with pytest.raises(SSLStudioError) as none:
        check(followed, "imagenet", call)
    assert none.value.code == "not_embedded"
    alone = [Picture(picture.pixels, "one", picture.kind) for picture in given()]
    with build(tmp_path / "p.sslproj", alone) as project, pytest.raises(SSLStudioError) as single:
        check(project, "simclr-1", call)
    assert single.value.code == "few_patients"


def test_the_command_line_says_the_same(
    followed: Project, report: ShortcutReport, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["shortcuts", str(followed.path), "simclr-1", "--details"]) == 0
    told = capsys.readouterr()
    scanner = report.column("scanner")
    assert scanner is not None
    assert f"- {words.sentence(scanner, {1: 'hands'})} (very strong)" in told.out
    assert "Not followed: Position in the series." in told.out
    assert "Left out: Modality (MR for all images)" in told.err
    assert main(["shortcuts", str(followed.path), "simclr-1", "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["columns"][0]["column"] == "scanner" and result["columns"][0]["follows"] == [1, 2]
    assert result["columns"][0]["groups"]["p"] <= 0.001 and result["images"] == 72
