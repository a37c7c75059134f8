"""The model as the project itself computes it, step by step outside the graph; what the graph is compared with."""

from __future__ import annotations

import numpy as np
import torch

from sslstudio.augment.resample import fit_square
from sslstudio.exporters.onnx_graph import PackagedModel
from sslstudio.exporters.parity import Floats, ParityImage
from sslstudio.exporters.runtime import as_channels
from sslstudio.importers.windowing import to_uint8


def score(model: PackagedModel, image: ParityImage) -> tuple[Floats, Floats]:
    """Probabilities (K,) float64 and embedding (D,) float32 of one image, as embedding and classifier make them.

    The picture is the 8-bit one of `importers.windowing`; the head is applied in float64 by numpy.
    """
    shown = to_uint8(as_channels(image.stored, model.inputs.channels), image.low, image.high)
    pixels = torch.from_numpy(shown).permute(2, 0, 1).unsqueeze(0)
    with torch.inference_mode():
        fitted = fit_square(pixels, model.inputs.image_size) / 255.0
        embedding = model.backbone((fitted - model.pixel_mean) / model.pixel_std)[0].numpy()
    head = model.head
    logits = ((embedding - head.mean) / head.scale) @ head.coef.T + head.intercept
    powers = np.exp((logits - logits.max()) / head.temperature)
    return powers / powers.sum(), embedding
