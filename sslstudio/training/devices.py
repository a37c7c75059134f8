"""Where and in which arithmetic training runs: device, threads, determinism, and whether bfloat16 pays here."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Literal, NamedTuple

import torch
from torch import Tensor

from sslstudio.domain.specs import Device
from sslstudio.errors import SSLStudioError

_HOST_SHARE_UNKNOWN = 2 << 30
Precision = Literal["float32", "bfloat16"]


def use_every_core() -> None:
    """As many threads as the computer has cores; the launcher has seen to it that they give way to the window."""
    torch.set_num_threads(os.cpu_count() or 1)


def choose_device(wanted: Device) -> torch.device:
    """The device called `wanted`; "auto" takes CUDA, else Apple's GPU, else the CPU. Raises SSLStudioError."""
    cuda, mps = torch.cuda.is_available(), torch.backends.mps.is_available()
    if wanted == "auto":
        return torch.device("cuda" if cuda else "mps" if mps else "cpu")
    if (wanted == "cuda" and not cuda) or (wanted == "mps" and not mps):
        raise SSLStudioError(
            "The graphics card cannot be used on this computer.",
            "Choose the device 'auto' or 'cpu', or look at `sslstudio doctor`.",
            code="no_device",
        )
    return torch.device(wanted)


def make_repeatable(seed: int, device: torch.device) -> None:
    """Seed torch; on the CPU also insist on deterministic algorithms, so that a resumed run repeats bit for bit."""
    torch.manual_seed(seed)
    if device.type == "cpu":
        torch.set_deterministic_debug_mode("error")  # the other switch loads a compiler first, for seconds
        setattr(torch.utils.deterministic, "fill_uninitialized_memory", False)  # noqa: B010 - unknown to its stubs
    else:
        torch.backends.cudnn.benchmark = True


def memory_format(dimensions: int, device: torch.device) -> torch.memory_format:
    """How tensors lie in memory where convolutions of so many dimensions are fastest on `device`."""
    if dimensions == 2:
        return torch.channels_last
    return torch.channels_last_3d if device.type == "cuda" else torch.contiguous_format


def laid_out(images: Tensor) -> Tensor:
    """Images (N, C, H, W) or volumes (N, C, D, H, W) in the `memory_format` of their device."""
    return images.contiguous(memory_format=memory_format(images.ndim - 2, images.device))


class Room(NamedTuple):
    """Memory of a device in bytes: what a program could still get, and all there is."""

    free: int
    total: int


def room(device: torch.device) -> Room | None:
    """The memory of `device` now; None where the system does not tell.

    On a graphics card what torch holds ready without using it counts as free.
    """
    if device.type == "cuda":
        free, total = torch.cuda.mem_get_info(device)
        ready = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        return Room(int(free + ready), int(total))
    try:
        table = Path("/proc/meminfo").read_text(encoding="ascii")
        free, total = (
            int(table.partition(f"{name}:")[2].split(maxsplit=1)[0]) for name in ("MemAvailable", "MemTotal")
        )
    except (OSError, ValueError, IndexError):
        return None
    return Room(free * 1024, total * 1024)


def free_bytes(device: torch.device) -> int:
    """Memory free on `device` now, in bytes; a modest guess where the system does not tell."""
    found = room(device)
    return _HOST_SHARE_UNKNOWN if found is None else found.free


def bfloat16_possible(device: torch.device) -> bool:
    """Whether the hardware has bfloat16 arithmetic of its own (CUDA capability 8; AVX512-BF16 or AMX on the CPU)."""
    if device.type == "cuda":
        return torch.cuda.get_device_capability(device)[0] >= 8
    if device.type == "cpu":
        return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
    return False


def choose_precision(
    wanted: Literal["auto", "float32", "bfloat16"], device: torch.device, step: Callable[[Precision], None]
) -> Precision:
    """The arithmetic to train in; "auto" on a CPU times `step`, one training step without effect, in both."""
    if wanted != "auto":
        return wanted
    if not bfloat16_possible(device):
        return "float32"
    if device.type != "cpu":
        return "bfloat16"
    return "bfloat16" if _seconds(step, "bfloat16") < 0.9 * _seconds(step, "float32") else "float32"


def _seconds(step: Callable[[Precision], None], precision: Precision) -> float:
    step(precision)  # the first one pays for what later ones find ready
    start = time.process_time()  # not the clock on the wall: other programs must not decide
    step(precision)
    return time.process_time() - start
