"""A real model package in seconds: the backbone is the mean of the image, the answer is dark or bright."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import torch
from torch import nn

from sslstudio import resources
from sslstudio.domain.rendering import Rendering
from sslstudio.exporters import example, onnx_graph, package, preprocessing
from sslstudio.exporters.onnx_graph import Head, Input, PackagedModel
from sslstudio.exporters.runtime import Graph
from sslstudio.importers.rendering import AUTO, preset


class _Mean(nn.Module):
    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return images.mean(dim=(2, 3))


def brightness_package(folder: Path, channels: int = 1, rendering: Rendering | None = None) -> Path:
    """A real package whose model says "bright" where an image is brighter than half, "dark" where it is not."""
    folder.mkdir(parents=True)
    coef = np.array([[-8.0] * channels, [8.0] * channels]) / channels
    head = Head(coef, np.zeros(2), np.full(channels, 0.5), np.ones(channels), 1.0)
    model = PackagedModel(_Mean(), head, Input(channels, 16, [0.0] * channels, [1.0] * channels))
    onnx_graph.save(onnx_graph.build(model), folder / package.GRAPH)
    labels = package.label_map(["dark", "bright"], ["#0072B2", "#E69F00"])
    rules = preprocessing.describe(rendering or preset(AUTO), 3 if channels == 3 else 1, 16, max_side=64)
    package.write_json(folder / package.LABELS, labels.model_dump(mode="json"))
    package.write_json(folder / package.PREPROCESSING, rules.model_dump(mode="json"))
    picture = example.picture(channels)
    probabilities, embedding = Graph((folder / package.GRAPH).read_bytes()).score([picture], [((0.0, 255.0),)])
    pixels, window = (
        picture.transpose(2, 0, 1)[None].astype(np.float32),
        np.array([[[0, 255]] * channels], dtype=np.float32),
    )
    np.savez(folder / package.EXAMPLE, pixels=pixels, window=window, probabilities=probabilities, embedding=embedding)
    shutil.copyfile(resources.path("export/predict.py"), folder / package.PREDICT)
    for name in (package.WEIGHTS, package.MODEL, package.CARD, package.EXAMPLE_IMAGE):
        (folder / name).write_bytes(b"not needed for prediction")
    package.write_checksums(folder)
    return folder
