"""How much memory a stretch of work takes at its highest, on the device it runs on."""

from __future__ import annotations

import sys
import threading
from pathlib import Path
from types import TracebackType

import torch

_EVERY = 0.005


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
        if self._device.type == "cuda":
            return int(torch.cuda.memory_reserved(self._device))
        if self._device.type == "mps":
            return int(torch.mps.driver_allocated_memory())
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
