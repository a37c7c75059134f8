"""The small text models that the package rapidocr_onnxruntime ships (PP-OCRv4, Apache-2.0), run by ONNX Runtime.

Apart because it alone knows the models' files, inputs and alphabet. Nothing is downloaded.
"""

from __future__ import annotations

import importlib.util
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import onnxruntime
from numpy.typing import NDArray

from sslstudio.errors import SSLStudioError

Grey = NDArray[np.uint8]

_DETECTOR = "ch_PP-OCRv4_det_infer.onnx"
_RECOGNISER = "ch_PP-OCRv4_rec_infer.onnx"
_CROP_HEIGHT = 48
_LONGEST_CROP = 320


class TextModels:
    """A detector of lines of text and a reader of single lines; each runs in the thread that calls it."""

    def __init__(self) -> None:
        self._detector = _session(_DETECTOR)
        self._recogniser = _session(_RECOGNISER)
        alphabet = self._recogniser.get_modelmeta().custom_metadata_map["character"].splitlines()
        self._latin = np.array([letter.isascii() and letter.isalnum() for letter in ["", *alphabet, " "]])
        self._other = np.array([not letter.isascii() for letter in ["", *alphabet, " "]])

    def probability(self, picture: Grey) -> NDArray[np.float32]:
        """How likely each pixel of a grey picture (H, W), multiples of 32, lies in a line of text: (H, W), 0 to 1."""
        height, width = picture.shape
        values = picture.astype(np.float32) / 127.5 - 1.0
        batch = np.ascontiguousarray(np.broadcast_to(values, (1, 3, height, width)))
        found: NDArray[np.float32] = self._detector.run(None, {"x": batch})[0][0, 0]
        return found

    def read(self, line: Grey) -> tuple[int, int, float]:
        """Read one line of text (h, w): how many Latin letters and digits, how many other signs, and the confidence.

        What was read is not returned and not kept.
        """
        height, width = line.shape
        wanted = int(np.clip(round(width * _CROP_HEIGHT / height), 16, _LONGEST_CROP))
        scaled = cv2.resize(line, (wanted, _CROP_HEIGHT), interpolation=cv2.INTER_LINEAR)
        padded = np.zeros((_CROP_HEIGHT, max(48, -(-wanted // 16) * 16)), np.float32)
        padded[:, :wanted] = scaled.astype(np.float32) / 127.5 - 1.0
        batch = np.ascontiguousarray(np.broadcast_to(padded, (1, 3, *padded.shape)))
        chances = self._recogniser.run(None, {"x": batch})[0][0]
        best, chance = chances.argmax(axis=1), chances.max(axis=1)
        signs = (best != 0) & np.concatenate(([True], best[1:] != best[:-1]))
        if not signs.any():
            return 0, 0, 0.0
        latin, other = self._latin[best[signs]], self._other[best[signs]]
        return int(latin.sum()), int(other.sum()), float(chance[signs].mean())


def _session(name: str) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    return onnxruntime.InferenceSession(str(_folder() / name), options, providers=["CPUExecutionProvider"])


@cache
def _folder() -> Path:
    """Where the models lie; the package is found, not imported: it would load more than is needed."""
    found = importlib.util.find_spec("rapidocr_onnxruntime")
    folder = Path(found.origin).parent / "models" if found is not None and found.origin else Path()
    if not (folder / _DETECTOR).is_file() or not (folder / _RECOGNISER).is_file():
        raise SSLStudioError(
            "The model that finds burned-in text is missing.", "Install SSL Studio again.", code="no_text_model"
        )
    return folder
