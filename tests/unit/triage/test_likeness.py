"""Copies are told from neighbouring slices and from other bodies by their fine structure."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from sslstudio.triage import duplicates, likeness
from tests.fakes.triage_pictures import Grey, body, written


def alike(left: Grey, right: Grey, *, same_series: bool = False) -> bool:
    both = np.stack([likeness.tiles(left), likeness.tiles(right)])
    pairs = np.array([[0, 1]])
    names = ["a", "a" if same_series else "b"]
    return bool(duplicates.decide(pairs, lambda rows: both[rows], names, names))


def packed(picture: Grey, quality: int) -> Grey:
    _, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return cv2.imdecode(data, cv2.IMREAD_GRAYSCALE).astype(np.uint8)


def test_copies_are_alike() -> None:
    picture = body(4)
    assert alike(picture, packed(picture, 60))
    assert alike(picture, packed(picture, 90), same_series=True)
    assert alike(picture, cv2.resize(picture, None, fx=0.6, fy=0.6, interpolation=cv2.INTER_AREA))
    assert alike(picture, np.clip((picture.astype(float) - 30) * 1.4, 0, 255).astype(np.uint8))
    assert alike(picture, np.ascontiguousarray(picture[3:-5, 6:]))
    assert alike(picture, written(picture, "DOE^JANE", "1961-02-03"))


def test_others_and_mirrored_ones_are_not() -> None:
    assert not any(alike(body(4), body(seed)) for seed in range(5, 15))
    assert not alike(body(4), np.ascontiguousarray(body(4)[:, ::-1]))


def test_pictures_without_structure_are_never_alike() -> None:
    assert not alike(np.full((64, 64), 9, np.uint8), np.full((64, 64), 9, np.uint8))


def test_neighbouring_slices_of_a_volume_are_not_duplicates(shared_data: Path) -> None:
    pydicom = pytest.importorskip("pydicom")
    files = sorted((shared_data / "dicom" / "mr-structural").rglob("*"))
    files = [file for file in files if file.is_file()][150:190]
    slices = [pydicom.dcmread(file, force=True).pixel_array.astype(float) for file in files]
    top = np.percentile(np.stack(slices), 99.5)
    tiles = np.stack([likeness.tiles(np.clip(one / top * 255, 0, 255).astype(np.uint8)) for one in slices])
    pairs = np.array([[n, n + gap] for gap in (1, 2) for n in range(len(slices) - 2)])
    one = ["one"] * len(slices)
    assert not duplicates.decide(pairs, lambda rows: tiles[rows], one, one)


def test_embeddings_settle_doubt() -> None:
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(40, 16))
    vectors[1] = vectors[0] + 1e-3
    vectors[2] = -vectors[0]
    vectors[3] = np.nan
    known = duplicates.Vectors(vectors)
    assert known.agree(0, 1) is True
    assert known.agree(0, 2) is False
    assert known.agree(0, 3) is None
