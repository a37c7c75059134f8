"""Letters at the edges of a picture come from the header, and only where it really says how the picture lies."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sslstudio.importers import dicom, nifti
from sslstudio.importers.decoding import DecodeSettings
from sslstudio.importers.dicom_writer import DicomHeader, write_image
from sslstudio.importers.directions import DIRECTIONS, letters
from tests.fakes.image_files import gradient

SETTINGS = DecodeSettings(key="5a" * 32)


@pytest.mark.parametrize(
    ("directions", "told"),
    [
        ([1, 0, 0, 0, 1, 0], "L/P"),
        ([0, 1, 0, 0, 0, -1], "P/F"),
        ([1, 0, 0, 0, 0, -1], "L/F"),
        ([-1, 0, 0, 0, -1, 0], "R/A"),
        ([0.8, 0.6, 0, 0, 0, -1], "LP/F"),
        ([0.98, 0.19, 0.02, -0.19, 0.98, 0], "L/P"),
        ([1, 0, 0, 1, 0, 0], ""),
        ([0, 0, 0, 0, 1, 0], ""),
        ([math.nan, 0, 0, 0, 1, 0], ""),
        ([math.inf, 0, 0, 0, 1, 0], ""),
        ([1e300, 0, 0, 0, 1, 0], ""),
    ],
)
def test_letters_of_two_directions(directions: list[float], told: str) -> None:
    assert letters(directions[:3], directions[3:]) == told


@pytest.mark.parametrize(("said", "told"), [([0, 1, 0, 0, 0, -1], "P/F"), ([1, 0, 0, 0, 1], None), (None, None)])
def test_dicom_says_where_rows_and_columns_run(tmp_path: Path, said: Any, told: str | None) -> None:
    extra = {} if said is None else {"ImageOrientationPatient": said}
    data = write_image(tmp_path / "i.dcm", gradient(dtype="uint16") >> 4, DicomHeader(modality="MR", extra=extra))
    (frame,) = dicom.decode(data.read_bytes(), SETTINGS)
    assert frame.facts.columns.get(DIRECTIONS) == told


def volume(affine: np.ndarray, *, stated: bool = True) -> bytes:
    import nibabel

    values = np.arange(4 * 5 * 3, dtype=np.uint8).reshape(4, 5, 3)
    data = bytearray(nibabel.Nifti1Image(values, affine).to_bytes())
    if not stated:
        data[252:256] = bytes(4)  # qform_code and sform_code
    return bytes(data)


def test_nifti_slices_are_turned_and_say_so() -> None:
    for flip in (1.0, -1.0):  # whichever way the voxels run, the picture has the patient's right on the left
        (first, *_) = nifti.decode(volume(np.diag([flip, 1.0, 4.0, 1.0])), SETTINGS)
        assert first.facts.columns[DIRECTIONS] == "L/P"
    (first, *_) = nifti.decode(volume(np.diag([4.0, 1.0, 1.0, 1.0])), SETTINGS)
    assert first.facts.columns[DIRECTIONS] == "P/F"
    (first, *_) = nifti.decode(volume(np.diag([1.0, 1.0, 4.0, 1.0]), stated=False), SETTINGS)
    assert DIRECTIONS not in first.facts.columns
