"""Where a training keeps the features of the images it watches: `FOLDER` below the artifacts of its run holds

``sample.npz`` (ids (n,), and `of`, how many images the training saw) and ``epoch-00007.npy`` (features (n, D) float16)
for some epochs, counted from 1; 0 is before the first step.
"""

from __future__ import annotations

from pathlib import Path

FOLDER = "features"
SAMPLE = "sample.npz"
_STEM, _SUFFIX = "epoch-", ".npy"


def file_of(folder: Path, epoch: int) -> Path:
    """The features after `epoch`, counted from 1."""
    return folder / f"{_STEM}{epoch:05d}{_SUFFIX}"


def stored(folder: Path) -> list[int]:
    """The epochs whose features are there, ascending."""
    names = (path.name.removeprefix(_STEM).removesuffix(_SUFFIX) for path in folder.glob(f"{_STEM}*{_SUFFIX}"))
    return sorted(int(name) for name in names if name.isdecimal())
