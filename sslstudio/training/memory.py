"""How much memory training takes on the device it runs on: at its highest over a stretch of work, and all along."""

from __future__ import annotations

import sys
import threading
from pathlib import Path
from types import TracebackType

import torch

from sslstudio.training import devices
from sslstudio.training.reporter import Reporter

SHORT = 0.05
"""Under this share of free memory a computer, or a graphics card, is short of it."""
_EVERY = 0.005
_LOOKS = 2  # in a row: what is over by the next look is nothing to tell


class Peak:
    """Within it, the highest use of memory is noted: `peak` bytes at the end, above `before` bytes at the start.

    On a graphics card what torch reserves there; on the CPU the resident size of this process, looked at every 5 ms.
    """

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self.before = self.peak = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="memory", daemon=True)

    @property
    def grown(self) -> int:
        """How much more was used than before, in bytes."""
        return max(0, self.peak - self.before)

    def __enter__(self) -> Peak:
        if self._device.type == "cuda":
            torch.cuda.empty_cache()
            torch.cuda.reset_peak_memory_stats(self._device)
        self.before = self.peak = self._used()
        if self._device.type != "cuda":
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._device.type == "cuda":
            self.peak = int(torch.cuda.max_memory_reserved(self._device))
            return
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(_EVERY):
            self.peak = max(self.peak, self._used())

    def _used(self) -> int:
        return used_bytes(self._device)


class Gauge:
    """What a training takes of memory and what is left, looked at with each telling of numbers; warns once when short.

    On a graphics card what torch reserves there, on the CPU what this process holds. A look costs a fraction of a
    millisecond.
    """

    def __init__(self, device: torch.device, report: Reporter) -> None:
        self._device = device
        self._report = report
        self._highest = 0
        self._short = {"cpu": 0, device.type: 0}

    def look(self) -> dict[str, float]:
        """`memory_bytes` now, `memory_peak_bytes` since the process began, `memory_free_bytes` on the device.

        What the system does not tell is left out.
        """
        self._highest = max(self._highest, used_bytes(self._device), peak_bytes(self._device))
        seen = {"memory_bytes": used_bytes(self._device), "memory_peak_bytes": self._highest}
        values = {name: float(size) for name, size in seen.items() if size}
        room = devices.room(self._device)
        if room is not None:
            values["memory_free_bytes"] = float(room.free)
        for kind in self._short:
            self._judge(kind, room if kind == self._device.type else devices.room(torch.device(kind)))
        return values

    def _judge(self, kind: str, room: devices.Room | None) -> None:
        """Warn when the last looks found too little free on the device of that `kind`."""
        if room is None or self._short[kind] > _LOOKS:
            return
        self._short[kind] = self._short[kind] + 1 if room.free < SHORT * room.total else 0
        if self._short[kind] != _LOOKS:
            return
        self._short[kind] += 1
        whose = "The graphics card" if kind == "cuda" else "This computer"
        self._report.warn(
            "memory_short",
            f"{whose} is short of memory: {room.free / 2**30:.1f} of {room.total / 2**30:.1f} GB are free.",
            "Close other programs; if it stays so, stop here and train with a smaller batch or smaller images.",
        )


def used_bytes(device: torch.device) -> int:
    """The memory in use now: on a graphics card what torch reserves, else what this process holds; 0 when unknown."""
    if device.type == "cuda":
        return int(torch.cuda.memory_reserved(device))
    if device.type == "mps":
        return int(torch.mps.driver_allocated_memory())
    return resident_bytes()


def peak_bytes(device: torch.device) -> int:
    """The most that was in use so far, as `used_bytes`; 0 where nobody keeps it."""
    if device.type == "cuda":
        return int(torch.cuda.max_memory_reserved(device))
    if device.type == "mps":
        return 0
    try:
        status = Path("/proc/self/status").read_text(encoding="utf-8")
        return int(status.partition("VmHWM:")[2].split(maxsplit=1)[0]) * 1024
    except (OSError, ValueError, IndexError):
        return resident_bytes()


def resident_bytes() -> int:
    """The memory that this process holds now; its highest so far where the system tells no more."""
    try:
        return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * 4096
    except (OSError, ValueError, IndexError):
        pass
    if sys.platform == "win32":
        return 0
    import resource

    highest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return highest if sys.platform == "darwin" else highest * 1024
