"""README's journey on the command line, typed as it stands there, on a few synthetic studies."""

from __future__ import annotations

import csv
import json
import re
import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sslstudio.__main__ import main
from sslstudio.cli import demo
from sslstudio.importers.synthetic import write_studies

PATIENTS = 9
TEST_PATIENTS = 3


def journey(root: Path) -> list[list[str]]:
    """README's `sslstudio` commands, in their order."""
    blocks = re.findall(r"```sh\n(.*?)```", (root / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()]
    return [shlex.split(line)[1:] for line in lines if line.startswith("sslstudio ")]


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder as README assumes it: images/ by patient, labels.csv with a split, new-images/."""
    write_studies(tmp_path / "images", patients=PATIENTS, seed=0).rename(tmp_path / "truth.csv")
    write_studies(tmp_path / "new-images", patients=4, seed=1).rename(tmp_path / "new-truth.csv")
    with (tmp_path / "truth.csv").open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    patients = sorted({row["patient"] for row in rows})
    with (tmp_path / "labels.csv").open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(("image", "label", "split"))
        for row in rows:
            part = "test" if row["patient"] in patients[:TEST_PATIENTS] else "train"
            writer.writerow((row["image"], row["label"], part))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_every_command_of_the_readme_works_in_its_order(
    root: Path, desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    results: dict[str, dict[str, Any]] = {}
    for arguments in journey(root):
        code = main([*arguments, "--json"])
        captured = capsys.readouterr()
        assert code == 0, (arguments, captured.err)
        assert captured.out.count("\n") == 1, arguments
        results[" ".join(arguments[:1] + arguments[2:3])] = json.loads(captured.out)
    images = sum(1 for _ in (desk / "images").rglob("*.dcm"))
    assert results["import images/"]["imported"] == images
    assert results["import images/"]["subjects"] == PATIENTS
    assert results["pretrain --task"]["run"] == "simclr-1"
    assert results["embed simclr-1"]["count"] == results["embed random"]["count"] == images
    labelled = results["label --table"]["per_class"]
    assert all(parts["train"] <= 10 for parts in labelled.values())
    scores = results["evaluate linear-1"]
    assert scores["n_images"] == sum(parts.get("test", 0) for parts in labelled.values())
    assert scores["n_subjects"] == TEST_PATIENTS
    assert 0 <= scores["balanced_accuracy"]["low"] <= scores["balanced_accuracy"]["value"] <= 1
    assert results["predict new-images/"]["predicted"] == sum(1 for _ in (desk / "new-images").rglob("*.dcm"))
    right, seen = demo.agreement(desk / "new-truth.csv", desk / "predictions.csv")
    assert 0 <= right <= seen == results["predict new-images/"]["predicted"]
    assert [row["run"] for row in results["compare simclr-1"]["rows"]] == ["simclr-1", "random"]
    _embeddings_come_out(capsys, images)


def _embeddings_come_out(capsys: pytest.CaptureFixture[str], images: int) -> None:
    assert main(["embeddings", "study.sslproj", "simclr-1", "-o", "vectors.npy"]) == 0
    assert main(["runs", "study.sslproj", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert {run["state"] for run in listed["runs"]} == {"succeeded"}
    assert [model["model"] for model in listed["models"]] == ["linear-1"]
    assert np.load("vectors.npy").shape == (images, 512)
    assert np.load("vectors.ids.npy").shape == (images,)


def test_agreement_counts_known_files_that_were_scored(tmp_path: Path) -> None:
    truth, table = tmp_path / "truth.csv", tmp_path / "table.csv"
    truth.write_text("image,label,patient\na.dcm,x,1\nb.dcm,y,2\nc.dcm,y,3\n", encoding="utf-8")
    table.write_text("file,label,status\na.dcm,x,predicted\nb.dcm,x,predicted\nc.dcm,,skipped\nd.dcm,x,predicted\n")
    assert demo.agreement(truth, table) == (1, 2)
