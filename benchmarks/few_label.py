"""Does pretraining pay, and which method? Frozen features of several sources, scored with few labels on one test set.

    python benchmarks/few_label.py IMAGES LABELS.csv [--run TASK[+START][@BACKBONE][:SIZE][*EPOCHS]]... [-o FILE]
    python benchmarks/few_label.py --demo 60 --run 'simclr*60' --run 'simclr*30' --run 'micle+simclr*30'
    python benchmarks/few_label.py IMAGES LABELS.csv --project NAME.sslproj --embedding embed-1 --embedding embed-2

    --run simclr --run mae@vit_tiny --run simclr+imagenet@efficientnet_lite0:96 --run 'simclr*100'

START is imagenet, or the method of a run that is named before with the same network and size. --demo takes the demo's
synthetic studies of so many patients, every third of them for testing, imported as the product does.

LABELS.csv has the columns image, label, split (train / test) and, if patients are known, subject. The labels of the
test part only ever score. For each source: logistic regression (C = 0.1) on standardised features from k labels a class
of the train part, mean of ten draws, balanced accuracy on the whole test part, with a 95 % interval from 1,000
resamples of draws and test patients, and how much better each run is than its start, by the same resamples. Sources:
each run with settings its method recommends, the same backbones with random weights and with ImageNet weights where
they are on this computer, and the bare pixels of 16 x 16 thumbnails.
Sizes without a value are --image-size. A run whose folder below --work holds a finished backbone is not trained again.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import re
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # before torch loads: idle threads sleep, not spin

import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.few_label_demo import labelled_items
from benchmarks.few_label_scores import DRAWS, Labelled, print_table, spread
from sslstudio.domain.items import Item
from sslstudio.domain.runs import Job, Stage
from sslstudio.domain.specs import EARLIER, EmbedSpec, PretrainSpec, Spec
from sslstudio.errors import SSLStudioError
from sslstudio.extensions import host
from sslstudio.importers.pixel_cache import PixelCache, PixelCacheWriter
from sslstudio.importers.windowing import render
from sslstudio.stages import load


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

    def check_cancelled(self) -> None: ...
    def check_place(self) -> None: ...


@dataclass(frozen=True)
class Wish:
    """A pretraining to score: method, start, backbone, image size in pixels and epochs.

    `start` is "random", "imagenet" or the id of a run that is made before.
    """

    task: str
    start: str
    backbone: str
    size: int
    epochs: int

    @property
    def run_id(self) -> str:
        return f"{self.task}-{self.start.removeprefix(EARLIER)}-{self.backbone}-{self.size}-{self.epochs}"

    @property
    def title(self) -> str:
        """Its row in the table."""
        return f"{self.run_id} epochs"

    @property
    def begins(self) -> str:
        """The row of what it starts from."""
        if self.start.startswith(EARLIER):
            return f"{self.start.removeprefix(EARLIER)} epochs"
        return start_title(self.start, self.backbone, self.size)


def start_title(start: str, backbone: str, size: int) -> str:
    return f"{start} {backbone} {size} px"


def wishes_of(options: argparse.Namespace) -> list[Wish]:
    """The runs that are asked for: TASK[+START][@BACKBONE][:SIZE][*EPOCHS] in words."""
    made: list[Wish] = []
    for text in options.run or ["simclr"]:
        found = re.fullmatch(r"(\w+)(?:\+(\w+))?(?:@(\w+))?(?::(\d+))?(?:\*(\d+))?", text)
        if found is None:
            raise SystemExit(f"not understood: {text}")
        task, start, backbone, size, epochs = found.groups()
        entry = host.find_plugin(task).task(task)
        backbone = backbone or entry.recommended.backbone or options.backbone
        pixels = int(size or options.image_size)
        if start not in (None, "random", "imagenet"):
            place = (start, backbone, pixels)
            earlier = [one.run_id for one in made if (one.task, one.backbone, one.size) == place]
            if not earlier:
                raise SystemExit(f"{text}: no run of {start} with this network and size is named before it")
            start = EARLIER + earlier[-1]
        made.append(Wish(task, start or "random", backbone, pixels, int(epochs or options.epochs)))
    return made


def read_labels(path: Path) -> tuple[list[str], Labelled]:
    """File names and labels from a table with the columns image, label, split."""
    with path.open(newline="", encoding="utf-8") as stream:
        rows = sorted(csv.DictReader(stream), key=lambda row: row["image"])
    names = tuple(sorted({row["label"] for row in rows}))
    classes = np.array([names.index(row["label"]) for row in rows])
    test = np.array([row["split"] == "test" for row in rows])
    subjects = tuple(row.get("subject") or str(number) for number, row in enumerate(rows))
    return [row["image"] for row in rows], Labelled(names, classes, test, subjects)


def cache_images(root: Path, folder: Path, names: Sequence[str], labelled: Labelled) -> list[Item]:
    """Decode the images into a pixel cache below `root`; one item each."""
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
            items.append(Item.model_validate({**facts, **texts, "subject": labelled.subjects[number]}))
    return items


def run_stage(root: Path, stage: Stage, run_id: str, spec: Spec, items: list[Item]) -> dict[str, Any]:
    """Run one stage of the product in this process; returns its result."""
    job = Job(run_id=run_id, stage=stage, name=run_id, spec=spec, created="", package_version="")
    context = ConsoleContext(root, job, items)
    for folder in ("artifacts", "checkpoints", "private"):
        (context.run_dir / folder).mkdir(parents=True, exist_ok=True)
    return load(stage)(spec, context)


def embed(root: Path, source: str, backbone: str, size: int, items: list[Item], seed: int = 0) -> Any:
    """Features (N, D) of `source` for all items, through the product's embed stage."""
    run_id = f"embed-{source}-{backbone}-{size}"
    spec = EmbedSpec(source=source, backbone=backbone, image_size=size, seed=seed)
    run_stage(root, "embed", run_id, spec, items)
    return np.load(root / "runs" / run_id / "artifacts" / "embeddings.npy").astype(np.float32)


def pixels16(root: Path, items: Sequence[Item]) -> Any:
    """The images as 16 x 16 thumbnails (N, D), seen as the model sees them: what no learning at all gives."""
    cache = PixelCache(root / "pixels")
    rows = []
    for item in items:
        seen = render(cache.read(item.pixels), item.windows)
        small = Image.fromarray(seen[:, :, 0] if seen.shape[2] == 1 else seen).resize((16, 16))
        rows.append(np.asarray(small, np.float32).ravel())
    return np.stack(rows)


def demo_studies(options: argparse.Namespace) -> tuple[Labelled, list[Item]]:
    """The demo's synthetic studies, imported as the product does."""
    rows = list(labelled_items(options.work, options.demo))
    names = tuple(sorted({row.label for row in rows}))
    classes = np.array([names.index(row.label) for row in rows])
    test = np.array([row.item.part == "test" for row in rows])
    return Labelled(names, classes, test, tuple(row.item.subject for row in rows)), [row.item for row in rows]


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


def collect(options: argparse.Namespace, items: list[Item]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Features by source, and what each pretraining said at its end."""
    root = options.work
    found: dict[str, Any] = {"pixels 16x16": pixels16(root, items)}
    seen = [item for item in items if item.part != "test"] if options.train_only else items
    wishes = wishes_of(options)
    ended = {}
    starts = [(one.start, one.backbone, one.size) for one in wishes if not one.start.startswith(EARLIER)]
    starts += [("random", one.backbone, one.size) for one in wishes]
    for pair in options.imagenet:
        backbone, _, size = pair.partition(":")
        starts.append(("imagenet", backbone, int(size or options.image_size)))
    for start, backbone, size in dict.fromkeys(sorted(starts, reverse=True)):
        try:
            found[start_title(start, backbone, size)] = embed(root, start, backbone, size, items, options.seed)
        except SSLStudioError as error:
            print(error, file=sys.stderr)
    for one in wishes if options.epochs else ():
        ended[one.run_id] = train(root, one, seen, options)
        found[one.title] = embed(root, one.run_id, one.backbone, one.size, items)
    return found, ended


def train(root: Path, one: Wish, items: list[Item], options: argparse.Namespace) -> dict[str, Any]:
    """Pretrain as the product does, unless that was done before; what the run said at its end."""
    if (root / "runs" / one.run_id / "artifacts" / "backbone.safetensors").is_file():
        return {}
    entry = host.find_plugin(one.task).task(one.task)
    parameters = dict(pair.split("=", 1) for pair in options.set)
    chosen = {
        name: value
        for name in ("learning_rate", "weight_decay", "warmup_fraction")
        if (value := getattr(entry.recommended, name)) is not None
    }
    spec = PretrainSpec(
        task=one.task,
        backbone=one.backbone,
        init=one.start,
        image_size=one.size,
        epochs=one.epochs,
        batch_size=options.batch_size or min(entry.recommended_batch or 256, 256),
        preset=options.preset,
        seed=options.seed,
        parameters={name: float(value) for name, value in parameters.items()},
        **chosen,
    )
    return run_stage(root, "pretrain", one.run_id, spec, items)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("images", type=Path, nargs="?")
    parser.add_argument("labels", type=Path, nargs="?")
    parser.add_argument("--demo", type=int, metavar="PATIENTS", help="score on the demo's synthetic studies instead")
    parser.add_argument("--work", type=Path, default=Path("few-labels"), help="folder for cache, runs and checkpoints")
    parser.add_argument("--project", type=Path, help="score embeddings of this project instead of training")
    parser.add_argument("--embedding", action="append", default=[])
    parser.add_argument("--run", action="append", metavar="TASK[+START]...", help="as above (simclr)")
    parser.add_argument("--backbone", default="resnet18", help="where neither the run nor its method names one")
    parser.add_argument(
        "--imagenet", action="append", default=[], metavar="BACKBONE[:SIZE]", help="score these weights"
    )
    parser.add_argument("--image-size", type=int, default=64)
    parser.add_argument("--epochs", type=int, default=30, help="0: no pretraining, baselines alone")
    parser.add_argument("--batch-size", type=int, help="(what the method recommends, at most 256)")
    parser.add_argument("--preset", default="auto")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--train-only", action="store_true", help="pretrain without the test part's (unlabeled) images")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=NUMBER")
    parser.add_argument("-o", "--output", type=Path)
    options = parser.parse_args()
    if not options.demo and options.labels is None:
        parser.error("IMAGES and LABELS.csv, or --demo, must be given")
    return options


def main() -> None:
    options = arguments()
    start = time.monotonic()
    result: dict[str, Any] = {}
    if options.demo:
        labelled, items = demo_studies(options)
        sources, result = collect(options, items)
    else:
        names, labelled = read_labels(options.labels)
        if options.project:
            sources = {one: project_features(options.project, one, names) for one in options.embedding}
        else:
            sources, result = collect(options, cache_images(options.work, options.images, names, labelled))
    spreads = {source: spread(features, labelled) for source, features in sources.items()}
    table = {source: {head: one.score() for head, one in row.items()} for source, row in spreads.items()}
    print_table("balanced accuracy with labels a class", table)
    begun = {one.title: one.begins for one in wishes_of(options)} if not options.project else {}
    gains = {
        f"{source} above its start": {head: one.above(spreads[begun[source]][head]) for head, one in row.items()}
        for source, row in spreads.items()
        if begun.get(source) in spreads
    }
    print_table("and how much better than its start", gains)
    report = {
        "scores": {source: {count: asdict(one) for count, one in row.items()} for source, row in table.items()},
        "gains": {source: {count: asdict(one) for count, one in row.items()} for source, row in gains.items()},
        "pretraining": result,
        "test_images": int(labelled.test.sum()),
        "draws": DRAWS,
        "seconds": round(time.monotonic() - start, 1),
    }
    print(json.dumps(report))
    if options.output:
        options.output.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
