"""The demo's synthetic studies for `few_label.py`: imported as the product does, labelled, split by patient."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sslstudio.cli import demo
from sslstudio.cli.output import Output
from sslstudio.domain.items import Item
from sslstudio.importers.synthetic import TRUTH
from sslstudio.session.project import Project

TEST_PATIENTS = 3
"""Every third patient is a test patient."""


@dataclass(frozen=True)
class LabelledItem:
    """An image of the demo with its finding; `item.part` says whether its label may train."""

    item: Item
    label: str
    name: str


def labelled_items(root: Path, patients: int) -> Iterator[LabelledItem]:
    """The images of `patients` invented patients, written and imported below `root`; their pixels in `root`/pixels."""
    path = root / "Demo.sslproj"
    if not path.is_dir():
        demo.prepare(root.resolve(), path.resolve(), patients, Output(as_json=False))
        shutil.copytree(path / "pixels", root / "pixels", dirs_exist_ok=True)
    studies = root / f"studies-{patients}"
    with (studies / TRUTH).open(newline="", encoding="utf-8") as stream:
        truth = {row["image"]: row for row in csv.DictReader(stream)}
    numbers = {name: place for place, name in enumerate(sorted({row["patient"] for row in truth.values()}))}
    project = Project.open(path, read_only=True)
    try:
        for item in project.catalogue.items():
            detail = project.catalogue.image(item.image_id)
            place = Path(detail.folder) / detail.file_name
            row = truth[place.relative_to(studies.resolve()).as_posix()]
            part = "train" if numbers[row["patient"]] % TEST_PATIENTS else "test"
            yield LabelledItem(item.model_copy(update={"part": part, "label": ""}), row["label"], row["image"])
    finally:
        project.close()
