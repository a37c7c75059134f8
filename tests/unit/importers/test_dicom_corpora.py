"""Real files of many makers: each an image or a reason, with the pixels of pydicom's own pipeline where it is right.

Differences that are meant: padding is masked, 32-bit colour is kept in 16 bits, and the functional groups of enhanced
objects are obeyed.
"""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom.pixels import pixel_array
from pydicom.pixels.processing import apply_color_lut, apply_modality_lut

from sslstudio.importers import dicom
from sslstudio.importers.decode_pool import DecodePool
from sslstudio.importers.decoding import DecodedFrame
from sslstudio.importers.reasons import TEXTS, Refused, reason
from sslstudio.importers.sniff import sniff
from tests.fakes.dicom_files import SETTINGS

pytestmark = pytest.mark.needs_shared

OTHERWISE = {
    "693_J2KR.dcm", "693_UNCI.dcm", "693_UNCR.dcm",  # padding
    "SC_rgb_32bit.dcm", "SC_rgb_32bit_2frame.dcm", "SC_rgb_expb_32bit.dcm", "SC_rgb_expb_32bit_2frame.dcm",
    "eCT_Supplemental.dcm", "IM_0027_fMAP.dcm",  # functional groups
    "emri_small_jpeg_2k_lossless_too_short.dcm",  # the file lacks its end alone; pydicom finds no pixels in it
}  # fmt: skip
COUNTS = {
    "highdicom": {"": 10, "mask": 12, "no_pixels": 3, "text_file": 2},
    "mr-multivendor": {"": 608, "text_file": 11},
    "mr-structural": {"": 384, "text_file": 1},
    "pydicom-data": {"": 68, "mask": 11, "text_file": 1},
    "qa-12bit": {"": 3, "text_file": 1},
    "qa-agfa": {"": 8, "text_file": 1},
    "qa-enh": {"": 5, "text_file": 1},
    "qa-ts": {"": 9, "text_file": 1},
}
"""Outcomes by folder; "" is an image. The two JPEG pictures among the files of highdicom are images too."""


def files(root: Path) -> list[Path]:
    return sorted(path for path in (root / "dicom").rglob("*") if path.is_file())


def compared(root: Path) -> Iterator[Path]:
    """Every file but for most of the two large series, which are all alike."""
    seen: Counter[Path] = Counter()
    for path in files(root):
        seen[path.parent] += 1
        if seen[path.parent] % 100 == 1 or path.parts[len(root.parts) + 1] not in ("mr-structural", "mr-multivendor"):
            yield path


@pytest.mark.slow
def test_every_file_is_an_image_or_has_a_reason(shared_data: Path) -> None:
    """All files by their header, as a dry run reads them; a sample of them by their pixels in the next test."""
    counts: dict[str, Counter[str]] = {}
    paths = {str(path): path.relative_to(shared_data / "dicom").parts[0] for path in files(shared_data)}
    with DecodePool[str](SETTINGS_OF_A_LOOK, workers=2) as pool:
        for path, answer in pool.map(list(paths), lambda path: path):
            assert not answer.code or answer.code in TEXTS
            counts.setdefault(paths[path], Counter())[answer.code] += 1
            if answer.code:
                assert "unknown" not in reason(answer.code, **answer.detail).sentence
    assert sum(counter.total() for counter in counts.values()) == len(paths) == 1142
    counts["highdicom"][""] -= 2
    assert {name: dict(counter) for name, counter in sorted(counts.items())} == COUNTS


SETTINGS_OF_A_LOOK = type(SETTINGS)(key=SETTINGS.key, headers_only=True)


@pytest.mark.slow
def test_pixels_are_those_of_the_reference_pipeline(shared_data: Path) -> None:
    alike = 0
    for path in compared(shared_data):
        data = path.read_bytes()
        if sniff(data[:512]) not in ("dicom", "dicom_bare"):
            continue
        try:
            frames = list(dicom.decode(data, SETTINGS))
        except Refused as refused:
            assert refused.code in TEXTS
            continue
        if path.name not in OTHERWISE:
            compare(path, frames)
            alike += 1
    assert alike > 80


def compare(path: Path, frames: list[DecodedFrame]) -> None:
    """Every frame in the unit of the source equals what pydicom makes of it, but for rounding."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset = pydicom.dcmread(path, force=True)
        if "TransferSyntaxUID" not in dataset.file_meta:
            dataset.file_meta.TransferSyntaxUID = pydicom.uid.ImplicitVRLittleEndian
        values = pixel_array(dataset, raw=False)
        values = values if int(dataset.get("NumberOfFrames") or 1) > 1 else values[None]
        assert len(values) == len(frames), path.name
        for reference, frame in zip(values, frames, strict=True):
            found = frame.stored.astype(np.float64) * frame.facts.slope + frame.facts.intercept
            expected = in_unit(reference, dataset)
            found = found[:, :, 0] if expected.ndim == 2 else found
            scale = max(1.0, float(np.abs(expected).max()))
            assert np.abs(found - expected).max() <= (
                1 if "YBR" in dataset.PhotometricInterpretation else 1e-6 * scale
            ), path


def in_unit(values: Any, dataset: pydicom.Dataset) -> np.ndarray:
    if dataset.PhotometricInterpretation == "PALETTE COLOR":
        colours = apply_color_lut(values, dataset)[..., :3].astype(np.float64)
        return colours // 256 if colours.max() > 255 else colours
    if dataset.SamplesPerPixel == 1:
        values = apply_modality_lut(values, dataset)
    return np.asarray(values).astype(np.float64)


def test_enhanced_objects_have_an_image_for_each_frame(shared_data: Path) -> None:
    for path in sorted((shared_data / "dicom" / "qa-enh").rglob("*.dcm")):
        dataset = pydicom.dcmread(path, stop_before_pixels=True)
        frames = list(dicom.decode(path.read_bytes(), SETTINGS))
        assert len(frames) == int(dataset.NumberOfFrames)
        places = [frame.facts.slice_position for frame in frames]
        assert None not in places and len(set(places)) > 1
        assert {frame.facts.sop for frame in frames} == {frames[0].facts.sop}


def test_padding_of_real_files_is_masked(shared_data: Path) -> None:
    """Outside the gantry's circle stands -2000; the darkest real value takes its place."""
    path = shared_data / "dicom" / "pydicom-data" / "693_UNCR.dcm"
    raw = pydicom.dcmread(path).pixel_array
    (frame,) = dicom.decode(path.read_bytes(), SETTINGS)
    found = frame.stored[:, :, 0] * frame.facts.slope + frame.facts.intercept
    inside = raw != -2000
    assert 0 < inside.sum() < raw.size and frame.facts.unit == "HU"
    assert (found[inside] == raw[inside].astype(float) - 1024).all()
    assert set(found[~inside]) == {float(raw[inside].min()) - 1024}
