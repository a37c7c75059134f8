"""What this computer trains on, in words, found out without importing anything heavy."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys


def describe() -> str:
    """For example "NVIDIA H100, 80 GB", "Apple GPU" or "CPU, 8 cores". Takes up to some seconds: not in the window."""
    return _nvidia() or _apple() or cpu()


def cpu() -> str:
    """The processor's cores this program may use."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return f"CPU, {cores} core{'s' if cores != 1 else ''}"


def _apple() -> str:
    return "Apple GPU" if sys.platform == "darwin" and platform.machine() == "arm64" else ""


def _nvidia() -> str:
    program = shutil.which("nvidia-smi")
    if program is None:
        return ""
    command = [program, "--query-gpu=name,memory.total", "--format=csv,noheader,nounits"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=5, check=True).stdout
        name, _, memory = answer.strip().splitlines()[0].partition(",")
        return f"{name.strip()}, {round(int(memory) / 1024)} GB"
    except (OSError, subprocess.SubprocessError, ValueError, IndexError):
        return ""
