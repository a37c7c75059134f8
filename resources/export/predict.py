"""Scores images with the model package this file lies in: python predict.py IMAGE... > predictions.csv

Needs onnxruntime, numpy, pydicom and pillow, and nothing else. How a file becomes pixels stands in read_image.py; what
it cannot read the way the model learned it, is skipped and said. Research use only. Not a medical device.
"""

import csv
import json
import sys
from pathlib import Path

import onnxruntime

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
from read_image import UnsupportedError, read  # noqa: E402

CLASSES = [entry["name"] for entry in json.loads((HERE / "labels.json").read_text(encoding="utf-8"))["classes"]]


def main(paths):
    """Write one row for each file to the standard output."""
    session = onnxruntime.InferenceSession(HERE / "model.onnx", providers=["CPUExecutionProvider"])
    table = csv.writer(sys.stdout, lineterminator="\n")
    table.writerow(["file", "label", "confidence", *(f"probability {name}" for name in CLASSES), "status", "reason"])
    for path in map(Path, paths):
        try:
            pixels, window = read(path)
        except Exception as error:  # whatever a damaged file makes the libraries raise
            what = "this kind of image is not read here" if isinstance(error, UnsupportedError) else "cannot be read"
            table.writerow([path.name, "", "", *("" for _ in CLASSES), "skipped", what])
            continue
        probabilities = session.run(["probabilities"], {"pixels": pixels, "window": window})[0][0]
        best = int(probabilities.argmax())
        row = [f"{probability:.6f}" for probability in probabilities]
        table.writerow([path.name, CLASSES[best], row[best], *row, "predicted", ""])


if __name__ == "__main__":
    main(sys.argv[1:])
