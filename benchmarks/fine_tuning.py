"""Is fine-tuning better than the linear head? Both by the product's own code, on the same labels and test images.

    python benchmarks/fine_tuning.py IMAGES LABELS.csv --backbone FOLDER --work FOLDER [--image-size 32]

LABELS.csv has the columns image, label, split (train or test) and, if known, subject. FOLDER holds a backbone that was
pretrained without the test part, for example by `few_label.py --train-only`. For each number of labels a class (0: all
of the train part) the linear head and each way of fine-tuning learn from the same images, `--draws` times; the table
gives balanced accuracies on the test images and how far each way is above the linear head, with 95 % intervals from a
bootstrap of the patients and the draws. What was trained before in the work folder is not trained again.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # before torch loads: idle threads sleep, not spin

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.few_label import cache_images, read_labels, run_stage
from benchmarks.few_label_scores import Labelled
from sslstudio.backbones import backbone_file
from sslstudio.classifiers import linear
from sslstudio.domain.items import Item
from sslstudio.domain.specs import EmbedSpec, FinetuneSpec
from sslstudio.training import devices

RESAMPLES = 2000
EMBEDDING = "embed-start"


def prepare(options: argparse.Namespace, items: list[Item]) -> Any:
    """The features (N, D) of the start at the wanted image size; its backbone goes into the work folder."""
    network, described = backbone_file.load(options.backbone)
    size = options.image_size or described.image_size
    start = options.work / "runs" / "start" / "artifacts"
    backbone_file.save(network, described.model_copy(update={"image_size": size}), start)
    spec = EmbedSpec(source="start", backbone=described.name, image_size=size)
    run_stage(options.work, "embed", EMBEDDING, spec, items)
    return np.load(options.work / "runs" / EMBEDDING / "artifacts" / "embeddings.npy").astype(np.float32)


def chosen(labelled: Labelled, count: int, draw: int) -> Any:
    """Rows of the train part with a label: `count` of each class, or all."""
    train = np.flatnonzero(~labelled.test)
    if not count:
        return train
    random = np.random.default_rng(draw)
    groups = [train[labelled.classes[train] == label] for label in range(len(labelled.names))]
    return np.sort(np.concatenate([random.permutation(group)[:count] for group in groups]))


def linear_guesses(features: Any, labelled: Labelled, rows: Any) -> Any:
    """Predicted classes of the test images by the linear head of the product."""
    subjects = np.array(labelled.subjects)
    head = linear.fit(features[rows], labelled.classes[rows], subjects[rows], len(labelled.names))
    return linear.predict_proba(head, features[labelled.test]).argmax(axis=1)


def tuned_guesses(
    options: argparse.Namespace, mode: str, items: Sequence[Item], labelled: Labelled, rows: Any, name: str
) -> Any:
    """Predicted classes of the test images by a fine-tuned network; the run is made unless it was before."""
    kept = options.work / f"{name}.npy"
    if kept.is_file():
        return np.load(kept)
    known = set(rows.tolist())
    frozen = [
        item.model_copy(update={"label": labelled.names[labelled.classes[row]] if row in known else ""})
        for row, item in enumerate(items)
    ]
    spec = FinetuneSpec(
        embedding=EMBEDDING, classes=labelled.names, mode=mode, epochs=options.epochs, device="cpu",
        learning_rate=options.learning_rate, slower=options.slower, patience=options.patience,
        batch_size=min(32, max(8, len(rows) // 8)),
    )  # fmt: skip
    started = time.monotonic()
    result = run_stage(options.work, "finetune", name, spec, frozen)
    folder = options.work / "runs" / name / "artifacts"
    features = np.load(folder / "embeddings.npy").astype(np.float32)
    with np.load(folder / "head.npz") as arrays:
        parts = {key: arrays[key] for key in ("coef", "intercept", "mean", "scale")}
    head = linear.LinearHead(**parts, C=0.0, temperature=result["temperature"])
    found = linear.predict_proba(head, features[labelled.test]).argmax(axis=1)
    np.save(kept, found)
    for path in (options.work / "runs" / name).rglob("*.safetensors"):
        path.unlink()
    print(f"{name}: {json.dumps(result)} in {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)
    return found


def balanced(right: Any, truth: Any) -> float:
    return float(np.mean([right[:, truth == label].mean() for label in np.unique(truth)]))


def resampled(right: Any, truth: Any, patients: Any, seed: int) -> Any:
    """Balanced accuracies (RESAMPLES,) of `right` (draws, images), patients and draws drawn anew."""
    random = np.random.default_rng(seed)
    people = int(patients.max()) + 1
    found = []
    for _ in range(RESAMPLES):
        draws = random.integers(len(right), size=len(right))
        times = np.bincount(random.integers(people, size=people), minlength=people)
        images = np.repeat(np.arange(len(truth)), times[patients])
        found.append(balanced(right[draws][:, images], truth[images]))
    return np.array(found)


def ends(value: float, drawn: Any) -> dict[str, float]:
    low, high = np.quantile(drawn, (0.025, 0.975))
    return {"value": round(value, 4), "low": round(float(low), 4), "high": round(float(high), 4)}


def measure(options: argparse.Namespace, items: list[Item], labelled: Labelled) -> list[dict[str, Any]]:
    """One line for each number of labels and each way."""
    features = prepare(options, items)
    truth = labelled.classes[labelled.test]
    patients = np.unique(np.array(labelled.subjects)[labelled.test], return_inverse=True)[1]
    lines: list[dict[str, Any]] = []
    for count in options.per_class:
        draws = range(options.draws if count else 1)
        rows = [chosen(labelled, count, draw) for draw in draws]
        base = np.stack([linear_guesses(features, labelled, each) for each in rows]) == truth
        base_drawn = resampled(base, truth, patients, count)
        lines.append({"labels": count, "way": "linear", "score": ends(balanced(base, truth), base_drawn)})
        for mode in options.modes:
            names = [f"{mode}-{count or 'all'}-{draw}" for draw in draws]
            right = np.stack(
                [
                    tuned_guesses(options, mode, items, labelled, each, name)
                    for each, name in zip(rows, names, strict=True)
                ]
            )
            right = right == truth
            drawn = resampled(right, truth, patients, count)
            gain = balanced(right, truth) - balanced(base, truth)
            lines.append(
                {
                    "labels": count,
                    "way": mode,
                    "score": ends(balanced(right, truth), drawn),
                    "above_linear": ends(gain, drawn - base_drawn),
                }
            )
            show(lines[-2:] if mode == options.modes[0] else lines[-1:])
    return lines


def show(lines: list[dict[str, Any]]) -> None:
    def words(one: dict[str, float]) -> str:
        return f"{one['value']:.3f} ({one['low']:.3f} to {one['high']:.3f})"

    for line in lines:
        gain = f"   above the linear head {words(line['above_linear'])}" if "above_linear" in line else ""
        print(f"{line['labels'] or 'all':>4} labels  {line['way']:8} {words(line['score'])}{gain}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("images", type=Path)
    parser.add_argument("labels", type=Path)
    parser.add_argument("--backbone", type=Path, required=True, help="folder with backbone.json")
    parser.add_argument("--work", type=Path, default=Path("fine-tuning"))
    parser.add_argument("--image-size", type=int, help="(that of the backbone)")
    parser.add_argument("--modes", nargs="+", default=["lpft", "full"])
    parser.add_argument("--per-class", nargs="+", type=int, default=[10, 50, 0])
    parser.add_argument("--draws", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--patience", type=int, default=12)
    parser.add_argument("--learning-rate", type=float, default=3e-3)
    parser.add_argument("--slower", type=float, default=10.0)
    parser.add_argument("--threads", type=int, help="processor threads (all)")
    parser.add_argument("-o", "--output", type=Path)
    options = parser.parse_args()
    if options.threads:
        devices.use_every_core = lambda: torch.set_num_threads(options.threads)
    options.work.mkdir(parents=True, exist_ok=True)
    names, labelled = read_labels(options.labels)
    items = cache_images(options.work, options.images, names, labelled)
    lines = measure(options, items, labelled)
    if options.output:
        options.output.write_text(json.dumps(lines, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
