"""Reads an image file as the model of this package learned it: pixels and windows by the rules of preprocessing.json.

Needs numpy, pydicom and pillow. It reads single-frame grey and RGB images; what it cannot read the way the model
learned it, it refuses.
"""

import json
import re
from pathlib import Path

import numpy as np
import pydicom
from PIL import Image, ImageOps

HERE = Path(__file__).resolve().parent
RULES = json.loads((HERE / "preprocessing.json").read_text(encoding="utf-8"))
SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
LOCALISER = re.compile(
    r"(?<![a-z])(?:locali[sz]ers?|loc|scouts?|survey|surview|topograms?|scanograms?|pilot|3 ?plane|tri ?plane)(?![a-z])"
)
TABLE = "a look-up table"


class UnsupportedError(Exception):
    """A kind of image that this file cannot read as the model learned it."""


def from_raster(path):
    """Stored values (H, W, C) of a PNG, JPEG, TIFF, BMP or WebP file and their windows (low, high), one a channel."""
    image = Image.open(path)
    deep = image.mode.startswith("I;16")
    hidden = image.format == "PNG" and path.read_bytes()[24] == 16 and not deep
    turned = image.format == "TIFF" and deep and image.tag_v2.get(262) == 0
    if image.mode in ("I", "F") or hidden or turned or getattr(image, "n_frames", 1) > 1:
        raise UnsupportedError
    image = ImageOps.exif_transpose(image)
    if deep:
        values = np.asarray(image).astype(np.uint16)[:, :, None]
        return values, windows(values, "", "", 1.0, 0.0, None)
    values = np.asarray(image.convert("RGBA"))  # transparency is laid over black
    values = np.rint(values[:, :, :3] * (values[:, :, 3:] / 255.0)).astype(np.uint8)
    return values[:, :, :1] if (values == values[:, :, :1]).all() else values, finished(255.0)


def from_dicom(path):
    """Stored values (H, W, C) of a DICOM image, bright is high, and their windows (DICOM PS3.3 C.11.1 and C.11.2)."""
    data = pydicom.dcmread(path)
    kind, raw, bits = data.PhotometricInterpretation, data.pixel_array, int(data.BitsStored)
    if raw.ndim == 3 and data.SamplesPerPixel == 3 and bits <= 16:
        return raw, finished(2.0**bits - 1.0 if raw.dtype.itemsize == 2 else 255.0)
    strange = "SegmentSequence" in data or "ModalityLUTSequence" in data
    if strange or raw.ndim != 2 or kind not in ("MONOCHROME1", "MONOCHROME2"):
        raise UnsupportedError
    raw, valid = raw.astype(np.float64), np.ones(raw.shape, dtype=bool)
    if "PixelPaddingValue" in data:
        ends = sorted((data.PixelPaddingValue, data.get("PixelPaddingRangeLimit", data.PixelPaddingValue)))
        valid = (raw < ends[0]) | (raw > ends[1])
        valid = valid if valid.any() else ~valid
    base = -(2.0 ** (bits - 1)) if data.PixelRepresentation else 0.0
    top = base + 2.0**bits - 1.0
    if raw[valid].min() < base or raw[valid].max() > top:
        base, top = raw[valid].min(), raw[valid].max()
    if top - base > 65535:
        raise UnsupportedError
    slope, intercept = float(data.get("RescaleSlope") or 1.0), float(data.get("RescaleIntercept") or 0.0)
    values, intercept = np.clip(raw - base, 0.0, top - base), slope * base + intercept
    if (slope < 0) != (kind == "MONOCHROME1"):
        values, slope, intercept = top - base - values, -slope, slope * (top - base) + intercept
    values = np.where(valid, values, values[valid].min())
    modality = str(data.get("Modality", ""))
    return values[:, :, None], windows(values[valid], modality, unit_of(data), slope, intercept, limits(data))


def limits(data):
    """The file's own window in the unit of the source, `TABLE` for a table (not read here), or None."""
    if "WindowCenter" in data and "WindowWidth" in data:
        centre, width = (float(np.ravel(value)[0]) for value in (data.WindowCenter, data.WindowWidth))
        if data.get("VOILUTFunction", "LINEAR") == "LINEAR":
            centre, width = centre - 0.5, max(width - 1.0, 1.0)
        return (centre - width / 2, centre + width / 2) if width > 0 else None
    return TABLE if "VOILUTSequence" in data else None


def unit_of(data):
    """HU where the values of a CT are known to be in it."""
    if data.get("Modality") != "CT" or "RescaleSlope" not in data or "RescaleIntercept" not in data:
        return ""
    types = " ".join(np.ravel(data.get("ImageType") or "")).upper()
    said = f"{data.get('SeriesDescription', '')} {data.get('ProtocolName', '')}".lower()
    captured = str(data.get("SOPClassUID")).startswith(SECONDARY_CAPTURE) or data.get("ConversionType")
    if captured or re.search("LOCALI[SZ]ER|SCOUT|SCREEN|CAPTURE", types) or LOCALISER.search(re.sub("[_-]", " ", said)):
        return ""
    return "HU" if str(data.get("RescaleType") or "").upper() in ("", "HU") else ""


def finished(top):
    """The windows of a picture that is shown as it is."""
    return [(0.0, top)] * RULES["channels"]


def windows(values, modality, unit, slope, intercept, own):
    """The windows (low, high) of an image, one a channel, by the first rule of each channel that is for it."""
    found = []
    for channel in RULES["rendering"]["channels"]:
        rule = next(
            rule
            for rule in channel["rules"]
            if (not rule["modalities"] or modality in rule["modalities"]) and rule["unit"] in ("", unit)
        )
        found.append(window(rule, values.astype(np.float64), slope, intercept, own))
    return found if len(found) == RULES["channels"] else found * RULES["channels"]


def window(rule, values, slope, intercept, own):
    """One window in stored values; `own` is the file's in the unit of the source, or None."""
    if rule["centre"] is not None:
        ends = (rule["centre"] - rule["width"] / 2, rule["centre"] + rule["width"] / 2)
        return tuple(sorted((end - intercept) / slope for end in ends))
    if rule["file_window"] and own == TABLE:
        raise UnsupportedError
    if rule["file_window"] and own is not None:
        low, high = sorted((limit - intercept) / slope for limit in own)
        if low < values.max() and high > values.min():
            return low, high
    low, high = np.percentile(values, (rule["lower"], rule["upper"]))
    if rule["from_zero"] and slope > 0:
        low = -intercept / slope
    low, high = (low, high) if high > low else (values.min(), values.max())
    return (low, high) if high > low else (low, low + 1.0)


def shrink(values):
    """Means over areas, so that no side is longer than the model has seen."""
    factor = RULES["max_side"] / max(values.shape[:2])
    for axis in (1, 0) if factor < 1 else ():
        length, count = values.shape[axis], max(1, round(values.shape[axis] * factor))
        running = np.insert(np.cumsum(values, axis=axis, dtype=np.float64), 0, 0.0, axis=axis)
        edges = np.linspace(0.0, length, count + 1)
        whole = np.minimum(edges.astype(int), length - 1)
        part = np.expand_dims(edges - whole, (1, 2) if axis == 0 else (0, 2))
        at_edges = running.take(whole, axis) * (1 - part) + running.take(whole + 1, axis) * part
        values = np.diff(at_edges, axis=axis) * (count / length)
    return np.rint(values) if factor < 1 else values


def match_channels(values):
    """As many channels as the model has: grey is repeated, colour becomes its luma."""
    if values.shape[2] == 1 or RULES["channels"] == 3:
        return np.repeat(values, RULES["channels"] // values.shape[2], axis=2)
    return np.rint(values @ np.array([0.299, 0.587, 0.114]))[:, :, None]


def read(path):
    """What the graph takes for one file: pixels float32 (1, C, H, W) and windows float32 (1, C, 2)."""
    with path.open("rb") as stream:
        is_dicom = stream.read(132)[128:] == b"DICM"
    values, seen = from_dicom(path) if is_dicom else from_raster(path)
    pixels = match_channels(shrink(values)).transpose(2, 0, 1)[None]
    return pixels.astype(np.float32), np.array([seen], np.float32)
