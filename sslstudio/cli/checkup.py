"""What `sslstudio doctor` looks at. Heavy or fragile libraries are tried in a child process, never here."""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from sslstudio import __version__

PROBE_SECONDS = 120
FREE_GIB = 5
PACKAGES = ("numpy", "pydicom", "torch", "torchvision", "lightly", "onnxruntime", "PySide6-Essentials")

COMPUTE_PROBE = """
import json, warnings
warnings.simplefilter("ignore")
import torch, torchvision
devices = [torch.cuda.get_device_name(n) for n in range(torch.cuda.device_count())]
apple = torch.backends.mps.is_available()
kind = "cuda" if devices else "mps" if apple else "cpu"
sample = torch.ones(64, 64, device=kind)
assert float((sample @ sample).sum()) == 64.0**3
print(json.dumps({"kind": kind, "devices": devices, "threads": torch.get_num_threads()}))
"""
WINDOW_PROBE = """
from PySide6.QtWidgets import QApplication
application = QApplication([])
platform = application.platformName()
print("there is no screen here; the command line needs none" if platform == "offscreen" else platform)
"""
CODEC_PROBE = """
import pydicom, pylibjpeg, openjpeg, rle, jpeg_ls, imagecodecs, simplejpeg
print(pydicom.__version__)
"""


@dataclass(frozen=True)
class Finding:
    """One thing looked at; `hint` says what to do when it is not `ok`."""

    name: str
    ok: bool
    detail: str
    hint: str = ""


def examine() -> Iterator[Finding]:
    """Look at one thing after the other."""
    yield Finding("SSL Studio", True, f"{__version__}, Python {platform.python_version()}, {platform.system()}")
    yield _packages()
    yield _resources()
    yield _disk()
    yield _compute()
    yield _child(
        "image decoders",
        CODEC_PROBE,
        "Run `python3 installer/bootstrap.py run doctor`, which installs what is missing.",
    )
    window = _child("window", WINDOW_PROBE, "`python3 installer/bootstrap.py demo` installs or names what is missing.")
    if not window.ok and not _has_screen():
        window = replace(window, ok=True, detail="cannot open here: no screen, and system libraries are missing")
    yield window


def _packages() -> Finding:
    versions, lacking = [], []
    for name in PACKAGES:
        try:
            versions.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            lacking.append(name)
    if lacking:
        return Finding("packages", False, "missing: " + ", ".join(lacking), "Run `python3 installer/bootstrap.py run`.")
    return Finding("packages", True, ", ".join(versions))


def _resources() -> Finding:
    """Cores and memory, as far as the system tells."""
    try:
        memory = f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB memory"
    except (AttributeError, OSError, ValueError):
        memory = "memory unknown"
    return Finding("computer", True, f"{os.cpu_count() or 1} cores, {memory}")


def _disk() -> Finding:
    free = shutil.disk_usage(Path.home()).free / 2**30
    hint = "" if free >= FREE_GIB else "Free some space, or keep projects on another disk."
    return Finding("disk", free >= FREE_GIB, f"{free:.0f} GiB free in the home folder", hint)


def _compute() -> Finding:
    """Whether torch works at all and with which device, tried in a child that may crash."""
    done = _probe(COMPUTE_PROBE)
    hint = "Training will not work. Remove .venv and run `python3 installer/bootstrap.py run doctor`."
    if done is None:
        return Finding("compute", False, "PyTorch does not start", hint)
    try:
        found = json.loads(done)
    except ValueError:
        return Finding("compute", False, "PyTorch answers strangely", hint)
    devices = ", ".join(found["devices"]) or {"mps": "Apple GPU"}.get(found["kind"], "no GPU, training on the CPU")
    return Finding("compute", True, f"{devices}, {found['threads']} threads")


def _child(name: str, program: str, hint: str) -> Finding:
    done = _probe(program)
    return Finding(name, True, done) if done is not None else Finding(name, False, "does not start", hint)


def _has_screen() -> bool:
    return not sys.platform.startswith("linux") or bool({"DISPLAY", "WAYLAND_DISPLAY"} & set(os.environ))


def _probe(program: str) -> str | None:
    """The last line that `program` prints in a child process, or None when it fails or takes too long."""
    env = dict(os.environ)
    if not _has_screen():
        env["QT_QPA_PLATFORM"] = "offscreen"
    try:
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run(
                [sys.executable, "-c", program],
                capture_output=True,
                stdin=subprocess.DEVNULL,
                cwd=folder,
                env=env,
                timeout=PROBE_SECONDS,
                text=True,
                check=False,
            )
    except (OSError, subprocess.TimeoutExpired):
        return None
    lines = done.stdout.strip().splitlines()
    return lines[-1] if done.returncode == 0 and lines else None
