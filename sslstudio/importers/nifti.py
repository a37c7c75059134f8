"""Decodes NIfTI-1 and NIfTI-2 volumes, slice by slice, into linear stored values; runs in the decode worker.

Headers, affines and orientations are nibabel's. Slices are cut along the axis of acquisition, turned as a radiologist
expects them (patient's right on the left of the picture, front or head up), and ordered and placed as the same volume
would be in DICOM: `slice_position` is the distance in mm along the normal of the picture in patient coordinates.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from sslstudio.importers import raster
from sslstudio.importers.decoding import DecodedFrame, DecodeSettings, FrameFacts, Note, check_size, with_windows
from sslstudio.importers.directions import DIRECTIONS, letters
from sslstudio.importers.identity import pseudonym
from sslstudio.importers.reasons import Refused
from sslstudio.importers.windowing import StoredPixels

HEAD_BYTES = 1024
"""From this much of a file its header can be read."""
MOST_VOLUMES = 8
"""A file with more volumes is a time series or a diffusion scan, whose volumes look alike: its first is taken."""

_MILLIMETRES = {1: 1000.0, 3: 0.001}
_NOT_IMAGES = {1002: "segmentation", 1006: "field of vectors", 1007: "field of vectors", 2003: "table of colours"}
_CIFTI = range(3000, 3100)
_COLOUR = {128: 3, 2304: 4}
_COMPLEX = (32, 1792, 2048)
_ALIKE = 0.99
_LPS = np.array([-1.0, -1.0, 1.0])


@dataclass(frozen=True)
class _Volume:
    """What a header says. `axes` are the voxel axes of rows, columns and slices, `steps` the way along each; `placed`
    is False where the file does not say how the volume lies in the body."""

    shape: tuple[int, int, int]
    volumes: int
    taken: int
    dtype: np.dtype[Any]
    channels: int
    offset: int
    slope: float
    intercept: float
    window: tuple[float, float] | None
    affine: NDArray[np.float64]
    axes: tuple[int, int, int]
    steps: tuple[int, int, int]
    placed: bool
    note: Note | None

    @property
    def plane(self) -> str:
        """Axial, coronal, sagittal or oblique, by the axis along which the slices are stacked."""
        along = np.abs(self.affine[:3, self.axes[2]])
        steepest = float(along.max() / np.linalg.norm(along))
        return ("sagittal", "coronal", "axial")[int(along.argmax())] if steepest > 0.9 else "oblique"

    @property
    def edges(self) -> NDArray[np.float64]:
        """Where rows and columns of the picture run to, (2, 3) in DICOM's patient coordinates, one voxel long."""
        axes = _LPS[:, None] * self.affine[:3, :3]
        return np.stack([axes[:, self.axes[1]] * self.steps[1], axes[:, self.axes[0]] * self.steps[0]])

    @property
    def needed(self) -> int:
        """How many bytes from the start of the file hold the volumes that are taken."""
        return self.offset + int(np.prod(self.shape)) * self.channels * self.dtype.itemsize * self.taken


def look(stream: BinaryIO, settings: DecodeSettings) -> tuple[int, Note | None]:
    """How many slices a file gives and what is to be told of it, from its header; raises Refused if it gives none."""
    volume = _volume(stream.read(HEAD_BYTES), settings)
    return volume.shape[volume.axes[2]] * volume.taken, volume.note


def decode(data: bytes, settings: DecodeSettings) -> Iterator[DecodedFrame]:
    """The slices of a volume (of each volume, if there are few) in the order of their positions. Raises Refused."""
    volume = _volume(data, settings)
    if len(data) < volume.needed:
        raise Refused("truncated")
    stored, slope, intercept = _stored(volume, data)
    seen = _seen(volume, stored, slope, intercept)
    rows, columns, along = volume.axes
    sizes = np.linalg.norm(volume.affine[:3, :3], axis=0)
    further = {"plane": volume.plane, "slice spacing (mm)": f"{sizes[along]:.6g}"}
    if told := letters(*volume.edges.tolist()) if volume.placed else "":
        further[DIRECTIONS] = told
    key, file = bytes.fromhex(settings.key), hashlib.sha256(data).hexdigest()
    for number in range(volume.taken):
        for place, position in enumerate(_positions(volume)):
            index: list[Any] = [slice(None)] * 4 + [number]
            index[along] = place if volume.steps[2] > 0 else volume.shape[along] - 1 - place
            picture = stored[tuple(index)]
            picture = picture if rows < columns else picture.swapaxes(0, 1)
            picture = picture[:: volume.steps[0], :: volume.steps[1]]
            own = {
                "series": pseudonym(key, "series", f"{file} {number}"),
                "bits": picture.dtype.itemsize * 8,
                "instance_number": place + 1,
                "slice_position": position,
                "source_series": pseudonym(key, "source_series", file),
                "row_spacing": float(sizes[rows]),
                "column_spacing": float(sizes[columns]),
                "columns": further,
            }
            facts = seen.model_copy(update=own)
            yield DecodedFrame(np.ascontiguousarray(picture), facts, volume.note if not number + place else None)


def inflate(data: bytes, settings: DecodeSettings) -> bytes:
    """As much of a compressed volume as its header needs. Raises Refused, before anything large is inflated."""
    try:
        with gzip.open(io.BytesIO(data)) as stream:
            needed = _volume(stream.read(HEAD_BYTES), settings).needed
            stream.seek(0)
            inflated = stream.read(needed)
            stream.read(1)  # at the end this compares the checksum
    except EOFError:
        raise Refused("truncated") from None
    except (zlib.error, gzip.BadGzipFile):
        raise Refused("corrupt") from None
    return inflated


def is_pair(head: bytes) -> bool:
    """True for the header of a .hdr / .img pair."""
    return head[344:348] == b"ni1\0" or head[4:8] == b"ni2\0"


def join(header: bytes, pixels: bytes) -> bytes:
    """A .hdr / .img pair as the single file that it would be: header, four bytes, pixels."""
    second = header[4:8] == b"ni2\0"
    size, place, kind = (540, 168, "q") if second else (348, 108, "f")
    order = "<" if struct.unpack_from("<i", header)[0] == size else ">"
    single = bytearray(header[:size])
    (offset,) = struct.unpack_from(f"{order}{kind}", single, place)
    if not 0 <= offset <= len(pixels):
        raise Refused("truncated" if offset > 0 else "corrupt")
    struct.pack_into(f"{order}{kind}", single, place, size + 4)
    single[4:8] = b"n+2\0" if second else single[4:8]
    single[344:348] = single[344:348] if second else b"n+1\0"
    return bytes(single) + bytes(4) + pixels[int(offset) :]


def _volume(data: bytes, settings: DecodeSettings) -> _Volume:
    import nibabel

    kind = nibabel.Nifti2Header if data[4:8] in (b"n+2\0", b"ni2\0") else nibabel.Nifti1Header
    if len(data) < kind.sizeof_hdr:
        raise Refused("truncated")
    try:
        header: Any = kind.from_fileobj(  # type: ignore[no-untyped-call]
            io.BytesIO(data[: kind.sizeof_hdr]), check=False
        )
        shape = tuple(int(size) for size in header.get_data_shape())
        code = int(header["datatype"])
        dtype = np.dtype(np.uint8) if code in _COLOUR else header.get_data_dtype()
        slope, intercept = header.get_slope_inter()
        offset = int(header["vox_offset"]) or kind.sizeof_hdr + 4
    except (nibabel.spatialimages.HeaderDataError, KeyError, ValueError, TypeError, OverflowError):
        raise Refused("corrupt") from None
    intent = int(header["intent_code"])
    if what := _NOT_IMAGES.get(intent, "table of connections" if intent in _CIFTI else ""):
        raise Refused("mask", content=what)
    if code in _COMPLEX or dtype.kind not in "uif" or dtype.itemsize > 8:
        raise Refused("unsupported_pixels", content="complex or very long numbers")
    first, second, third = (*shape, 1, 1, 1)[:3]
    spatial = (first, second, third)
    volumes = int(np.prod(shape[3:], dtype=np.float64)) if len(shape) > 3 else 1
    if len(shape) < 2 or min((*spatial, volumes)) < 1:
        raise Refused("corrupt")
    channels = _COLOUR.get(code, 1)
    taken = volumes if volumes <= MOST_VOLUMES else 1
    affine, known = _affine(header, spatial)
    axes, steps = _axes(header, spatial, affine)
    check_size(spatial[axes[1]], spatial[axes[0]], channels, spatial[axes[2]] * taken, settings.max_pixels)
    if offset < kind.sizeof_hdr:
        raise Refused("corrupt")
    note = Note("first_volume", {"count": f"{volumes:,}"}) if taken < volumes else None
    if note is None and not known:
        note = Note("side_unknown")
    scale = (1.0, 0.0) if slope is None or channels > 1 else (float(slope), float(intercept or 0.0))
    low, high = float(header["cal_min"]), float(header["cal_max"])
    window = (low, high) if np.isfinite([low, high]).all() and high > low else None
    volume = _Volume(spatial, volumes, taken, dtype, channels, offset, *scale, window, affine, axes, steps, known, note)
    if volume.needed > settings.memory_bytes // 4:
        raise Refused("too_large")
    return volume


def _affine(header: Any, shape: tuple[int, int, int]) -> tuple[NDArray[np.float64], bool]:
    """Voxels to millimetres (right, front, head), and whether the file says so; else from the voxel sizes alone."""
    unit = _MILLIMETRES.get(int(header["xyzt_units"]) & 7, 1.0)
    try:
        affine = np.asarray(header.get_best_affine(), np.float64)
        sizes = np.linalg.norm(affine[:3, :3], axis=0)
        stated = bool(int(header["sform_code"]) or int(header["qform_code"]))
        sound = bool(np.isfinite(affine).all()) and abs(np.linalg.det(affine[:3, :3])) > 1e-6 * float(np.prod(sizes))
    except (ValueError, np.linalg.LinAlgError):
        sound = stated = False
    if not sound or not sizes.all():
        zooms = np.abs(np.asarray(header["pixdim"][1:4], np.float64))
        zooms = np.where(np.isfinite(zooms) & (zooms > 0), zooms, 1.0)
        affine, stated = np.diag([-zooms[0], zooms[1], zooms[2], 1.0]), False
        affine[:3, 3] = -affine[:3, :3] @ ((np.array(shape) - 1) / 2)
    affine[:3] *= unit
    return affine, stated


def _axes(
    header: Any, shape: tuple[int, int, int], affine: NDArray[np.float64]
) -> tuple[tuple[int, int, int], tuple[int, int, int]]:
    """Voxel axes of rows, columns and slices, and the step (1 or -1) along each for the radiologist's picture.

    Rows run towards the feet, or the back where slices are stacked from feet to head; columns run towards the patient's
    left, or the back where slices are stacked from side to side. The stack follows the normal rows make with columns.
    """
    import nibabel

    codes = nibabel.io_orientation(affine)  # type: ignore[no-untyped-call]
    anatomy = [int(axis) for axis in codes[:, 0]]
    signs = [int(sign) for sign in codes[:, 1]]
    along = _slice_axis(header, shape, np.linalg.norm(affine[:3, :3], axis=0), anatomy.index(2))
    flat = [axis for axis in range(3) if axis != along]
    rows, columns = sorted(flat, key=lambda axis: anatomy[axis], reverse=True)
    ahead = -signs[along] if anatomy[along] == 1 else signs[along]
    return (rows, columns, along), (-signs[rows], -signs[columns], ahead)


def _slice_axis(header: Any, shape: tuple[int, int, int], sizes: NDArray[np.float64], axial: int) -> int:
    """The axis of acquisition: a flat one, the one the file names, the coarsest, the shortest, else feet to head."""
    flat = [axis for axis in range(3) if shape[axis] == 1]
    if len(flat) == 1:
        return flat[0]
    named = header.get_dim_info()[2]
    if named is not None:
        return int(named)
    coarse = [axis for axis in range(3) if sizes[axis] >= _ALIKE * sizes.max()]
    short = [axis for axis in coarse if shape[axis] == min(shape[other] for other in coarse)]
    return short[0] if len(short) == 1 else axial if axial in short else short[0]


def _positions(volume: _Volume) -> list[float]:
    """Where each slice of the stack lies along the normal of the picture, in mm (PS3.3 C.7.6.2.1.1)."""
    along = volume.axes[2]
    normal = np.cross(*volume.edges)
    normal /= np.linalg.norm(normal)
    first = float(normal @ (_LPS * volume.affine[:3, 3]))
    step = float(normal @ (_LPS * volume.affine[:3, along]))
    count = volume.shape[along]
    places = range(count) if volume.steps[2] > 0 else range(count - 1, -1, -1)
    return [round(first + place * step, 6) + 0.0 for place in places]


def _stored(volume: _Volume, data: bytes) -> tuple[StoredPixels, float, float]:
    """Stored values (I, J, K, C, volumes) of the whole file, bright is high, with the slope and intercept of all."""
    count = int(np.prod(volume.shape)) * volume.channels * volume.taken
    values = np.frombuffer(data, volume.dtype, count, volume.offset)
    values = values.astype(volume.dtype.newbyteorder("="), copy=False)
    if volume.channels > 1:
        colour = values.reshape((volume.channels, *volume.shape, volume.taken), order="F")
        return np.moveaxis(colour[:3], 0, 3), 1.0, 0.0
    stored, slope, intercept = raster.to_stored(values)
    if volume.slope < 0:
        top = int(np.iinfo(stored.dtype).max)
        stored, slope, intercept = np.asarray(top - stored, stored.dtype), -slope, intercept + slope * top
    shaped = stored.reshape((*volume.shape, 1, volume.taken), order="F")
    return shaped, slope * volume.slope, intercept * volume.slope + volume.intercept


def _seen(volume: _Volume, stored: StoredPixels, slope: float, intercept: float) -> FrameFacts:
    """What windows are made from, of the whole volume: so each of its slices is seen alike."""
    facts = FrameFacts(slope=slope, intercept=intercept)
    if volume.channels > 1:
        return with_windows(facts, stored, (0.0, 255.0), finished=True)
    if volume.window is None:
        return with_windows(facts, stored)
    low, high = sorted((edge - intercept) / slope for edge in volume.window)
    return with_windows(facts, stored, (low, high))
