"""Scores images with the model package this file lies in: python predict.py IMAGE... > predictions.csv

Needs onnxruntime, numpy, pydicom and pillow, and nothing else. It reads single-frame grey and RGB images; what it
cannot read the way the model learned it, it skips and says so. Research use only. Not a medical device.
"""

import csv
import json
import sys
from pathlib import Path

import numpy as np
import onnxruntime
import pydicom
from PIL import Image, ImageOps

HERE = Path(__file__).resolve().parent
RULES = json.loads((HERE / "preprocessing.json").read_text(encoding="utf-8"))
CLASSES = [entry["name"] for entry in json.loads((HERE / "labels.json").read_text(encoding="utf-8"))["classes"]]


class UnsupportedError(Exception):
    """A kind of image that this file cannot read as the model learned it."""


def from_raster(path):
    """Stored values (H, W, C) of a PNG, JPEG, TIFF, BMP or WebP file and their window (low, high)."""
    image = Image.open(path)
    deep = image.mode.startswith("I;16")
    hidden = image.format == "PNG" and path.read_bytes()[24] == 16 and not deep
    turned = image.format == "TIFF" and deep and image.tag_v2.get(262) == 0
    if image.mode in ("I", "F") or hidden or turned or getattr(image, "n_frames", 1) > 1:
        raise UnsupportedError
    image = ImageOps.exif_transpose(image)
    if deep:
        values = np.asarray(image).astype(np.uint16)[:, :, None]
        return values, percentiles(values)
    values = np.asarray(image.convert("RGBA"))  # transparency is laid over black
    values = np.rint(values[:, :, :3] * (values[:, :, 3:] / 255.0)).astype(np.uint8)
    return values[:, :, :1] if (values == values[:, :, :1]).all() else values, (0.0, 255.0)


def from_dicom(path):
    """Stored values (H, W, C) of a DICOM image, bright is high, and their window (DICOM PS3.3 C.11.1 and C.11.2)."""
    data = pydicom.dcmread(path)
    kind, raw, bits = data.PhotometricInterpretation, data.pixel_array, int(data.BitsStored)
    if raw.ndim == 3 and data.SamplesPerPixel == 3 and bits <= 16:
        return raw, (0.0, 2.0**bits - 1.0 if raw.dtype.itemsize == 2 else 255.0)
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
    low, high = sorted((limit - intercept) / slope for limit in limits(data))
    if not (low < values[valid].max() and high > values[valid].min()):
        low, high = percentiles(values[valid])
    return values[:, :, None], (low, high)


def limits(data):
    """The window in the unit of the source: a fixed one for this modality, or the file's own; an empty one if none."""
    rule = RULES["window"]
    if rule["centre"] is not None and data.get("Modality") == rule["modality"]:
        return rule["centre"] - rule["width"] / 2, rule["centre"] + rule["width"] / 2
    if rule["file_window"] and "WindowCenter" in data and "WindowWidth" in data:
        centre, width = (float(np.ravel(value)[0]) for value in (data.WindowCenter, data.WindowWidth))
        if data.get("VOILUTFunction", "LINEAR") == "LINEAR":
            centre, width = centre - 0.5, max(width - 1.0, 1.0)
        return (centre - width / 2, centre + width / 2) if width > 0 else (np.inf, np.inf)
    if rule["file_window"] and "VOILUTSequence" in data:
        raise UnsupportedError
    return np.inf, np.inf


def percentiles(values):
    """Window where none is given: two percentiles of at most a million values."""
    flat = values.reshape(-1)
    flat = flat[:: -(-flat.size // 1_000_000)]
    low, high = np.percentile(flat, (RULES["window"]["lower"], RULES["window"]["upper"]))
    low, high = (low, high) if high > low else (float(values.min()), float(values.max()))
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


def main(paths):
    """Write one row for each file to the standard output."""
    session = onnxruntime.InferenceSession(HERE / "model.onnx", providers=["CPUExecutionProvider"])
    table = csv.writer(sys.stdout, lineterminator="\n")
    table.writerow(["file", "label", "confidence", *(f"probability {name}" for name in CLASSES), "status", "reason"])
    for path in map(Path, paths):
        try:
            with path.open("rb") as stream:
                is_dicom = stream.read(132)[128:] == b"DICM"
            values, window = from_dicom(path) if is_dicom else from_raster(path)
            values = match_channels(shrink(values))
        except Exception as error:  # whatever a damaged file makes the libraries raise
            what = "this kind of image is not read here" if isinstance(error, UnsupportedError) else "cannot be read"
            table.writerow([path.name, "", "", *("" for _ in CLASSES), "skipped", what])
            continue
        pixels = values.transpose(2, 0, 1)[None].astype(np.float32)
        probabilities = session.run(["probabilities"], {"pixels": pixels, "window": np.array([window], np.float32)})[0][
            0
        ]
        best = int(probabilities.argmax())
        row = [f"{probability:.6f}" for probability in probabilities]
        table.writerow([path.name, CLASSES[best], row[best], *row, "predicted", ""])


if __name__ == "__main__":
    main(sys.argv[1:])
