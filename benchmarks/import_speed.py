"""How fast files come in, against single-process readers on the same files: `python benchmarks/import_speed.py`.

    python benchmarks/import_speed.py [FOLDER...] [--files 400] [--repeats 3] [--simpleitk-python PYTHON]

Three stages. *scan*: what a dry run reads, against pydicom's headers and Pillow's sizes. *decode*: our workers'
answers, that is pixels with facts, digests and thumbnail, against bare pixel arrays. *store*: the whole import stage,
from the folder to pixel cache, thumbnails and ledger on the disk, against pydicom and Pillow that decode, window,
shrink and append to files. Peers run in one process each (`import_peers.py`), ours in one worker a core with isolation
on. All are warm and take turns, so that other load hits all alike; the median of the repeats counts. `wall` is what a
user feels and means something on a quiet machine alone; `cpu` counts the processor seconds of all our processes, and
"cpu x cores" is the ratio that a quiet machine with this number of cores would give at best.

Without a folder it takes the test data beside the checkout, if there are any, else makes PNGs and DICOM studies.
SimpleITK is no dependency: name a Python that has it. MONAI takes part when it is installed.
"""

from __future__ import annotations

import argparse
import datetime
import importlib.util
import json
import os
import platform
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import sslstudio  # noqa: E402
from sslstudio.domain.specs import ImportSpec  # noqa: E402
from sslstudio.importers.decode_pool import DecodePool  # noqa: E402
from sslstudio.importers.decoding import DecodeSettings  # noqa: E402
from sslstudio.importers.discovery import Discovery  # noqa: E402
from sslstudio.jobs.run_context import RunContext  # noqa: E402
from sslstudio.jobs.run_directory import RunDirectory  # noqa: E402
from sslstudio.session import workflow  # noqa: E402
from sslstudio.session.project import Project  # noqa: E402
from sslstudio.stages import import_images  # noqa: E402

KEY = "00" * 32
SHARED = ROOT.parent / "shared" / "data"
STAGES = ("scan", "decode", "store")
ALL = "all together"
"""The corpus of the third stage: enough files that the start of the workers weighs as little as in a real import."""


@dataclass
class Figures:
    """What was measured of one contestant at one stage on one corpus, a value a repeat."""

    files: int = 0
    refused: int = 0
    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    def add(self, told: dict[str, float]) -> None:
        self.files, self.refused = int(told["files"]), int(told["refused"])
        self.wall.append(told["wall"])
        self.cpu.append(told["cpu"])

    @property
    def rate(self) -> float:
        """Files a second of wall time."""
        return self.files / statistics.median(self.wall)

    @property
    def cost(self) -> float:
        """Milliseconds of processor time a file."""
        return statistics.median(self.cpu) / self.files * 1000


class Peer:
    """A reader in a process of its own."""

    def __init__(self, name: str, python: str = sys.executable) -> None:
        command = [python, str(ROOT / "benchmarks" / "import_peers.py"), name]
        single = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
            env={**os.environ, **single},
        )  # fmt: skip
        assert self._process.stdin is not None and self._process.stdout is not None
        self._asked, self._answers = self._process.stdin, self._process.stdout
        told = json.loads(self._answers.readline() or '{"version": "", "stages": []}')
        self.version: str = told["version"]
        self.stages = {*told["stages"], *(["store"] if name == "bare" else [])}

    def measure(self, stage: str, files: Sequence[str], out: Path) -> dict[str, float]:
        self._asked.write(json.dumps({"stage": stage, "files": list(files), "out": str(out)}) + "\n")
        self._asked.flush()
        told: dict[str, float] = json.loads(self._answers.readline())
        return told

    def close(self) -> None:
        self._asked.close()
        self._process.wait()


class Ours:
    """Our scan and decode in warm pools, and the whole stage in a new project each time."""

    def __init__(self, workers: int) -> None:
        self._pools = {
            "scan": DecodePool[str](DecodeSettings(key=KEY, headers_only=True), workers=workers),
            "decode": DecodePool[str](DecodeSettings(key=KEY), workers=workers),
        }

    def measure(self, stage: str, files: Sequence[str], out: Path) -> dict[str, float]:
        if stage == "store":
            return self._store(files, out)
        pool = self._pools[stage]
        wall, cpu = time.perf_counter(), time.process_time() + _seconds_of(pool)
        refused = sum(bool(answer.code) for _, answer in pool.map(files, str))
        return {
            "files": len(files),
            "refused": refused,
            "wall": time.perf_counter() - wall,
            "cpu": time.process_time() + _seconds_of(pool) - cpu,
        }

    @staticmethod
    def _store(files: Sequence[str], out: Path) -> dict[str, float]:
        source = out / "source"
        source.mkdir()
        for number, path in enumerate(files):
            (source / f"{number:06}{Path(path).suffix}").symlink_to(path)
        with Project.create(out / "project") as project:
            run = RunDirectory(project.run_dir(workflow.prepare_import(project, [source], ImportSpec())))
            spec = run.job().spec
            assert isinstance(spec, ImportSpec)
            wall, cpu = time.perf_counter(), _all_seconds()
            result = import_images.run(spec, RunContext(run, lambda _: None))
            told = {"wall": time.perf_counter() - wall, "cpu": _all_seconds() - cpu}
        return {"files": len(files), "refused": result["skipped"], **told}

    def close(self) -> None:
        for pool in self._pools.values():
            pool.close()


def _seconds_of(pool: DecodePool[str]) -> float:
    """Processor seconds of the workers of a pool so far; 0 where the system does not tell."""
    seconds = 0.0
    for worker in pool._workers:
        try:
            text = Path(f"/proc/{worker._process.pid}/stat").read_text(encoding="ascii")
        except OSError:
            return 0.0
        seconds += sum(int(ticks) for ticks in text.rpartition(")")[2].split()[11:13]) / os.sysconf("SC_CLK_TCK")
    return seconds


def _all_seconds() -> float:
    """Processor seconds of this process and of children that have ended."""
    times = os.times()
    return sum(times[:4])


def corpora(folders: Sequence[Path], scratch: Path, files: int) -> dict[str, list[str]]:
    """Name -> files of each corpus."""
    if not folders and SHARED.is_dir():
        unpacked = scratch / "mednist"
        with tarfile.open(SHARED / "mednist-12k.tar") as archive:
            chosen = [member for member in archive if member.isfile() and not member.name.endswith(".csv")][
                :: max(1, 12_000 // files)
            ]
            archive.extractall(unpacked, chosen, filter="data")
        dicom = SHARED / "dicom"
        folders = [SHARED / "brain-mri" / "images", unpacked, dicom / "mr-multivendor", dicom / "mr-structural"]
    elif not folders:
        folders = [make_pictures(scratch / "png"), make_studies(scratch / "dicom")]
    found: dict[str, list[str]] = {}
    together: list[str] = []
    for folder in folders:
        every = [file.path for file in Discovery([folder]) if not file.problem and not file.path.endswith(".csv")]
        name = folder.parent.name if folder.name == "images" else folder.name
        found[name] = every[:: max(1, len(every) // files)][:files]
        together += every[: 4 * files]
    return {name: paths for name, paths in {**found, ALL: together}.items() if paths}


def make_pictures(folder: Path) -> Path:
    """2,000 grey PNGs of 128 px."""
    import numpy as np
    from PIL import Image

    rng = np.random.default_rng(0)
    folder.mkdir()
    for number in range(2000):
        Image.fromarray(rng.integers(0, 256, (128, 128), dtype=np.uint8)).save(folder / f"{number:04}.png")
    return folder


def make_studies(folder: Path) -> Path:
    """Synthetic DICOM studies of 120 patients."""
    from sslstudio.importers.synthetic import write_studies

    write_studies(folder, patients=120)
    return folder


def compare(
    contestants: dict[str, Any], found: dict[str, list[str]], repeats: int, scratch: Path
) -> dict[Any, Figures]:
    """Let all take turns at every stage and corpus; the first, uncounted turn warms caches and imports."""
    figures: dict[Any, Figures] = {}
    for turn in range(-1, repeats):
        for corpus, files in found.items():
            for stage in STAGES:
                if (stage == "store") != (corpus == ALL) or (turn < 0 and stage == "store"):
                    continue
                for name, contestant in contestants.items():
                    if name != "ours" and stage not in contestant.stages:
                        continue
                    with tempfile.TemporaryDirectory(dir=scratch) as out:
                        told = contestant.measure(stage, files[:20] if turn < 0 else files, Path(out))
                    if turn >= 0:
                        figures.setdefault((corpus, stage, name), Figures()).add(told)
    return figures


def table(figures: dict[Any, Figures], cores: int) -> list[str]:
    """A line for each corpus and stage, and the ratio to the best peer."""
    lines = [f"{'corpus':<16}{'stage':<8}{'reader':<11}{'files':>6}{'refused':>9}{'files/s':>9}{'cpu ms/file':>13}"]
    for corpus, stage in dict.fromkeys((key[0], key[1]) for key in figures):
        rows = {key[2]: value for key, value in figures.items() if key[:2] == (corpus, stage)}
        for name, row in rows.items():
            lines.append(
                f"{corpus:<16}{stage:<8}{name:<11}{row.files:>6}{row.refused:>9}{row.rate:>9,.0f}{row.cost:>13.2f}"
            )
        peers = {name: row for name, row in rows.items() if name != "ours"}
        best = max(peers, key=lambda name: peers[name].rate)
        cheapest = min(peers, key=lambda name: peers[name].cost)
        wall, cpu = rows["ours"].rate / peers[best].rate, peers[cheapest].cost / rows["ours"].cost * cores
        lines.append(f"{'':<24}ours: {wall:.2f} x {best} (wall), {cpu:.2f} x {cheapest} (cpu x {cores} cores)")
    return lines


def measure_start() -> float:
    """Seconds until a fresh worker has answered."""
    started = time.perf_counter()
    with DecodePool[str](DecodeSettings(key=KEY), workers=1) as pool:
        list(pool.map([os.devnull], str))
        return time.perf_counter() - started


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--files", type=int, default=400, help="of each corpus")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--simpleitk-python", default=sys.executable if _has("SimpleITK") else "")
    options = parser.parse_args()
    contestants: dict[str, Any] = {"bare": Peer("bare")}
    if _has("monai"):
        contestants["monai"] = Peer("monai")
    if options.simpleitk_python:
        contestants["simpleitk"] = Peer("simpleitk", options.simpleitk_python)
    versions = ", ".join(peer.version for peer in contestants.values())
    contestants["ours"] = Ours(options.workers)
    load = os.getloadavg() if hasattr(os, "getloadavg") else (0.0, 0.0, 0.0)
    print(
        f"{datetime.date.today()}, {platform.system()} {platform.machine()}, {os.cpu_count()} cores, Python "
        f"{platform.python_version()}, SSL Studio {sslstudio.__version__} with {options.workers} workers; {versions}"
    )
    with tempfile.TemporaryDirectory(prefix="import-speed-") as made:
        figures = compare(contestants, corpora(options.folders, Path(made), options.files), options.repeats, Path(made))
    for line in table(figures, options.workers):
        print(line)
    print(f"a fresh worker answers after {measure_start():.2f} s; load average before {load[0]:.1f}, ", end="")
    print(f"after {os.getloadavg()[0] if hasattr(os, 'getloadavg') else 0.0:.1f}; median of {options.repeats}, warm")
    for contestant in contestants.values():
        contestant.close()
    return 0


def _has(module: str) -> bool:
    return importlib.util.find_spec(module) is not None


if __name__ == "__main__":
    sys.exit(main())
