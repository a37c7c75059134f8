"""Checkpoints: all state of a run in one safetensors file that is either complete and verified, or not there.

Each is written beside the others, forced to disk, read back and compared, then moved into place; two are kept, and a
damaged one gives way to the one before. The digest inside covers tensors and state, so that flipped bits are seen.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
import torch
from torch import Tensor

from sslstudio.errors import SSLStudioError

KEPT = 2
_SUFFIX = ".safetensors"


@dataclass(frozen=True)
class Checkpoint:
    """`tensors` by name and `state`, plain JSON, after `step` optimiser steps."""

    step: int
    tensors: dict[str, Tensor]
    state: dict[str, Any]


def save(folder: Path, checkpoint: Checkpoint, check: Callable[[], None] = lambda: None) -> Path:
    """Write `checkpoint` into `folder` and drop all but the newest two; returns its path.

    `check` is called before the file takes its place, and stops that by what it raises. Raises SSLStudioError:
    "non_finite" when a tensor holds NaN or infinity (nothing is written), "not_saved" when the disk refuses.
    """
    tensors = {
        name: tensor.detach().to("cpu").contiguous(memory_format=torch.contiguous_format)
        for name, tensor in checkpoint.tensors.items()
    }
    for tensor in tensors.values():
        if tensor.is_floating_point() and not bool(torch.isfinite(tensor).all()):
            raise SSLStudioError("The state of the training is not finite.", code="non_finite")
    state = json.dumps({"step": checkpoint.step, **checkpoint.state}, sort_keys=True)
    content = safetensors.torch.save(tensors, {"state": state, "digest": _digest(tensors, state)})
    path = folder / f"checkpoint-{checkpoint.step:09d}{_SUFFIX}"
    try:
        _write_verified(path, content, check)
    except OSError:
        raise SSLStudioError(
            "The checkpoint could not be written.",
            "Make room on the disk of the project, then resume the run.",
            code="not_saved",
        ) from None
    for old in sorted(folder.glob(f"checkpoint-*{_SUFFIX}"))[:-KEPT]:
        old.unlink(missing_ok=True)
    return path


def load_newest(folder: Path) -> tuple[Checkpoint | None, int]:
    """The newest readable checkpoint in `folder`, or None; and how many damaged ones were passed over."""
    damaged = 0
    for path in sorted(folder.glob(f"checkpoint-*{_SUFFIX}"), reverse=True):
        checkpoint = _read(path)
        if checkpoint is not None:
            return checkpoint, damaged
        damaged += 1
    return None, damaged


def discard_newer(folder: Path, step: int) -> None:
    """Remove checkpoints after `step`: what was damaged, or belongs to a course that was rolled back."""
    for path in folder.glob(f"checkpoint-*{_SUFFIX}"):
        if path.name > f"checkpoint-{step:09d}{_SUFFIX}":
            path.unlink(missing_ok=True)


def _read(path: Path) -> Checkpoint | None:
    try:
        with safetensors.safe_open(path, framework="pt") as file:
            facts = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a mapping
        state = json.loads(facts["state"])
        if facts["digest"] != _digest(tensors, facts["state"]):
            return None
        return Checkpoint(step=int(state.pop("step")), tensors=tensors, state=state)
    except (OSError, safetensors.SafetensorError, KeyError, ValueError, TypeError, RuntimeError):
        return None


def _digest(tensors: Mapping[str, Tensor], state: str) -> str:
    digest = hashlib.sha256(state.encode())
    for name in sorted(tensors):
        tensor = tensors[name]
        digest.update(f"\0{name}\0{tensor.dtype}\0{tuple(tensor.shape)}\0".encode())
        if tensor.numel():
            digest.update(tensor.reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()


def _write_verified(path: Path, content: bytes, check: Callable[[], None]) -> None:
    path.parent.mkdir(exist_ok=True)
    temporary = path.with_name(f".{path.name}.partial")
    try:
        with temporary.open("wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        if hashlib.sha256(temporary.read_bytes()).digest() != hashlib.sha256(content).digest():
            raise OSError("the file read back differs")
        check()
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    with contextlib.suppress(OSError):  # a folder cannot be opened on Windows
        descriptor = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
