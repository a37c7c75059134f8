"""What are features of forecasting worth on real series? Where in the head is this slice, told from few labels.

    python benchmarks/slice_position.py FOLDER... [--epochs N] [--size PIXELS] [-o FILE]

The folders hold DICOM series of heads (two or more patients, stacks of at least 15 slices),
imported as the product does. The label of a slice is the fifth of the stack, from foot to head, in which it lies:
read from the header, no opinion. Each patient in turn is the test patient; the labels come from the others. A second
test stays within the longest series: labels from every other block of slices, tests on the blocks between, with the
slices that touch left out. Sources: forecasting (between and forward) from random weights, SimCLR for as many epochs,
the random weights themselves, pixels of 16 x 16. Logistic regression (C = 0.1) as in `few_label.py`; 95 % intervals
resample draws and series (between patients) or blocks (within one).
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import defaultdict
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.few_label import embed, pixels16, run_stage
from benchmarks.few_label_scores import Labelled, Spread, print_table, spread
from sslstudio.cli.follow import carry_out
from sslstudio.cli.output import Output
from sslstudio.domain.items import Item
from sslstudio.domain.specs import ImportSpec, PretrainSpec
from sslstudio.session import workflow
from sslstudio.session.pairing import placed
from sslstudio.session.project import Project

ZONES = 5
LEAST_SLICES = 15
BLOCKS = 25
BACKBONE = "resnet18"
RUNS = {
    "forecasting, between": ("forecasting", {"mode": "between"}),
    "forecasting, forward": ("forecasting", {"mode": "forward"}),
    "SimCLR": ("simclr", {}),
}


def series_of(root: Path, folders: list[Path]) -> list[Item]:
    """The slices below `folders` that lie in series of enough different heights, with their places."""
    path = root / "Heads.sslproj"
    if not path.is_dir():
        project = Project.create(path)
        try:
            carry_out(project, workflow.prepare_import(project, folders, ImportSpec()), Output(as_json=False))
        finally:
            project.close()
    link = root / "pixels"
    if not link.exists():
        link.symlink_to((path / "pixels").resolve())
    project = Project.open(path, read_only=True)
    try:
        items = placed(project, list(project.catalogue.items()))
    finally:
        project.close()
    items = [item for item in items if item.place >= 0]
    return [items[row] for stack in stacks(items) if len(stack) >= LEAST_SLICES for row in stack]


def stacks(items: list[Item]) -> list[list[int]]:
    """Rows of `items` in stacks of successive slices; volumes of one series (time points) have a gap between them."""
    found: list[list[int]] = []
    for row in sorted(range(len(items)), key=lambda row: (items[row].series, items[row].place)):
        before = items[found[-1][-1]] if found else None
        here = (items[row].series, items[row].place)
        if before is None or here[0] != before.series or here[1] > before.place + 1:
            found.append([])
        found[-1].append(row)
    return found


def zones(items: list[Item]) -> np.ndarray[Any, np.dtype[np.int64]]:
    """The fifth of its stack in which each slice lies."""
    found = np.zeros(len(items), np.int64)
    for stack in stacks(items):
        found[stack] = np.arange(len(stack)) * ZONES // len(stack)
    return found


def by_patient(items: list[Item]) -> dict[str, Labelled]:
    """One test for each patient: labels from the others; series are what is resampled."""
    names, classes = tuple(f"fifth {number + 1}" for number in range(ZONES)), zones(items)
    people = sorted({item.subject for item in items})
    return {
        f"patient {number + 1} tested": Labelled(
            names, classes, np.array([item.subject == one for item in items]), tuple(item.series for item in items)
        )
        for number, one in enumerate(people)
    }


def by_block(items: list[Item]) -> tuple[list[int], Labelled]:
    """Rows of the longest series, and its test: every other block of slices; those that touch a border are left out."""
    sizes: dict[str, int] = defaultdict(int)
    for item in items:
        sizes[item.series] += 1
    longest = max(sizes, key=lambda series: sizes[series])
    rows = sorted((row for row, item in enumerate(items) if item.series == longest), key=lambda row: items[row].place)
    width = len(rows) / BLOCKS
    kept, blocks = [], []
    for rank, row in enumerate(rows):
        block = int(rank / width)
        if rank - block * width >= 1 and (block + 1) * width - rank > 1:
            kept.append(row)
            blocks.append(block)
    classes = zones(items)[kept]
    names = tuple(f"fifth {number + 1}" for number in range(ZONES))
    return kept, Labelled(names, classes, np.array(blocks) % 2 == 1, tuple(str(block) for block in blocks))


def features(root: Path, items: list[Item], options: argparse.Namespace) -> dict[str, Any]:
    """Features of every source for all slices."""
    size = options.size
    found = {"pixels 16x16": pixels16(root, items), "random weights": embed(root, "random", BACKBONE, size, items)}
    for title in options.run or RUNS:
        task, parameters = RUNS[title]
        run_id = "-".join((task, *parameters.values(), str(size), str(options.epochs)))
        if not (root / "runs" / run_id / "artifacts" / "backbone.safetensors").is_file():
            spec = PretrainSpec(
                task=task,
                backbone=BACKBONE,
                image_size=size,
                epochs=options.epochs,
                batch_size=64,
                parameters=dict(parameters),
                **({"learning_rate": 0.001, "weight_decay": 0.01} if task == "forecasting" else {}),
            )
            run_stage(root, "pretrain", run_id, spec, items)
        found[title] = embed(root, run_id, BACKBONE, size, items)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--run", action="append", choices=tuple(RUNS), help="(all of them)")
    parser.add_argument("--work", type=Path, default=Path("slice-position"))
    parser.add_argument("-o", "--output", type=Path)
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    items = series_of(options.work.resolve(), [folder.resolve() for folder in options.folders])
    people = {item.subject for item in items}
    print(f"{len(items)} slices in {len({item.series for item in items})} series of {len(people)} patients")
    sources = features(options.work.resolve(), items, options)
    rows, within = by_block(items)
    tests = {title: (list(range(len(items))), one) for title, one in by_patient(items).items()}
    tests["longest series, blocks between tested"] = (rows, within)
    report: dict[str, Any] = {"slices": len(items), "patients": len(people)}
    for title, (chosen, labelled) in tests.items():
        spreads = {source: spread(values[chosen], labelled) for source, values in sources.items()}
        report[title] = written(title, spreads)
    print(json.dumps(report))
    if options.output:
        options.output.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


def written(title: str, spreads: dict[str, dict[str, Spread]]) -> dict[str, Any]:
    """Print one test's tables; the same as plain values."""
    scores = {source: {count: one.score() for count, one in row.items()} for source, row in spreads.items()}
    start = spreads["random weights"]
    gains = {
        source: {count: one.above(start[count]) for count, one in row.items()}
        for source, row in spreads.items()
        if source in RUNS
    }
    print_table(title, scores)
    print_table("and how much better than the random weights", gains)
    tables = {"scores": scores, "gains": gains}
    return {
        name: {source: {count: asdict(one) for count, one in row.items()} for source, row in table.items()}
        for name, table in tables.items()
    }


if __name__ == "__main__":
    main()
