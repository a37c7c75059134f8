"""The readers that `import_speed.py` compares with, each in one process of its own, warm, asked through a pipe.

    python benchmarks/import_peers.py bare|monai|simpleitk

Stands alone (no import of SSL Studio), so that a reader that is no dependency can run in an environment of its own.
Each line on stdin is {"stage": "scan" | "decode" | "store", "files": [...], "out": folder}; each answer is one line
{"files": n read, "refused": n, "wall": seconds, "cpu": seconds of this process}.
"""

from __future__ import annotations

import io
import json
import os
import sys
import time
import warnings
from collections.abc import Callable
from typing import Any

Read = Callable[[str], Any]


def bare() -> dict[str, Read]:
    """pydicom and Pillow as anybody would use them."""
    import numpy as np
    import pydicom
    from PIL import Image

    def is_dicom(path: str) -> bool:
        with open(path, "rb") as file:  # noqa: PTH123
            return file.read(132)[128:] == b"DICM"

    def scan(path: str) -> Any:
        if is_dicom(path):
            return pydicom.dcmread(path, stop_before_pixels=True)
        with Image.open(path) as image:
            return image.size

    def decode(path: str) -> Any:
        if is_dicom(path):
            return pydicom.dcmread(path).pixel_array
        with Image.open(path) as image:
            return np.asarray(image)

    return {
        "scan": scan,
        "decode": decode,
        "version": lambda _: f"pydicom {pydicom.__version__}, Pillow {_version('pillow')}",
    }


def store(decode: Read, folder: str) -> Read:
    """Decode, window by percentiles, thumbnail by Pillow, pixels and thumbnail appended to two files."""
    import numpy as np
    from PIL import Image

    pixels = open(os.path.join(folder, "pixels.bin"), "wb")  # noqa: PTH118, PTH123, SIM115 - closed with the process
    jpegs = open(os.path.join(folder, "thumbnails.bin"), "wb")  # noqa: PTH118, PTH123, SIM115

    def keep(path: str) -> None:
        values = decode(path)
        for frame in values if values.ndim == 3 and values.shape[2] not in (3, 4) else [values]:
            low, high = np.percentile(frame, (0.5, 99.5)) if frame.ndim == 2 else (0, 255)
            shown = np.clip((frame - low) / max(high - low, 1) * 255, 0, 255).astype(np.uint8)
            image = Image.fromarray(shown).convert("L" if shown.ndim == 2 else "RGB")
            image.thumbnail((128, 128))
            stream = io.BytesIO()
            image.save(stream, "JPEG", quality=88)
            pixels.write(np.ascontiguousarray(frame).data)
            jpegs.write(stream.getvalue())

    return keep


def monai() -> dict[str, Read]:
    """MONAI's `LoadImage` with the reader that its documentation names for the kind of file."""
    from monai.config import print_config  # noqa: F401 - the import is what takes its time
    from monai.data import PILReader, PydicomReader
    from monai.transforms import LoadImage

    pil, dicom = LoadImage(PILReader, image_only=True), LoadImage(PydicomReader, image_only=True)

    def decode(path: str) -> Any:
        with open(path, "rb") as file:  # noqa: PTH123
            head = file.read(132)
        return (dicom if head[128:] == b"DICM" else pil)(path)

    return {"decode": decode, "version": lambda _: f"MONAI {_version('monai')}"}


def simpleitk() -> dict[str, Read]:
    """SimpleITK's readers, which choose by the content of the file."""
    import SimpleITK

    SimpleITK.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
    SimpleITK.ProcessObject.SetGlobalWarningDisplay(False)

    def scan(path: str) -> Any:
        reader = SimpleITK.ImageFileReader()
        reader.SetFileName(path)
        reader.ReadImageInformation()
        return [reader.GetMetaData(key) for key in reader.GetMetaDataKeys()]

    def decode(path: str) -> Any:
        return SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(path))

    return {"scan": scan, "decode": decode, "version": lambda _: f"SimpleITK {_version('SimpleITK')}"}


PEERS = {"bare": bare, "monai": monai, "simpleitk": simpleitk}


def _version(name: str) -> str:
    from importlib.metadata import version

    return version(name)


def measure(read: Read, files: list[str]) -> dict[str, float]:
    """Read all files once."""
    refused = 0
    wall, cpu = time.perf_counter(), time.process_time()
    for path in files:
        try:
            read(path)
        except Exception:  # whatever a reader does not read is counted
            refused += 1
    return {
        "files": len(files),
        "refused": refused,
        "wall": time.perf_counter() - wall,
        "cpu": time.process_time() - cpu,
    }


def main() -> int:
    warnings.simplefilter("ignore")
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    readers = PEERS[sys.argv[1]]()
    answers.write(json.dumps({"version": readers["version"](""), "stages": sorted({*readers} - {"version"})}) + "\n")
    answers.flush()
    for line in sys.stdin:
        asked = json.loads(line)
        stage = asked["stage"]
        read = store(readers["decode"], asked["out"]) if stage == "store" else readers[stage]
        answers.write(json.dumps(measure(read, asked["files"])) + "\n")
        answers.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
