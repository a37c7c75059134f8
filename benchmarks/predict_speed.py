"""Images per second of `sslstudio predict` against a bare loop of onnxruntime, both with decoding, on all cores.

    python benchmarks/predict_speed.py PACKAGE FOLDER [--rounds N] [-o FILE]

The bare loop is the fastest plain program for this one purpose: files that Pillow reads, decoded by as many threads as
there are cores, collected to batches of 32 of one shape, one onnxruntime session with all cores; it checks nothing,
knows no patients, writes nothing. Both run in turns, `--rounds` times, now the one first and now the other; the figure
is the median over the rounds of the ratio within a round, since a machine may be slower in one round than in the next.
The product's time holds everything from the verification of the package to the tables on the disk.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from sslstudio.exporters import package, predictor
from sslstudio.exporters.runtime import as_channels

BATCH = 32
AHEAD = 256


def read(path: Path, channels: int) -> Any:
    """The stored values (C, H, W) float32 of an image that Pillow reads."""
    with Image.open(path) as image:
        grey = image.mode in ("L", "1")
        pixels = np.asarray(image.convert("L" if grey else "RGB"))
    return as_channels(pixels.reshape(*pixels.shape[:2], -1), channels).transpose(2, 0, 1).astype(np.float32)


def bare(folder: Path, files: list[Path]) -> float:
    """Seconds of the bare loop."""
    start = time.perf_counter()
    session = onnxruntime.InferenceSession(folder / package.GRAPH, providers=["CPUExecutionProvider"])
    channels = session.get_inputs()[0].shape[1]
    alike: dict[tuple[int, ...], list[Any]] = defaultdict(list)

    def score(group: list[Any]) -> None:
        window = np.tile(np.array([0.0, 255.0], np.float32), (len(group), channels, 1))
        session.run(["probabilities"], {"pixels": np.stack(group), "window": window})
        group.clear()

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for first in range(0, len(files), AHEAD):
            for pixels in pool.map(lambda path: read(path, channels), files[first : first + AHEAD]):
                group = alike[pixels.shape]
                group.append(pixels)
                if len(group) == BATCH:
                    score(group)
    for group in alike.values():
        if group:
            score(group)
    return time.perf_counter() - start


def product(folder: Path, images: Path) -> tuple[float, int]:
    """Seconds of the product, and how many images it scored."""
    with tempfile.TemporaryDirectory() as place:
        start = time.perf_counter()
        found = predictor.predict(folder, [images], Path(place) / "predictions.csv")
        return time.perf_counter() - start, found[predictor.PREDICTED]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("package", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("-o", "--output", type=Path)
    options = parser.parse_args()
    files = sorted(path for path in options.folder.rglob("*") if path.suffix.lower() in (".png", ".jpg", ".jpeg"))
    ours, theirs, scored = [], [], 0
    for number in range(options.rounds):
        for turn in ("bare", "product")[:: 1 if number % 2 else -1]:
            if turn == "bare":
                theirs.append(bare(options.package, files))
            else:
                seconds, scored = product(options.package, options.folder)
                ours.append(seconds)
        print(f"round {number + 1}: bare loop {theirs[-1]:.2f} s, predict {ours[-1]:.2f} s", flush=True)
    if scored != len(files):
        raise SystemExit(f"predict scored {scored} of {len(files)} images")
    report = {
        "images": len(files),
        "cores": os.cpu_count(),
        "bare images/s": round(len(files) / statistics.median(theirs), 1),
        "predict images/s": round(len(files) / statistics.median(ours), 1),
        "ratio": round(statistics.median(ratios := [one / other for one, other in zip(theirs, ours, strict=True)]), 3),
        "ratios": sorted(round(ratio, 3) for ratio in ratios),
    }
    print(json.dumps(report))
    if options.output:
        options.output.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
