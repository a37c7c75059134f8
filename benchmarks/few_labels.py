"""Does pretraining pay? Frozen features of several sources, scored with few labels on one test set.

    python benchmarks/few_labels.py IMAGES LABELS.csv [--epochs 30] [--image-size 64] [-o results.json]
    python benchmarks/few_labels.py IMAGES LABELS.csv --project NAME.sslproj --embedding embed-1 --embedding embed-2

LABELS.csv has the columns image, label, split (train / test). The labels of the test part only ever score. For each
source: logistic regression (C = 0.1) on standardised features from k labels a class of the train part, mean of ten
draws, balanced accuracy on the whole test part. Sources: the run, the same backbone with random weights, ImageNet
weights where they are on this computer (--imagenet), and the bare pixels of 16 x 16 thumbnails.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # before torch loads: idle threads sleep, not spin

import numpy as np
from PIL import Image

from sslstudio.domain.items import Item
from sslstudio.domain.runs import Job, Stage
from sslstudio.domain.specs import EmbedSpec, PretrainSpec, Spec
from sslstudio.errors import SSLStudioError
from sslstudio.importers.pixel_cache import PixelCacheWriter
from sslstudio.stages import load
from sslstudio.training import devices

COUNTS = (5, 10, 25, 50, 0)
DRAWS = 10


@dataclass
class ConsoleContext:
    """A run without a project: folders below `root`, numbers on the console."""

    root: Path
    job: Job
    item_list: list[Item]
    losses: list[float] = field(default_factory=list)
    said: float = 0.0

    @property
    def run_dir(self) -> Path:
        return self.root / "runs" / self.job.run_id

    @property
    def pixels_dir(self) -> Path:
        return self.root / "pixels"

    @property
    def private_dir(self) -> Path:
        return self.run_dir / "private"

    def items(self) -> list[Item]:
        return self.item_list

    def artifact_path(self, name: str) -> Path:
        path = self.run_dir / "artifacts" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def progress(self, done: float, total: float, unit: str = "", text: str = "") -> None:
        if done >= total or time.monotonic() - self.said > 15:
            self.said = time.monotonic()
            print(f"{self.job.run_id}: {text} {done:.1f} of {total:.0f} {unit}", file=sys.stderr, flush=True)

    def metric(self, step: int, epoch: int, **values: float) -> None:
        self.losses.append(values["loss"])

    def monitor(self, epoch: int, **values: float) -> None:
        numbers = ", ".join(f"{name} {value:.3f}" for name, value in values.items())
        print(f"{self.job.run_id}: epoch {epoch + 1}: {numbers}", file=sys.stderr, flush=True)

    def artifact(self, name: str, path: Path) -> None:
        pass

    def warn(self, code: str, message: str, hint: str = "") -> None:
        print(f"{self.job.run_id}: {code}: {message} {hint}", file=sys.stderr, flush=True)

    def cancelled(self) -> bool:
        return False

    def check_cancelled(self) -> None:
        pass


@dataclass(frozen=True)
class Labelled:
    """The labels: class number and part of each image, in the order of the items."""

    names: tuple[str, ...]
    classes: np.ndarray[Any, np.dtype[np.int64]]
    test: np.ndarray[Any, np.dtype[np.bool_]]


def read_labels(path: Path) -> tuple[list[str], Labelled]:
    """File names and labels from a table with the columns image, label, split."""
    with path.open(newline="", encoding="utf-8") as stream:
        rows = sorted(csv.DictReader(stream), key=lambda row: row["image"])
    names = tuple(sorted({row["label"] for row in rows}))
    classes = np.array([names.index(row["label"]) for row in rows])
    test = np.array([row["split"] == "test" for row in rows])
    return [row["image"] for row in rows], Labelled(names, classes, test)


def cache_images(root: Path, folder: Path, names: Sequence[str], labelled: Labelled) -> list[Item]:
    """Decode the images into a pixel cache below `root`; one item each, its own subject."""
    items = []
    with PixelCacheWriter(root / "pixels" / "images.bin") as writer:
        for number, name in enumerate(names):
            with Image.open(folder / name) as image:
                grey = image.mode in ("L", "1", "I;16", "I", "F")
                pixels = np.asarray(image.convert("L" if grey else "RGB"))
            location = writer.append(pixels.reshape(*pixels.shape[:2], -1))
            part = "test" if labelled.test[number] else "train"
            facts = {"image_id": number + 1, "low": 0.0, "high": 255.0, "part": part, **location.model_dump()}
            texts = dict.fromkeys(("study", "series", "modality", "scanner"), "")
            items.append(Item.model_validate({**facts, **texts, "subject": str(number)}))
    return items


def run_stage(root: Path, stage: Stage, run_id: str, spec: Spec, items: list[Item]) -> dict[str, Any]:
    """Run one stage of the product in this process; returns its result."""
    job = Job(run_id=run_id, stage=stage, name=run_id, spec=spec, created="", package_version="")
    context = ConsoleContext(root, job, items)
    for folder in ("artifacts", "checkpoints", "private"):
        (context.run_dir / folder).mkdir(parents=True, exist_ok=True)
    return load(stage)(spec, context)


def embed(root: Path, source: str, items: list[Item], options: argparse.Namespace) -> Any:
    """Features (N, D) of `source` for all items, through the product's embed stage."""
    run_id = f"embed-{source}"
    backbone = options.imagenet if source == "imagenet" else options.backbone
    size = options.imagenet_size if source == "imagenet" else options.image_size
    spec = EmbedSpec(source=source, backbone=backbone, image_size=size, seed=options.seed)
    run_stage(root, "embed", run_id, spec, items)
    return np.load(root / "runs" / run_id / "artifacts" / "embeddings.npy").astype(np.float32)


def pixels16(folder: Path, names: Sequence[str]) -> Any:
    """The images as 16 x 16 grey thumbnails (N, 256): what no learning at all gives."""
    rows = []
    for name in names:
        with Image.open(folder / name) as image:
            rows.append(np.asarray(image.convert("L").resize((16, 16)), np.float32).ravel())
    return np.stack(rows)


def score(features: Any, labelled: Labelled) -> dict[str, float]:
    """Balanced accuracy on the test part for each number of labels a class ("all" for every train label)."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import balanced_accuracy_score
    from sklearn.preprocessing import StandardScaler

    train = np.flatnonzero(~labelled.test)
    truth = labelled.classes[labelled.test]
    results = {}
    for count in COUNTS:
        values = []
        for draw in range(DRAWS if count else 1):
            random = np.random.default_rng(draw)
            chosen = train
            if count:
                groups = [train[labelled.classes[train] == label] for label in range(len(labelled.names))]
                chosen = np.concatenate([random.permutation(group)[:count] for group in groups])
            scaler = StandardScaler().fit(features[chosen])
            model = LogisticRegression(C=0.1, max_iter=2000).fit(
                scaler.transform(features[chosen]), labelled.classes[chosen]
            )
            guess = model.predict(scaler.transform(features[labelled.test]))
            values.append(float(balanced_accuracy_score(truth, guess)))
        results[str(count) if count else "all"] = float(np.mean(values))
    return results


def project_features(project_path: Path, embedding: str, names: Sequence[str]) -> Any:
    """Features of an embedding of a project, in the order of `names` (matched by file name)."""
    from sslstudio.session.project import Project

    project = Project.open(project_path, read_only=True)
    try:
        ids = np.load(project.embeddings_dir / f"{embedding}.ids.npy")
        values = np.load(project.embeddings_dir / f"{embedding}.npy").astype(np.float32)
        rows = {project.catalogue.image(int(image_id)).file_name: row for row, image_id in enumerate(ids)}
    finally:
        project.close()
    return values[[rows[name] for name in names]]


def collect(options: argparse.Namespace, names: list[str], labelled: Labelled) -> tuple[dict[str, Any], dict[str, Any]]:
    """Features by source, and the pretraining's own result."""
    found: dict[str, Any] = {"pixels 16x16": pixels16(options.images, names)}
    if options.project:
        for embedding in options.embedding:
            found[embedding] = project_features(options.project, embedding, names)
        return found, {}
    root = options.work
    items = cache_images(root, options.images, names, labelled)
    found[f"random {options.backbone}"] = embed(root, "random", items, options)
    if options.imagenet:
        try:
            found[f"imagenet {options.imagenet}"] = embed(root, "imagenet", items, options)
        except SSLStudioError as error:
            print(error, file=sys.stderr)
    if not options.epochs:
        return found, {}
    parameters = dict(pair.split("=", 1) for pair in options.set)
    spec = PretrainSpec(
        task=options.task,
        backbone=options.backbone,
        init=options.init,
        image_size=options.image_size,
        epochs=options.epochs,
        batch_size=options.batch_size,
        learning_rate=options.learning_rate,
        preset=options.preset,
        seed=options.seed,
        parameters={name: float(value) for name, value in parameters.items()},
    )
    run_id = f"{options.task}-{options.epochs}"
    seen = [item for item in items if item.part != "test"] if options.train_only else items
    result = run_stage(root, "pretrain", run_id, spec, seen)
    found[f"{options.task} {options.epochs} epochs"] = embed(root, run_id, items, options)
    return found, result


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("images", type=Path)
    parser.add_argument("labels", type=Path)
    parser.add_argument("--work", type=Path, default=Path("few-labels"), help="folder for cache, runs and checkpoints")
    parser.add_argument("--project", type=Path, help="score embeddings of this project instead of training")
    parser.add_argument("--embedding", action="append", default=[])
    parser.add_argument("--task", default="simclr")
    parser.add_argument("--backbone", default="resnet18")
    parser.add_argument("--init", default="random")
    parser.add_argument(
        "--imagenet", default="", metavar="BACKBONE", help="also score ImageNet weights of this backbone"
    )
    parser.add_argument("--imagenet-size", type=int, default=224)
    parser.add_argument("--image-size", type=int, default=64)
    parser.add_argument("--epochs", type=int, default=30, help="0: no pretraining, baselines alone")
    parser.add_argument("--batch-size", type=int, default=256)
    parser.add_argument("--learning-rate", type=float, default=1e-3)
    parser.add_argument("--preset", default="auto")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--train-only", action="store_true", help="pretrain without the test part's (unlabeled) images")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=NUMBER")
    parser.add_argument("-o", "--output", type=Path)
    return parser.parse_args()


def main() -> None:
    options = arguments()
    devices.NICENESS = 0  # no window to stay fluid beside a benchmark
    start = time.monotonic()
    names, labelled = read_labels(options.labels)
    sources, result = collect(options, names, labelled)
    table = {source: score(features, labelled) for source, features in sources.items()}
    heads = [str(count) if count else "all" for count in COUNTS]
    print(f"{'balanced accuracy with labels a class':40}" + "".join(f"{head:>8}" for head in heads))
    for source, scores in table.items():
        print(f"{source:40}" + "".join(f"{scores[head]:8.3f}" for head in heads))
    report = {"scores": table, "pretraining": result, "test_images": int(labelled.test.sum()), "draws": DRAWS,
              "seconds": round(time.monotonic() - start, 1)}  # fmt: skip
    print(json.dumps(report))
    if options.output:
        options.output.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
