"""How often does a package call images unlike those it was trained on, of new patients and of something else?

    python benchmarks/unlike_images.py LABELS.csv IMAGES OTHERS [--backbone resnet18] [--image-size 96] [--work FOLDER]

LABELS.csv has the columns image, label, split (train / test) for the images below IMAGES; OTHERS are images of another
kind. All are embedded (an untrained network) as the product does; what is typical is learned from the train
part alone, each image as a patient of its own where the set names none. Printed are the shares that are called unlike:
of the test part (what is promised is one in a hundred) and of the others, with 95 % intervals (Wilson).
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.few_label import Labelled, cache_images, embed, read_labels
from sslstudio.classifiers import typical
from sslstudio.classifiers.intervals import wilson

ENDINGS = (".png", ".jpg", ".jpeg")


def features(root: Path, folder: Path, names: list[str], labelled: Labelled, options: argparse.Namespace) -> np.ndarray:
    """The embeddings of images, (N, D)."""
    (root / "pixels").mkdir(parents=True)
    items = cache_images(root, folder, names, labelled)
    return np.asarray(embed(root, "random", options.backbone, options.image_size, items))


def said(title: str, unlike: np.ndarray) -> str:
    """The share called unlike, with its interval."""
    interval = wilson(int(unlike.sum()), len(unlike))
    shares = f"{unlike.mean():.3f} ({interval.low:.3f}-{interval.high:.3f})"
    return f"{title}: {shares} of {len(unlike):,} called unlike"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("labels", type=Path)
    parser.add_argument("images", type=Path)
    parser.add_argument("others", type=Path)
    parser.add_argument("--backbone", default="resnet18")
    parser.add_argument("--image-size", type=int, default=96)
    parser.add_argument("--most", type=int, default=1000, help="so many of the others")
    options = parser.parse_args()
    names, labelled = read_labels(options.labels)
    found = sorted(p for p in options.others.rglob("*") if p.suffix.lower() in ENDINGS)
    found = [found[n] for n in np.linspace(0, len(found) - 1, min(options.most, len(found))).astype(int)]
    strangers = [path.relative_to(options.others).as_posix() for path in found]
    count = len(strangers)
    unknown = Labelled(("other",), np.zeros(count, int), np.ones(count, bool), tuple(map(str, range(count))))
    with tempfile.TemporaryDirectory() as place:
        x = features(Path(place) / "known", options.images, names, labelled, options)
        other = features(Path(place) / "others", options.others, strangers, unknown, options)
    train = ~labelled.test
    learned = typical.learn(x[train], labelled.classes[train], np.array(labelled.subjects)[train])
    if isinstance(learned, str):
        raise SystemExit(learned)
    print(f"{options.backbone} at {options.image_size} px, learned from {int(train.sum()):,} images")
    print(said("the test part", learned.distance(x[labelled.test]) > 1))
    print(said("the others", learned.distance(other) > 1))


if __name__ == "__main__":
    main()
