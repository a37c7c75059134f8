"""How long does a refit take while labels arrive? The product's own, in its compute process, by number of labels.

    python benchmarks/refit_speed.py [--images 50000] [--dimensions 512] [--labels 20 100 400 2000]

Made-up features of four kinds; labels one a patient. Printed are the seconds from the call until suggestions for all
images, the accuracy, doubted labels and advice are there, the second call of each (the first loads libraries), and the
longest gap of a thread that ticks every 5 ms in the calling process, as the window does.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from sslstudio.jobs.compute import ComputeProcess


def made_up(folder: Path, images: int, dimensions: int) -> np.ndarray:
    """Features and ids of `images` in `folder`; returns their kinds (N,)."""
    random = np.random.default_rng(0)
    kind = random.integers(0, 4, images)
    centres = random.normal(size=(4, dimensions)) * 0.35
    np.save(folder / "e.npy", (centres[kind] + random.normal(size=(images, dimensions))).astype(np.float16))
    np.save(folder / "e.ids.npy", np.arange(1, images + 1))
    return kind


class Ticker(threading.Thread):
    """Ticks every 5 ms; `longest` is the longest gap."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.longest, self.over = 0.0, False

    def run(self) -> None:
        before = time.perf_counter()
        while not self.over:
            time.sleep(0.005)
            now = time.perf_counter()
            self.longest, before = max(self.longest, now - before), now


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=50_000)
    parser.add_argument("--dimensions", type=int, default=512)
    parser.add_argument("--labels", type=int, nargs="+", default=[20, 100, 400, 2000])
    options = parser.parse_args()
    compute = ComputeProcess()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        kind = made_up(folder, options.images, options.dimensions)
        files = str(folder / "e.npy"), str(folder / "e.ids.npy")
        for neighbours in (False, True):
            if neighbours:
                started = time.perf_counter()
                compute.submit("sslstudio.embeddings.neighbour_graph:graph_of", files[0]).result()
                print(f"neighbours counted once: {time.perf_counter() - started:.1f} s")
            for labels in options.labels:
                ids = list(range(1, labels + 1))
                arguments = (*files, ids, kind[:labels].tolist(), [f"p{number}" for number in ids], 4)
                compute.submit("sslstudio.classifiers.refit:refit", *arguments).result()
                ticker = Ticker()
                ticker.start()
                started = time.perf_counter()
                found = compute.submit("sslstudio.classifiers.refit:refit", *arguments).result()
                seconds = time.perf_counter() - started
                ticker.over = True
                gap = f"longest gap {1000 * ticker.longest:.0f} ms"
                print(f"{labels:5} labels, {found.rung:12} {seconds:5.2f} s, {gap}", flush=True)
    compute.close()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
