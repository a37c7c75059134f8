"""Neighbours among very many images: time and recall of the index against the exact search.

`python benchmarks/neighbours.py [ROWS] [--dimensions 512] [--mednist ARCHIVE]` makes clustered embeddings of that many
rows (default 1,000,000) in a temporary folder; with the MedNIST archive it also does so with the grey values of its
pictures. Prints ratios of times, and recall at 10 measured on rows that had no part in choosing how much is searched.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sslstudio.embeddings import neighbour_index
from sslstudio.embeddings.neighbours import nearest, unit

QUERIES, K = 100, 10


def clustered(path: Path, rows: int, dimensions: int, clusters: int = 300, seed: int = 0) -> None:
    """Write embeddings (rows, dimensions) as float16: clouds of unequal size and width, of low inner dimension."""
    random = np.random.default_rng(seed)
    centres = random.normal(size=(clusters, dimensions)).astype(np.float32)
    axes = random.normal(size=(clusters, 24, dimensions)).astype(np.float32) / np.sqrt(24)
    shares = random.dirichlet(np.ones(clusters))
    found = np.lib.format.open_memmap(path, mode="w+", dtype=np.float16, shape=(rows, dimensions))
    for first in range(0, rows, 20_000):
        kinds = np.sort(random.choice(clusters, min(20_000, rows - first), p=shares))
        block = centres[kinds] + 0.1 * random.normal(size=(len(kinds), dimensions)).astype(np.float32)
        for kind in np.unique(kinds):
            here = kinds == kind
            block[here] += random.normal(size=(int(here.sum()), 24)).astype(np.float32) @ axes[kind]
        found[first : first + len(kinds)] = block
    found.flush()


def measure(name: str, path: Path) -> None:
    """Build the index of the embeddings in a file, then search it and search exactly."""
    vectors = np.load(path, mmap_mode="r")
    started = time.perf_counter()
    index = neighbour_index.make(path)
    built = time.perf_counter() - started
    rows = np.sort(np.random.default_rng(99).choice(len(vectors), QUERIES, replace=False))
    started = time.perf_counter()
    true, _ = nearest(vectors, rows, K)
    exact = time.perf_counter() - started
    queries = unit(vectors[rows])
    started = time.perf_counter()
    found = np.concatenate([index.search(query[None], K + 1)[0] for query in queries])
    searched = time.perf_counter() - started
    print(f"{name}: {len(vectors):,} x {vectors.shape[1]}, {index.facts.lists} lists, {index.facts.probes} searched")
    print(f"  recall at {K}: {recall(found, true):.3f} here, {index.facts.recall:.3f} as the index says")
    print(f"  {QUERIES} searches one by one: {exact / searched:.0f} times as fast as the exact search of all at once")
    print(f"  made in the time of {built / exact:.1f} such exact searches ({built:.0f} s here)")


def recall(found: NDArray[np.int64], true: NDArray[np.int64]) -> float:
    """The share of the true neighbours that was found."""
    return float((true[:, :, None] == found[:, None]).any(axis=2).mean())


def main() -> None:
    """Measure what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows", nargs="?", type=int, default=1_000_000)
    parser.add_argument("--dimensions", type=int, default=512)
    parser.add_argument("--mednist", type=Path, help="archive of MedNIST pictures")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="neighbours-") as folder:
        if options.mednist is not None:
            from tests.fakes.mednist import features

            np.save(Path(folder) / "mednist.npy", features(options.mednist, 12_000).astype(np.float16))
            measure("MedNIST", Path(folder) / "mednist.npy")
        clustered(Path(folder) / "clustered.npy", options.rows, options.dimensions)
        measure("clustered", Path(folder) / "clustered.npy")


if __name__ == "__main__":
    main()
