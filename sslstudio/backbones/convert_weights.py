"""The confined child that turns a pickled weights file into safetensors; a process of its own because pickle is code.

Run as ``python -m sslstudio.backbones.convert_weights SOURCE TARGET``. Only `torch.load(weights_only=True)` ever
reads the file, under limits on time, memory and output. Exit codes: 0 written, 3 not a weights file, 4 too large.
"""

from __future__ import annotations

import contextlib
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

LARGEST_FILE = 4 << 30
LARGEST_RATIO = 20
NOT_WEIGHTS, TOO_LARGE = 3, 4
_NESTS = ("state_dict", "model", "model_state", "teacher", "student", "network", "net", "encoder")


def main(source: Path, target: Path) -> int:
    """Convert `source` to `target`; returns the exit code."""
    size = source.stat().st_size
    if size > LARGEST_FILE or _unpacked_size(source) > max(size * LARGEST_RATIO, 1 << 20):
        return TOO_LARGE
    import safetensors.torch
    import torch

    _confine(size)
    try:
        content = torch.load(source, map_location="cpu", weights_only=True)
        tensors = {name: tensor.clone().contiguous() for name, tensor in named_tensors(content).items()}
    except Exception:
        return NOT_WEIGHTS
    if not tensors:
        return NOT_WEIGHTS
    safetensors.torch.save_file(tensors, target)
    return 0


def named_tensors(content: object) -> dict[str, Tensor]:
    """The tensors of a loaded file, whether it is a state dict or holds one under a usual name."""
    import torch

    if not isinstance(content, Mapping):
        return {}
    found = {name: value for name, value in content.items() if isinstance(name, str) and torch.is_tensor(value)}
    if found:
        return found
    for nest in _NESTS:
        found = named_tensors(content.get(nest))
        if found:
            return found
    return {}


def _unpacked_size(source: Path) -> int:
    if not zipfile.is_zipfile(source):
        return 0
    with zipfile.ZipFile(source) as archive:
        return sum(entry.file_size for entry in archive.infolist())


def _confine(size: int) -> None:
    """Limit processor time, written bytes and further memory; where the system knows no limits, only time-out holds."""
    try:
        import resource
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_CPU, (180, 180))
    resource.setrlimit(resource.RLIMIT_FSIZE, (2 * size + (64 << 20),) * 2)
    with contextlib.suppress(OSError, ValueError):
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
        limit = pages * resource.getpagesize() + 6 * size + (1 << 30)
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
