"""Labels on the command line: from a table, a few per class by seed, and out again without file names."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from sslstudio.__main__ import main
from sslstudio.cli import labelling
from sslstudio.domain.labels import Label, SetLabels
from sslstudio.domain.runs import Job
from sslstudio.domain.specs import ImportSpec
from sslstudio.session import label_export
from sslstudio.session.project import Project
from tests.fakes.catalogue_rows import patients

PATIENTS, EACH = 24, 2


@pytest.fixture
def project_path(tmp_path: Path) -> Path:
    """A project of 24 patients with two images each, and beside it a table with classes and a split."""
    project = Project.create(tmp_path / "study")
    rows = patients(PATIENTS, EACH)
    job = Job(
        run_id="import-1", stage="import_images", name="Import", spec=ImportSpec(), created="2026-01-01T00:00:00Z",
        package_version="0",
    )  # fmt: skip
    project.catalogue.add_run(job)
    project.catalogue.adopt_import("import-1", rows)
    path = project.path
    project.close()
    with (tmp_path / "labels.csv").open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(("image", "label", "split"))
        for number, row in enumerate(rows):
            patient = number // EACH
            kind = "left" if patient % 2 else "right"
            writer.writerow((Path(row.path).name, kind, "test" if patient < 8 else "train"))
    return path


def run(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    assert main([*arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def train_labels(path: Path) -> dict[int, str]:
    with Project.open(path, read_only=True) as project:
        return {item.image_id: item.label for item in project.catalogue.items() if item.label and item.part == "train"}


def table(path: Path) -> list[str]:
    return ["label", str(path), "--table", str(path.parent / "labels.csv"), "--split-column", "split"]


def test_all_labels_of_a_table_are_taken(project_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    result = run(table(project_path), capsys)
    assert result["labelled"] == PATIENTS * EACH
    assert result["unmatched"] == 0
    assert result["per_class"] == {"left": {"train": 16, "test": 8}, "right": {"train": 16, "test": 8}}


def test_a_few_per_class_leave_the_test_labels_whole(project_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    result = run([*table(project_path), "--per-class", "3"], capsys)
    assert result["cleared"] == 26
    assert result["per_class"] == {"left": {"train": 3, "test": 8}, "right": {"train": 3, "test": 8}}


def test_the_same_seed_draws_the_same_images_and_another_seed_others(
    project_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    drawn = []
    for seed in ("0", "1", "0"):
        run([*table(project_path), "--per-class", "3", "--seed", seed], capsys)
        drawn.append(train_labels(project_path))
    assert drawn[0] == drawn[2]
    assert drawn[0] != drawn[1]


def test_labels_set_by_hand_are_never_cleared(project_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(table(project_path), capsys)
    with Project.open(project_path) as project:
        class_id = project.catalogue.classes()[0].class_id
        by_hand = [item.image_id for item in project.catalogue.items() if item.part == "train"][:5]
        given = tuple((one, Label(image_id=one, mark="class", class_id=class_id, origin="hand")) for one in by_hand)
        project.catalogue.apply(SetLabels(labels=given))
        labelling.keep_few(project, 1, "train", seed=0)
        assert set(by_hand) <= project.catalogue.labels().keys()


def test_without_a_split_one_by_patient_is_made_first(project_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["label", str(project_path), "--table", str(project_path.parent / "labels.csv"), "--per-class", "2"]
    run(arguments, capsys)
    with Project.open(project_path, read_only=True) as project:
        parts = {item.subject: item.part for item in project.catalogue.items()}
        assert set(parts.values()) == {"train", "test"}
        assert all(item.label for item in project.catalogue.items() if item.part == "test")


def test_labels_are_written_without_file_names_unless_asked_for(
    project_path: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    run(table(project_path), capsys)
    target = tmp_path / "out.csv"
    assert run(["labels", str(project_path), "-o", str(target)], capsys)["labels"] == PATIENTS * EACH
    assert "img-" not in target.read_text(encoding="utf-8")
    run(["labels", str(project_path), "-o", str(target), "--file-names"], capsys)
    with target.open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert rows[0].keys() == {"image", *label_export.COLUMNS}
    assert {row["image"]: row["label"] for row in rows}["img-000000.png"] == "right"


def test_written_labels_can_be_read_again(
    project_path: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    run(table(project_path), capsys)
    target = tmp_path / "out.csv"
    run(["labels", str(project_path), "-o", str(target), "--file-names"], capsys)
    again = run(["label", str(project_path), "--table", str(target), "--split-column", "split"], capsys)
    assert (again["labelled"], again["unchanged"]) == (0, PATIENTS * EACH)
