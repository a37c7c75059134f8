"""Does what leaves give the answers of the project? Packages of several networks, on images and on DICOM of 16 bit.

    python benchmarks/export_parity.py IMAGES LABELS.csv [--dicom FOLDER]... [--every N] [-o FILE]

The journey of a user on the command line: a project, its images, labels, an embedding, a classifier, a package. Then
three answers are compared: the network in PyTorch with the one in onnxruntime on pixels of the project (the proof that
every export makes), and on the very files, `sslstudio predict` with the package's own `predict.py`. For DICOM the label
is the folder in which a file lies; only the numbers matter here, not what they mean.
"""

from __future__ import annotations

import argparse
import csv
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
NETWORKS = ("resnet18", "convnext_tiny", "vit_small")
SIZE = 64


def command(*words: str | Path) -> dict[str, Any]:
    """Carry out a command of the product; its result."""
    done = subprocess.run(
        [sys.executable, "-m", "sslstudio", *map(str, words), "--json"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise SystemExit(f"{words[0]}: {done.stdout}{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


def labelled_project(work: Path, files: Sequence[tuple[Path, str]]) -> Path:
    """A project at `work` of copies of the files, with their labels; every third file tests."""
    project, images = work / "Parity.sslproj", work / "images"
    images.mkdir(parents=True)
    with (work / "labels.csv").open("w", encoding="utf-8", newline="") as stream:
        table = csv.writer(stream)
        table.writerow(["image", "label", "split"])
        for number, (path, label) in enumerate(files):
            name = f"{number:04}{path.suffix or '.dcm'}"
            (images / name).write_bytes(path.read_bytes())
            table.writerow([name, label, "train" if number % 3 else "test"])
    command("new", project)
    command("import", project, images, "--patients-by", "path", "--subject-pattern", r"(?P<subject>\d{4})")
    command("label", project, "--table", work / "labels.csv", "--split-column", "split")
    return project


def probabilities(path: Path) -> dict[str, tuple[str, list[float]]]:
    """Class and probabilities of each scored file of a table."""
    with path.open(encoding="utf-8", newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row["status"] == "predicted"]
    values = [[float(row[name]) for name in row if name.startswith("probability ")] for row in rows]
    return {Path(row["file"]).name: (row["label"], numbers) for row, numbers in zip(rows, values, strict=True)}


def parity(project: Path, network: str) -> dict[str, Any]:
    """Embed, classify and export with one network; what both proofs say."""
    work = project.parent
    embedding = command("embed", project, "random", "--backbone", network, "--image-size", str(SIZE))
    command("leaks", project, embedding["run"], "--settle", "differ")  # time points of one head look alike, and may
    model = command("classify", project, embedding["run"])
    folder = work / f"package-{network}"
    proof = command("export", project, model["model"], "-o", folder)
    command("predict", folder, work / "images", "-o", work / f"{network}.csv")
    alone = work / f"{network}-alone.csv"
    with alone.open("w", encoding="utf-8") as stream:
        files = sorted(map(str, (work / "images").iterdir()))
        subprocess.run([sys.executable, "predict.py", *files], cwd=folder, stdout=stream, check=True)
    ours, theirs = probabilities(work / f"{network}.csv"), probabilities(alone)
    both = ours.keys() & theirs.keys()
    return {
        "PyTorch against ONNX, images": proof["images_compared"],
        "PyTorch against ONNX, largest difference": proof["largest_difference"],
        "predict against predict.py, files": len(both),
        "predict against predict.py, largest difference": max(
            abs(one - other) for name in both for one, other in zip(ours[name][1], theirs[name][1], strict=True)
        ),
        "other classes": sum(ours[name][0] != theirs[name][0] for name in both),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("images", type=Path)
    parser.add_argument("labels", type=Path)
    parser.add_argument("--dicom", type=Path, action="append", default=[])
    parser.add_argument("--every", type=int, default=10, help="every so many of the images (0: none)")
    parser.add_argument("--work", type=Path, default=Path("export-parity"))
    parser.add_argument("-o", "--output", type=Path)
    options = parser.parse_args()
    with options.labels.open(encoding="utf-8", newline="") as stream:
        pictures = [(options.images / row["image"], row["label"]) for row in csv.DictReader(stream)]
    sources = {"images": pictures[:: options.every]} if options.every else {}
    if options.dicom:
        slices = [(path, path.parent.name) for folder in options.dicom for path in sorted(folder.rglob("*.dcm"))]
        sources["DICOM"] = slices[:: options.every or 1]
    report = {}
    for name, files in sources.items():
        project = labelled_project(options.work.resolve() / name, files)
        for network in NETWORKS:
            report[f"{name}, {network}"] = found = parity(project, network)
            print(f"{name}, {network}: {json.dumps(found)}", flush=True)
    if options.output:
        options.output.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
