"""Volumes become the pictures a radiologist expects, whichever way their voxels run; every value leads back."""

import gzip
import io
import itertools
import struct
from typing import Any

import nibabel
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sslstudio.importers import nifti
from sslstudio.importers.decoding import DecodedFrame, DecodeSettings
from sslstudio.importers.reasons import Refused
from tests.fakes.image_files import KEY

SETTINGS = DecodeSettings(key=KEY)
SIZES = {"R": 5, "A": 6, "S": 4}
TURNS = [(order, signs) for order in itertools.permutations(range(3)) for signs in itertools.product((1, -1), repeat=3)]


def written(values: np.ndarray, affine: np.ndarray, *, two: bool = False, **fields: Any) -> bytes:
    image = (nibabel.Nifti2Image if two else nibabel.Nifti1Image)(values, affine)
    if affine is not None:
        image.set_sform(affine, 1)
    for name, value in fields.items():
        image.header[name] = value
    return image.to_bytes()


def scanned(order: Any, signs: Any, spacing: tuple[float, float, float]) -> tuple[np.ndarray, np.ndarray]:
    """A body whose value at (right, front, head) is 100 head + 10 front + right, stored with turned voxel axes."""
    grid = np.meshgrid(*(np.arange(size) for size in SIZES.values()), indexing="ij")
    body = (100 * grid[2] + 10 * grid[1] + grid[0]).astype(np.int16)
    affine = np.eye(4)
    for axis, (anatomy, sign) in enumerate(zip(order, signs, strict=True)):
        size = list(SIZES.values())[anatomy]
        affine[:3, axis] = 0
        affine[anatomy, axis] = sign * spacing[anatomy]
        affine[anatomy, 3] = 0 if sign > 0 else (size - 1) * spacing[anatomy]
    voxels = body.transpose(order)
    for axis, sign in enumerate(signs):
        voxels = voxels if sign > 0 else np.flip(voxels, axis)
    return np.ascontiguousarray(voxels), affine


def values_of(frame: DecodedFrame) -> np.ndarray:
    return frame.stored[:, :, 0] * frame.facts.slope + frame.facts.intercept


def decoded(data: bytes, settings: DecodeSettings = SETTINGS) -> list[DecodedFrame]:
    return list(nifti.decode(data, settings))


@pytest.mark.parametrize("order, signs", TURNS)
@pytest.mark.parametrize("two", [False, True])
def test_axial_slices_whichever_way_the_voxels_run(order: Any, signs: Any, two: bool) -> None:
    """Patient's right on the left, front up, slices from feet to head: column 0 is right = 4, row 0 is front = 5."""
    voxels, affine = scanned(order, signs, (1.0, 1.5, 3.0))
    frames = decoded(written(voxels, affine, two=two))
    assert len(frames) == SIZES["S"]
    for head, frame in enumerate(frames):
        expected = [[100 * head + 10 * front + right for right in range(4, -1, -1)] for front in range(5, -1, -1)]
        assert values_of(frame).tolist() == expected
        facts = frame.facts
        assert (facts.row_spacing, facts.column_spacing, facts.slice_position) == (1.5, 1.0, 3.0 * head)
        assert (
            facts.columns == {"plane": "axial", "slice spacing (mm)": "3", "directions": "L/P"}
            and facts.instance_number == head + 1
        )
    assert len({frame.facts.series for frame in frames}) == 1


@pytest.mark.parametrize("order, signs", TURNS[::5])
def test_coronal_and_sagittal_slices(order: Any, signs: Any) -> None:
    voxels, affine = scanned(order, signs, (1.0, 3.0, 1.0))
    frames = decoded(written(voxels, affine))
    for place, frame in enumerate(frames):  # from front to back, as positions in DICOM grow towards the back
        front = 5 - place
        expected = [[100 * head + 10 * front + right for right in range(4, -1, -1)] for head in range(3, -1, -1)]
        assert values_of(frame).tolist() == expected
        assert frame.facts.slice_position == -3.0 * front and frame.facts.columns["plane"] == "coronal"
    voxels, affine = scanned(order, signs, (3.0, 1.0, 1.0))
    frames = decoded(written(voxels, affine))
    for right, frame in enumerate(frames):  # front on the left of the picture; from the left side to the right
        expected = [[100 * head + 10 * front + right for front in range(5, -1, -1)] for head in range(3, -1, -1)]
        assert values_of(frame).tolist() == expected
        assert frame.facts.slice_position == 3.0 * right and frame.facts.columns["plane"] == "sagittal"


def test_the_axis_of_acquisition() -> None:
    even = np.eye(4)
    planes = {}
    for name, shape, dim_info in (
        ("named", (9, 8, 7), 0b010000),  # bits 4 and 5: slices along the first axis + 1
        ("shortest", (8, 4, 8), 0),
        ("tie", (8, 8, 8), 0),
        ("tie of two", (6, 9, 6), 0),
        ("flat", (1, 8, 9), 0),
        ("plain", (8, 9), 0),
    ):
        (first, *_) = decoded(written(np.zeros(shape, np.uint8), even, dim_info=dim_info))
        planes[name] = first.facts.columns["plane"]
    assert planes == {
        "named": "sagittal",
        "shortest": "coronal",
        "tie": "axial",
        "tie of two": "axial",
        "flat": "sagittal",
        "plain": "axial",
    }


def test_slices_lie_as_the_same_volume_in_dicom() -> None:
    """An oblique stack: positions are the dot product of the normal of the picture with the slice's origin in LPS."""
    angle = np.deg2rad(20)
    turn = np.array([[1, 0, 0], [0, np.cos(angle), -np.sin(angle)], [0, np.sin(angle), np.cos(angle)]])
    affine = np.eye(4)
    affine[:3, :3] = turn @ np.diag([-0.5, 0.5, 4.0])
    affine[:3, 3] = (30, -20, 7)
    frames = decoded(written(np.zeros((10, 12, 5), np.int16), affine))
    normal = np.array([0, np.sin(angle), np.cos(angle)])  # along + head in LPS, tilted: -y of RAS is +y of LPS
    origins = [affine[:3, 3] + affine[:3, 2] * k for k in range(5)]
    expected = [float(normal @ (origin * (-1, -1, 1))) for origin in origins]
    # the normal of the pictures is turned with the stack
    assert np.allclose(np.diff([f.facts.slice_position for f in frames]), 4.0)
    assert np.allclose([f.facts.slice_position for f in frames], expected)


@pytest.mark.parametrize(
    "dtype", ["uint8", "int8", "int16", "uint16", "int32", "uint32", "float32", "float64", "int64"]
)
@pytest.mark.parametrize("slope, intercept", [(1, 0), (2.5, -1024), (-0.5, 3)])
@pytest.mark.parametrize("endian", ["<", ">"])
def test_every_number_leads_back_to_its_value(dtype: str, slope: float, intercept: float, endian: str) -> None:
    rng = np.random.default_rng(3)
    limits = (0, 250) if dtype == "uint8" else (-120, 120) if dtype == "int8" else (0, 30_000)
    raw = rng.uniform(*limits, (4, 5, 3)).astype(dtype)
    header = nibabel.Nifti1Header(endianness=endian)
    header.set_data_dtype(dtype)
    header.set_data_shape(raw.shape)
    header["scl_slope"], header["scl_inter"], header["vox_offset"] = slope, intercept, 352
    header.set_sform(np.diag([-1, -1, 2, 1]), 1)
    data = header.binaryblock + bytes(4) + raw.astype(np.dtype(dtype).newbyteorder(endian)).tobytes(order="F")
    for k, frame in enumerate(decoded(data)):
        truth = raw[:, :, k].T * slope + intercept
        assert np.abs(values_of(frame) - truth).max() <= abs(frame.facts.slope) / 2 + 1e-6
        assert frame.facts.slope > 0 and frame.facts.low < frame.facts.high
        assert np.issubdtype(np.dtype(dtype), np.floating) or np.abs(values_of(frame) - truth).max() < 1e-6


def test_hounsfield_units_kept_as_floats_stay_exact() -> None:
    values = np.array([[[-1024.0, 0.0], [40.0, 3071.0]]], np.float32).reshape(2, 2, 1)
    (frame,) = decoded(written(values, np.diag([-1, -1, 1, 1])))
    assert values_of(frame).tolist() == [[-1024.0, 40.0], [0.0, 3071.0]] and frame.facts.slope == 1.0


def test_holes_in_floats_become_the_lowest_value() -> None:
    values = np.linspace(0, 1, 60, dtype=np.float32).reshape(5, 4, 3)
    values[0, 0, 0], values[1, 1, 1] = np.nan, np.inf
    frames = decoded(written(values, np.diag([-1, -1, 2, 1])))
    assert frames[0].stored[0, 0, 0] == 0 == frames[1].stored[1, 1, 0]
    assert frames[2].facts.low == frames[0].facts.low  # one window for the whole volume
    with pytest.raises(Refused):
        decoded(written(np.full((3, 3, 3), np.nan, np.float32), np.eye(4)))


def test_the_files_own_window_counts_first() -> None:
    values = np.arange(0, 2000, dtype=np.int16).reshape(10, 20, 10)
    frame = decoded(written(values, np.eye(4), cal_min=500, cal_max=900))[0]
    assert [v * frame.facts.slope + frame.facts.intercept for v in (frame.facts.low, frame.facts.high)] == [500, 900]


def test_colour() -> None:
    kind = np.dtype([("R", "u1"), ("G", "u1"), ("B", "u1")])
    values = np.zeros((3, 2, 2), kind)
    values[2, 1, 1] = (10, 20, 30)
    frames = decoded(written(values, np.diag([-1, -1, 3, 1])))
    assert frames[1].stored.shape == (2, 3, 3) and frames[1].stored[1, 2].tolist() == [10, 20, 30]


def test_few_volumes_are_all_taken_and_of_many_the_first() -> None:
    affine = np.diag([-1, -1, 3, 1])
    few = np.arange(4 * 5 * 3 * 2, dtype=np.int16).reshape(4, 5, 3, 2)
    frames = decoded(written(few, affine))
    assert len(frames) == 6 and frames[0].note is None
    assert [frame.facts.series for frame in frames[:3]] == [frames[0].facts.series] * 3
    assert frames[3].facts.series != frames[0].facts.series
    assert frames[3].facts.source_series == frames[0].facts.source_series
    assert (values_of(frames[4]) == few[:, :, 1, 1].T).all()
    many = np.zeros((4, 5, 3, 30), np.int16)
    data = written(many, affine)
    frames = decoded(data)
    assert len(frames) == 3 and frames[0].note is not None and frames[0].note.code == "first_volume"
    assert nifti.look(io.BytesIO(data), SETTINGS) == (3, frames[0].note)
    short = nifti.inflate(gzip.compress(data), SETTINGS)
    assert len(short) < len(data) / 5 and len(decoded(short)) == 3


def test_a_file_without_orientation_says_so() -> None:
    image = nibabel.Nifti1Image(np.zeros((4, 4, 3), np.uint8), None)
    image.header.set_zooms((0.5, 0.5, 2))
    image.set_sform(None, 0)
    image.set_qform(None, 0)
    frame = decoded(image.to_bytes())[0]
    assert frame.note is not None and frame.note.code == "side_unknown"
    assert (frame.facts.row_spacing, frame.facts.columns["slice spacing (mm)"]) == (0.5, "2")
    for broken in (np.full((4, 4), np.nan), np.zeros((4, 4))):
        data = written(np.zeros((4, 4, 3), np.uint8), np.eye(4))
        rows = struct.pack("<12f", *broken[:3].ravel())
        frame = decoded(data[:280] + rows + data[328:])[0]
        assert frame.note is not None and np.isfinite(frame.facts.slice_position or np.nan)


def test_units_of_length() -> None:
    data = written(np.zeros((4, 4, 3), np.uint8), np.diag([250, 250, 1000, 1]), xyzt_units=3)
    assert decoded(data)[1].facts.slice_position == 1.0 and decoded(data)[0].facts.row_spacing == 0.25


@pytest.mark.parametrize("two", [False, True])
@pytest.mark.parametrize("order", [">", "<"])
def test_a_pair_is_the_single_file_it_would_be(two: bool, order: str) -> None:
    values = np.arange(60, dtype=np.int16).reshape(3, 4, 5)
    kind = nibabel.Nifti2Header if two else nibabel.Nifti1Header
    header = kind(endianness=order)
    header.set_data_dtype(np.int16)
    header.set_data_shape(values.shape)
    header.set_sform(np.diag([-1, -1, 3, 1]), 1)
    header["vox_offset"] = 16
    header["magic"] = b"ni2" if two else b"ni1"
    head = header.binaryblock
    assert nifti.is_pair(head)
    joined = nifti.join(head, bytes(16) + values.astype(f"{order}i2").tobytes(order="F"))
    assert not nifti.is_pair(joined)
    assert [values_of(f).T.tolist() for f in decoded(joined)] == [values[:, :, k].tolist() for k in range(5)]
    with pytest.raises(Refused):
        nifti.join(head, bytes(3))


@pytest.mark.parametrize(
    "fields, code",
    [
        ({"intent_code": 1002}, "mask"),
        ({"intent_code": 1007}, "mask"),
        ({"intent_code": 3001}, "mask"),
        ({"datatype": 32}, "unsupported_pixels"),
        ({"datatype": 1536}, "unsupported_pixels"),
        ({"datatype": 77}, "corrupt"),
        ({"dim": (3, 4, -5, 3, 1, 1, 1, 1)}, "corrupt"),
        ({"dim": (3, 30000, 30000, 3, 1, 1, 1, 1)}, "too_large"),
        ({"dim": (3, 3000, 3000, 3000, 1, 1, 1, 1)}, "too_large"),
        ({"dim": (3, 400, 500, 300, 1, 1, 1, 1)}, "truncated"),
        ({"vox_offset": np.nan}, "corrupt"),
        ({"vox_offset": 12}, "corrupt"),
        ({"vox_offset": 1e9}, "truncated"),
    ],
)
def test_refusals(fields: dict[str, Any], code: str) -> None:
    data = bytearray(written(np.zeros((4, 5, 3), np.int16), np.eye(4)))
    header = np.frombuffer(data, nibabel.Nifti1Header.template_dtype, 1)
    for name, value in fields.items():
        header[name] = value
    with pytest.raises(Refused) as caught:
        decoded(bytes(data))
    assert caught.value.code == code


def test_a_gzip_bomb_is_refused_before_it_is_inflated() -> None:
    header = nibabel.Nifti1Header()
    header.set_data_dtype(np.float64)
    header.set_data_shape((512, 512, 1024))
    bomb = gzip.compress(header.binaryblock + bytes(1 << 22))
    with pytest.raises(Refused) as caught:
        nifti.inflate(bomb, SETTINGS)
    assert caught.value.code == "too_large"
    small = written(np.zeros((4, 5, 3), np.int16), np.eye(4))
    assert nifti.inflate(gzip.compress(small + bytes(1 << 24)), SETTINGS) == small
    packed = gzip.compress(small)
    for cut in (0.3, 0.6, 0.9, 0.99):
        with pytest.raises(Refused):
            decoded(nifti.inflate(packed[: int(len(packed) * cut)], SETTINGS))


@given(st.binary(max_size=600))
def test_any_bytes_end_well(tail: bytes) -> None:
    head = bytearray(nibabel.Nifti1Header().binaryblock)
    head[: len(tail[:348])] = tail[:348]
    head[344:348] = b"n+1\0"
    try:
        decoded(bytes(head) + tail, DecodeSettings(key=KEY, max_pixels=10**6))
    except Refused:
        return
