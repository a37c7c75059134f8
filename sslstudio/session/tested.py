"""What a classifier said of each test image, kept with it: for the worst cases, subgroups, and comparing two."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sslstudio.errors import SSLStudioError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FILE = "tested.npz"


@dataclass(frozen=True, eq=False)
class Tested:
    """Image ids (N,) ascending, positions of their classes y (N,), probabilities (N, K), pseudonyms of patients
    (N,).
    """

    ids: NDArray[np.int64]
    y: NDArray[np.int64]
    proba: NDArray[np.float32]
    groups: NDArray[np.str_]


def keep(
    folder: Path,
    ids: Sequence[int],
    y: NDArray[np.integer],
    proba: NDArray[np.floating],
    groups: NDArray[np.str_],
) -> None:
    """Write what was said of the images `ids` into a model's folder."""
    import numpy as np

    order = np.argsort(np.asarray(ids, dtype=np.int64), kind="stable")
    partial = folder / f"{FILE}.partial"
    with partial.open("wb") as file:
        np.savez(
            file,
            allow_pickle=False,
            ids=np.asarray(ids, dtype=np.int64)[order],
            y=np.asarray(y, dtype=np.int64)[order],
            proba=np.asarray(proba, dtype=np.float32)[order],
            groups=np.asarray(groups, dtype=np.str_)[order],
        )
    partial.replace(folder / FILE)


def read(folder: Path) -> Tested:
    """What `keep` wrote. Raises SSLStudioError (code "not_tested") for a model tested by an older version, or never."""
    import numpy as np

    try:
        with np.load(folder / FILE, allow_pickle=False) as arrays:
            return Tested(arrays["ids"], arrays["y"], arrays["proba"], arrays["groups"])
    except (OSError, ValueError, KeyError):
        raise SSLStudioError(
            "What this classifier said of each test image is not kept.", "Train it again.", code="not_tested"
        ) from None
