"""From an image file to what the network sees, and from there to a table; for the configuration beside this folder.

Needs torch, numpy, pydicom and pillow, as the bundle's metadata says. Research use only. Not a medical device.
"""

import csv
import json
from pathlib import Path

import torch
from scripts import read_image, resample

LOOK = json.loads((Path(__file__).parent / "look.json").read_text(encoding="utf-8"))


def prepare(path):
    """One file as (C, S, S) float32: window, one resize, normalisation, as the network was trained."""
    pixels, window = map(torch.from_numpy, read_image.read(Path(path)))
    low, high = (window[:, :, i, None, None].double() for i in (0, 1))
    high = torch.where(high > low, high, low + 1.0)
    steps = torch.round(torch.clamp((pixels.double() - low) / (high - low), 0.0, 1.0) * 255.0)
    fitted = resample.fit_square(steps.float() / 255.0, LOOK["image_size"])
    mean, std = (torch.tensor(LOOK[name]).view(1, -1, 1, 1) for name in ("mean", "std"))
    return ((fitted - mean) / std)[0]


def score(paths, root, transform, inferer, network, device, output):
    """Write one row for each file to the table `output`: the most probable class and the probability of each."""
    with Path(output).open("w", newline="", encoding="utf-8") as stream:
        table = csv.writer(stream, lineterminator="\n")
        names = LOOK["classes"]
        table.writerow(["file", "label", "confidence", *(f"probability {name}" for name in names), "status"])
        network.eval()
        for path in map(Path, paths):
            name = path.relative_to(root).as_posix()
            try:
                image = transform({"image": str(path)})["image"]
            except Exception:  # whatever a damaged file makes the libraries raise
                table.writerow([name, "", "", *("" for _ in names), "skipped"])
                continue
            with torch.inference_mode():
                logits = inferer(torch.as_tensor(image)[None].to(device), network)
            shares = torch.softmax(logits, dim=1)[0].tolist()
            best = shares.index(max(shares))
            row = [f"{share:.6f}" for share in shares]
            table.writerow([name, names[best], row[best], *row, "predicted"])
