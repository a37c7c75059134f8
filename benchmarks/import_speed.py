"""How fast an import is, and how soon a lost worker is replaced: `python benchmarks/import_speed.py [FOLDER]`.

Without a folder it makes its own: 2,000 grey PNGs of 128 px and the synthetic DICOM studies.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

from sslstudio.importers.decode_pool import DecodePool
from sslstudio.importers.decoding import DecodeSettings
from sslstudio.importers.discovery import Discovery, FoundFile
from sslstudio.importers.synthetic import write_studies


def make_folder(folder: Path) -> Path:
    """2,000 PNGs and 60 synthetic patients."""
    rng = np.random.default_rng(0)
    for number in range(2000):
        Image.fromarray(rng.integers(0, 256, (128, 128), dtype=np.uint8)).save(folder / f"{number:04}.png")
    write_studies(folder / "dicom")
    return folder


def measure(folder: Path, workers: int) -> None:
    """Print the speed of decoding `folder` with `workers` processes."""
    files = [file for file in Discovery([folder]) if not file.problem]
    settings = DecodeSettings(key="00" * 32)
    with DecodePool[FoundFile](settings, workers=workers) as pool:
        list(pool.map(files[:workers], lambda file: file.path))
        started = time.perf_counter()
        answers = [(file.size, answer.code) for file, answer in pool.map(files, lambda file: file.path)]
        seconds = time.perf_counter() - started
    refused = sum(bool(code) for _, code in answers)
    megabytes = sum(size for size, _ in answers) / 1e6
    print(
        f"{workers} workers: {len(files):,} files, {refused} refused, {seconds:.2f} s, "
        f"{len(files) / seconds:,.0f} files/s, {megabytes / seconds:.1f} MB/s"
    )


def measure_start() -> None:
    """Print how long a fresh worker takes to its first answer."""
    started = time.perf_counter()
    with DecodePool[str](DecodeSettings(key="00" * 32), workers=1) as pool:
        list(pool.map([os.devnull], lambda path: path))
        print(f"worker started and answering after {time.perf_counter() - started:.2f} s")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path)
    chosen = parser.parse_args().folder
    measure_start()
    with tempfile.TemporaryDirectory() as made:
        for count in (1, os.cpu_count() or 1):
            measure(chosen or (make_folder(Path(made)) if count == 1 else Path(made)), count)
