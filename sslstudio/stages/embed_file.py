"""One image file as the network of an embedding sees it; called in a child process that goes when it is idle."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # before torch loads: idle threads sleep, not spin

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from sslstudio.augment.preprocess import prepare
from sslstudio.backbones import backbone_file
from sslstudio.backbones.backbone_file import BackboneDescription
from sslstudio.domain.rendering import Rendering
from sslstudio.domain.specs import ImportSpec
from sslstudio.errors import SSLStudioError
from sslstudio.importers.decode_pool import DecodePool
from sslstudio.importers.decode_process import COMMAND
from sslstudio.importers.decoding import DecodeSettings
from sslstudio.importers.reasons import reason
from sslstudio.importers.rendering import grey_of, preset, windows_of
from sslstudio.importers.windowing import render


@dataclass(frozen=True, eq=False)
class EmbeddedFile:
    """The embedding (D,) of one picture of a file, its thumbnail as JPEG, which of `frames` pictures it is (from 0)."""

    vector: NDArray[np.float32]
    jpeg: bytes
    frame: int
    frames: int


def embed_file(path: str, backbone_folder: str, rendering: Rendering | None = None) -> EmbeddedFile:
    """Decode a file in a decode worker, see it as the embedding's images were seen, and embed it.

    Of several pictures the middle one is taken. Raises SSLStudioError: "no_backbone", "sees_volumes", or the code of
    the reason why the file cannot be read.
    """
    backbone, description = _loaded(backbone_folder)
    if description.depth:
        raise SSLStudioError(
            "This network sees whole series, not single files.",
            "Choose a network that sees single images, or import the series.",
            code="sees_volumes",
        )
    seen = rendering or description.rendering or preset("auto")
    limits = ImportSpec()
    settings = DecodeSettings(
        key=secrets.token_hex(32),
        max_side=limits.max_side,
        max_pixels=limits.max_pixels,
        seconds=limits.decode_seconds,
        rendering=seen.model_dump_json(),
    )
    with DecodePool[str](settings, workers=1, command=COMMAND) as pool:
        _, answer = next(iter(pool.map([path], str)))
        if answer.code or not answer.frames:
            why = reason(answer.code or "corrupt", **answer.detail)
            raise SSLStudioError(why.sentence, why.hint, code=answer.code or "corrupt")
        place, frames = len(answer.frames) // 2, len(answer.frames)
        frame = answer.frames[place]
        pixels, jpeg = render(frame.pixels, windows_of(seen, grey_of(frame.facts))), frame.jpeg
    images = torch.from_numpy(pixels).permute(2, 0, 1).unsqueeze(0)
    with torch.inference_mode():
        prepared = prepare(images, description.image_size, description.in_channels, description.mean, description.std)
        vector = backbone(prepared).float().numpy()[0]
    if not np.isfinite(vector).all():
        raise SSLStudioError("The network gave numbers that are not finite for this file.", code="non_finite")
    return EmbeddedFile(vector.astype(np.float32), jpeg, place, frames)


@lru_cache(maxsize=1)
def _loaded(folder: str) -> tuple[nn.Module, BackboneDescription]:
    backbone, description = backbone_file.load(Path(folder))
    return backbone.eval(), description
