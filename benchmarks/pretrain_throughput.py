"""How fast SimCLR pretrains, against the bare network, lightly's documented recipe and lightly-train.

    python benchmarks/pretrain_throughput.py [--images FOLDER] [--size 64] [--batch 128] [--backbone resnet18]
        [--steps 20] [--rounds 2] [--device cpu|cuda] [--lightly-train-python PYTHON]

The same colour images (made here, or those below FOLDER), backbone, views, batch and number of threads for all, in one
run; each contender in a process of its own, one after the other, in turns, the median of the rounds counts. The first
steps of a process are not counted. *ours* is a real run with its monitors, checkpoints and reports. *limit* is the
network alone on tensors that lie ready. lightly-train is no dependency: name a Python that has it. Images a second are
images of the data set (each makes two views).
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
PEERS = ROOT / "benchmarks" / "pretrain_peers.py"
WARM = 4


class Console:
    """The reports of a run, of which only the time of each told step is kept."""

    def __init__(self) -> None:
        self.steps: list[tuple[int, float]] = []

    def metric(self, step: int, epoch: int, **values: float) -> None:
        self.steps.append((step, time.perf_counter()))

    def progress(self, *_: Any) -> None: ...
    def monitor(self, *_: Any, **__: float) -> None: ...
    def artifact(self, *_: Any) -> None: ...
    def warn(self, *_: Any) -> None: ...
    def check_place(self) -> None: ...
    def check_cancelled(self) -> None: ...


def make_images(folder: Path, count: int, side: int) -> None:
    """Smooth colour noise as PNG files: they cost what real images of that size cost."""
    import numpy as np
    from PIL import Image

    random = np.random.default_rng(0)
    for number in range(count):
        coarse = random.integers(0, 256, (side // 8, side // 8, 3), dtype=np.uint8)
        Image.fromarray(coarse).resize((side, side), Image.Resampling.BICUBIC).save(folder / f"{number:05d}.png")


def ours(given: dict[str, Any]) -> float:
    """Images a second of a real run of the product on the images, from the first told step after the warm ones."""
    import numpy as np
    import torch
    from PIL import Image

    from sslstudio.backbones.build import build
    from sslstudio.domain.items import Item
    from sslstudio.domain.specs import PretrainSpec
    from sslstudio.extensions import host
    from sslstudio.importers.pixel_cache import PixelCache, PixelCacheWriter
    from sslstudio.training.pretraining import pretrain

    torch.set_num_threads(given["threads"])
    torch.backends.cudnn.benchmark = True
    with tempfile.TemporaryDirectory() as place:
        folder, items = Path(place), []
        with PixelCacheWriter(folder / "pixels" / "images.bin") as writer:
            for number, path in enumerate(sorted(Path(given["images"]).iterdir())):
                with Image.open(path) as image:
                    location = writer.append(np.asarray(image.convert("RGB")))
                facts = {"image_id": number + 1, "low": 0.0, "high": 255.0, **location.model_dump()}
                texts = dict.fromkeys(("study", "series", "modality", "scanner"), "")
                items.append(Item.model_validate({**facts, **texts, "subject": str(number)}))
        info = host.find_plugin("simclr")
        spec = PretrainSpec(
            backbone=given["backbone"], image_size=given["size"], batch_size=given["batch"], epochs=given["epochs"],
            device=given["device"], preset="natural",
        )  # fmt: skip
        report = Console()
        backbone = build(spec.backbone, 3, spec.image_size)
        cache = PixelCache(folder / "pixels")
        values = info.task("simclr").values({})
        task = host.load(info, "simclr")
        pretrain(spec, items, cache, backbone, task, values, folder / "checkpoints", folder / "artifacts", report)
        cache.close()
    told = [one for one in report.steps if one[0] >= given["warm"]]
    (first, since), (last, until) = told[0], told[-1]
    return (last - first) * given["batch"] / (until - since)


def ask(command: list[str]) -> float | None:
    """Images a second that a contender's process tells; None when it failed, with its last words on stderr."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=1800, check=False)
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    if done.returncode or not lines:
        print(f"{command[2]}: {done.stderr[-600:]}", file=sys.stderr)
        return None
    return float(json.loads(lines[-1])["images_per_second"])


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=Path)
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--backbone", default="resnet18")
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--lightly-train-python", type=Path)
    parser.add_argument("--ours", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


def compare(options: argparse.Namespace, place: Path) -> None:
    """Run all contenders in turns and print the table."""
    images = options.images
    epoch = 10
    if images is None:
        images = place / "images"
        images.mkdir()
        make_images(images, epoch * options.batch, 2 * options.size)
    else:
        epoch = max(1, len(list(images.iterdir())) // options.batch)
    given = {
        "images": str(images), "backbone": options.backbone, "size": options.size, "batch": options.batch,
        "steps": options.steps, "warm": WARM, "threads": os.cpu_count() or 1, "device": options.device,
        "epochs": -(-(WARM + options.steps) // epoch),
    }  # fmt: skip
    settings = place / "settings.json"
    settings.write_text(json.dumps(given), encoding="utf-8")
    contenders = {
        "limit": [sys.executable, str(PEERS), "limit", str(settings)],
        "ours": [sys.executable, str(Path(__file__)), "--ours", str(settings)],
        "lightly": [sys.executable, str(PEERS), "lightly", str(settings)],
    }
    if options.lightly_train_python:
        contenders["lightly-train"] = [str(options.lightly_train_python), str(PEERS), "lightly-train", str(settings)]
    found: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(options.rounds):
        for name, command in contenders.items():
            speed = ask(command)
            if speed is not None:
                found[name].append(speed)
                print(f"{name}: {speed:.1f} images/s", file=sys.stderr, flush=True)
    machine = f"{datetime.date.today()}, {platform.system()} {platform.machine()}, {given['threads']} cores"
    what = f"{options.device}, SimCLR, {options.backbone}, {options.size} px, batch {options.batch}"
    print(f"{machine}, {what}, load {os.getloadavg()[0]:.1f}")
    own = statistics.median(found["ours"]) if found["ours"] else 0.0
    for name, speeds in found.items():
        middle = statistics.median(speeds) if speeds else float("nan")
        print(f"{name:14} {middle:8.1f} images/s   ours is {own / middle:.2f} x")


def main() -> None:
    options = arguments()
    if options.ours:
        speed = ours(json.loads(options.ours.read_text(encoding="utf-8")))
        print(json.dumps({"images_per_second": round(speed, 1)}))
        return
    with tempfile.TemporaryDirectory() as place:
        compare(options, Path(place))


if __name__ == "__main__":
    main()
