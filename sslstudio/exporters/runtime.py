"""Runs an exported graph on stored pixels; apart because export proves with it what prediction relies on. No torch."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from sslstudio.domain.rendering import Windows
from sslstudio.errors import SSLStudioError
from sslstudio.importers.windowing import StoredPixels

LUMA = (0.299, 0.587, 0.114)
"""Weights of red, green and blue in a grey value (ITU-R BT.601)."""

_ONLY_ERRORS = 3


class Graph:
    """One ONNX model package graph, loaded from its bytes so that what was checked is what runs."""

    def __init__(self, content: bytes, threads: int = 0) -> None:
        options = onnxruntime.SessionOptions()
        options.log_severity_level = _ONLY_ERRORS
        options.intra_op_num_threads = threads
        try:
            self._session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
            names = ([entry.name for entry in side()] for side in (self._session.get_inputs, self._session.get_outputs))
            fits = [*names] == [["pixels", "window"], ["probabilities", "embedding"]]
            shape = self._session.get_inputs()[0].shape
        except Exception:
            raise _unusable() from None
        if not fits or len(shape) != 4 or shape[1] not in (1, 3):
            raise _unusable()
        if self._session.get_inputs()[1].shape[1:] != [shape[1], 2]:
            raise _unusable()
        self.channels: int = shape[1]

    def score(
        self, images: Sequence[StoredPixels], windows: Sequence[Windows]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Probabilities (N, K) and embeddings (N, D) of images (H, W, C) of one shape, with their windows.

        Images with another number of channels than the graph's are converted by `as_channels`; one window is used for
        all channels. Raises ValueError for three windows and a graph with one channel.
        """
        if any(len(one) not in (1, self.channels) for one in windows):
            raise ValueError("An image has one window, or one for each channel of the model.")
        limits = [one if len(one) == self.channels else one * self.channels for one in windows]
        pixels = np.stack([as_channels(image, self.channels) for image in images]).astype(np.float32)
        feeds = {
            "pixels": np.ascontiguousarray(pixels.transpose(0, 3, 1, 2)),
            "window": np.asarray(limits, dtype=np.float32).reshape(len(images), self.channels, 2),
        }
        probabilities, embedding = self._session.run(["probabilities", "embedding"], feeds)
        return probabilities, embedding


def as_channels(stored: StoredPixels, channels: int) -> StoredPixels:
    """Stored values (H, W, C) with as many channels as asked for: grey is repeated, colour becomes luma, rounded."""
    if stored.shape[2] == channels:
        return stored
    if channels == 3:
        return np.repeat(stored, 3, axis=2)
    grey: StoredPixels = np.rint(stored.astype(np.float64) @ np.array(LUMA)).astype(stored.dtype)[:, :, None]
    return grey


def _unusable() -> SSLStudioError:
    return SSLStudioError(
        "The model in this package cannot be run.", "Export it again with this version.", code="unusable_graph"
    )
