"""The model as the project itself computes it, step by step outside the graph; what the graph is compared with."""

from __future__ import annotations

import numpy as np
import torch

from sslstudio.augment.preprocess import prepare
from sslstudio.exporters.onnx_graph import PackagedModel
from sslstudio.exporters.parity import Floats, ParityImage
from sslstudio.importers.windowing import render


def score(model: PackagedModel, image: ParityImage) -> tuple[Floats, Floats]:
    """Probabilities (K,) float64 and embedding (D,) float32 of one image, as embedding and classifier make them.

    The picture is the 8-bit one of `importers.windowing`; the head is applied in float64 by numpy.
    """
    shown = torch.from_numpy(render(image.stored, image.windows)).permute(2, 0, 1).unsqueeze(0)
    inputs, head = model.inputs, model.head
    with torch.inference_mode():
        embedding = model.backbone(prepare(shown, inputs.image_size, inputs.channels, inputs.mean, inputs.std))[
            0
        ].numpy()
    logits = ((embedding - head.mean) / head.scale) @ head.coef.T + head.intercept
    powers = np.exp((logits - logits.max()) / head.temperature)
    return powers / powers.sum(), embedding
