"""The model as one ONNX graph, preprocessing inside; the only module of the exporters that builds with torch."""

from __future__ import annotations

import contextlib
import logging
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from sslstudio.augment.resample import fit_square
from sslstudio.errors import SSLStudioError

OPSET = 18
INPUTS = ("pixels", "window")
OUTPUTS = ("probabilities", "embedding")


@dataclass(frozen=True)
class Head:
    """A linear head over standardised embeddings: coef (K, D), intercept (K,), mean (D,), scale (D,)."""

    coef: NDArray[np.float64]
    intercept: NDArray[np.float64]
    mean: NDArray[np.float64]
    scale: NDArray[np.float64]
    temperature: float


@dataclass(frozen=True)
class Input:
    """What the backbone wants: `channels`, side `image_size` in pixels, `mean` and `std` a channel in 0..1 units."""

    channels: int
    image_size: int
    mean: Sequence[float]
    std: Sequence[float]


class PackagedModel(nn.Module):
    """Stored pixel values and their window in, class probabilities and embedding out.

    `pixels` (N, C, H, W) float32 stored values of any height and width; `window` (N, C, 2) float32 (low, high) of each
    channel in stored values. Inside: window to 0..1 in 8-bit steps (as the gallery and training show it), the one
    resize, normalisation, backbone, standardisation, linear head, temperature, softmax.
    """

    pixel_mean: Tensor
    pixel_std: Tensor
    head_coef: Tensor
    head_intercept: Tensor
    head_mean: Tensor
    head_scale: Tensor

    def __init__(self, backbone: nn.Module, head: Head, inputs: Input) -> None:
        super().__init__()
        self.backbone = backbone
        self.inputs = inputs
        self.head = head
        for name, values in (("mean", inputs.mean), ("std", inputs.std)):
            self.register_buffer(f"pixel_{name}", torch.tensor(list(values), dtype=torch.float32).reshape(1, -1, 1, 1))
        for name in ("coef", "intercept", "mean", "scale"):
            self.register_buffer(f"head_{name}", torch.from_numpy(np.array(getattr(head, name), dtype=np.float32)))

    def forward(self, pixels: Tensor, window: Tensor) -> tuple[Tensor, Tensor]:
        """Probabilities (N, K) and embedding (N, D), float32."""
        fitted = fit_square(shown(pixels, window), self.inputs.image_size)
        embedding = self.backbone((fitted - self.pixel_mean) / self.pixel_std)
        standard = (embedding - self.head_mean) / self.head_scale
        logits = torch.matmul(standard, self.head_coef.transpose(0, 1)) + self.head_intercept
        return torch.softmax(logits / self.head.temperature, dim=1), embedding


def shown(pixels: Tensor, window: Tensor) -> Tensor:
    """`importers.windowing.to_uint8` over 255: the same formula in the same precision, so the same 8-bit steps."""
    low, high = (window[:, :, i, None, None].to(torch.float64) for i in (0, 1))
    high = torch.where(high > low, high, low + 1.0)
    shares = torch.clamp((pixels.to(torch.float64) - low) / (high - low), 0.0, 1.0)
    return torch.round(shares * 255.0).to(torch.float32) / 255.0


def build(model: PackagedModel) -> onnx.ModelProto:
    """Export with dynamic N, H and W; the graph carries no traces of the machine that made it.

    Raises SSLStudioError with code "export_graph" when the backbone cannot be expressed as a graph.
    """
    dynamic = torch.export.Dim.DYNAMIC
    side = model.inputs.image_size
    pixels = torch.rand(2, model.inputs.channels, side + 13, side + 5) * 255.0
    window = torch.tensor([[0.0, 255.0], [0.0, 200.0]])[:, None].repeat(1, model.inputs.channels, 1)
    try:
        with quiet():
            program = torch.onnx.export(
                model.eval(),
                (pixels, window),
                dynamo=True,
                opset_version=OPSET,
                input_names=list(INPUTS),
                output_names=list(OUTPUTS),
                dynamic_shapes=({0: dynamic, 2: dynamic, 3: dynamic}, {0: dynamic}),
                verbose=False,
            )
    except Exception as error:
        raise SSLStudioError(
            "This backbone cannot be written as an ONNX graph.",
            f"Export a model with another backbone. ({type(error).__name__})",
            code="export_graph",
        ) from None
    if program is None:
        raise SSLStudioError("The ONNX graph was not written.", "Update SSL Studio.", code="export_graph")
    proto: onnx.ModelProto = program.model_proto
    clean(proto)
    _name_dimensions(proto)
    return proto


def save(proto: onnx.ModelProto, path: Path) -> None:
    """Check the graph and write it as one file; raises SSLStudioError if it is over the 2 GB of the format."""
    if proto.ByteSize() >= 2**31:
        raise SSLStudioError(
            "The model is larger than the 2 GB one ONNX file can hold.", "Use a smaller backbone.", code="export_graph"
        )
    onnx.checker.check_model(proto)
    path.write_bytes(proto.SerializeToString(deterministic=True))


def clean(proto: onnx.ModelProto) -> None:
    """Delete all metadata and doc strings in the model: exporters put stack traces with local paths there."""
    _clean_message(proto)
    for function in proto.functions:
        _clean_message(function)


def tensors(model: PackagedModel) -> dict[str, Tensor]:
    """The weights as they go into `model.safetensors`: `backbone.*`, `head.*`, `pixel.*`; contiguous, on the CPU."""
    named = {}
    for name, value in model.state_dict().items():
        for prefix in ("head_", "pixel_"):
            if name.startswith(prefix):
                name = name.replace("_", ".", 1)
        named[name] = value.detach().cpu().contiguous().clone()
    return named


def _clean_message(message: Any) -> None:
    """Clear `doc_string` and `metadata_props` here and in every message below (subgraphs and tensors included)."""
    for field, value in message.ListFields():
        if field.name in ("doc_string", "metadata_props"):
            message.ClearField(field.name)
        elif field.message_type is not None:
            for child in value if hasattr(value, "add") else (value,):
                _clean_message(child)


def _name_dimensions(proto: onnx.ModelProto) -> None:
    """Call the free dimensions N, H and W, and drop the shapes in between, which every runtime infers itself."""
    names: dict[str, str] = {}
    for dimension, name in zip(proto.graph.input[0].type.tensor_type.shape.dim, "NCHW", strict=True):
        if dimension.dim_param:
            names[dimension.dim_param] = name
    for value in (*proto.graph.input, *proto.graph.output):
        for dimension in value.type.tensor_type.shape.dim:
            if dimension.dim_param:
                dimension.dim_param = names.get(dimension.dim_param, dimension.dim_param)
    del proto.graph.value_info[:]


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Hold back what torch's exporter says about its own insides; nothing of it concerns the user."""
    loggers = [logging.getLogger(name) for name in ("torch.onnx", "onnxscript", "onnx_ir", "torch.export")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            for category in (DeprecationWarning, FutureWarning, PendingDeprecationWarning):
                warnings.filterwarnings("ignore", category=category, module=r"(torch|onnxscript|onnx_ir|copyreg)\b.*")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
