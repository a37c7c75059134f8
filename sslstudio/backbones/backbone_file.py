"""A backbone on disk: `backbone.safetensors` and `backbone.json`, what runs hand on and packages contain."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import safetensors
import safetensors.torch
import torch
from pydantic import ValidationError
from torch import Tensor, nn

from sslstudio.backbones.build import build
from sslstudio.domain.record import Record
from sslstudio.domain.rendering import Rendering
from sslstudio.errors import SSLStudioError

WEIGHTS = "backbone.safetensors"
DESCRIPTION = "backbone.json"


class BackboneDescription(Record):
    """`backbone.json`: all that is needed to rebuild the backbone and to prepare pixels for it.

    `mean` and `std` hold one number for each input channel, for pixels in 0 to 1. `source` is the run that made
    the weights, or "random" / "imagenet".
    """

    name: str
    in_channels: Literal[1, 3]
    feature_dim: int
    image_size: int
    mean: tuple[float, ...]
    std: tuple[float, ...]
    source: str
    depth: int = 0
    """Slices of the volumes it sees, resampled; 0 for a backbone that sees single images."""
    rendering: Rendering | None = None
    """What the backbone was trained to see; None where that was not written down."""


def save(
    backbone: nn.Module | Mapping[str, Tensor], description: BackboneDescription, folder: Path
) -> tuple[Path, Path]:
    """Write both files into `folder` (each complete or absent); returns their paths. Raises on non-finite weights."""
    state = backbone.state_dict() if isinstance(backbone, nn.Module) else backbone
    tensors = {
        name: tensor.detach().to("cpu", memory_format=torch.contiguous_format).contiguous()
        for name, tensor in state.items()
    }
    if any(not bool(torch.isfinite(tensor).all()) for tensor in tensors.values() if tensor.is_floating_point()):
        raise SSLStudioError(
            "The backbone holds numbers that are not finite, so it was not saved.",
            "Lower the learning rate and train again.",
            code="non_finite",
        )
    folder.mkdir(parents=True, exist_ok=True)
    weights, text = folder / WEIGHTS, folder / DESCRIPTION
    _replace(weights, safetensors.torch.save(tensors))
    _replace(text, (description.model_dump_json(indent=2) + "\n").encode())
    return weights, text


def describe(folder: Path) -> BackboneDescription:
    """Read `backbone.json` in `folder`; raises SSLStudioError (code "no_backbone") when there is none that fits."""
    try:
        return BackboneDescription.model_validate_json((folder / DESCRIPTION).read_text(encoding="utf-8"))
    except (OSError, ValidationError, UnicodeDecodeError):
        raise _unreadable() from None


def load(folder: Path) -> tuple[nn.Module, BackboneDescription]:
    """Rebuild the backbone saved in `folder`, in evaluation mode on the CPU; raises SSLStudioError."""
    description = describe(folder)
    backbone = build(description.name, description.in_channels, description.image_size)
    try:
        backbone.load_state_dict(safetensors.torch.load_file(folder / WEIGHTS))
    except (OSError, RuntimeError, safetensors.SafetensorError):
        raise _unreadable() from None
    return backbone.eval(), description


def _unreadable() -> SSLStudioError:
    return SSLStudioError(
        "The run has no readable backbone.",
        "Let the pretraining finish, or resume it, and try again.",
        code="no_backbone",
    )


def _replace(path: Path, content: bytes) -> None:
    """Write a temporary file in the same folder, force it to disk and move it into place."""
    temporary = path.with_name(f"{path.name}.tmp")
    with temporary.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    temporary.replace(path)
