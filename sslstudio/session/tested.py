"""What a classifier said of each test image, kept with it: for the worst cases, subgroups, and comparing two."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from sslstudio.errors import SSLStudioError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from sslstudio.classifiers.pooled import Said

FILE = "tested.npz"
_ATTENDED = "attended_"


@dataclass(frozen=True, eq=False)
class Tested:
    """Image ids (N,) ascending, positions of their classes y (N,), probabilities (N, K), pseudonyms of patients (N,)
    and of studies (N,), none of an older version; `attended` as in `classifiers.pooled.Said`.
    """

    ids: NDArray[np.int64]
    y: NDArray[np.int64]
    proba: NDArray[np.float32]
    groups: NDArray[np.str_]
    studies: NDArray[np.str_] | None = None
    attended: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)

    def said(self) -> Said:
        """As it is pooled. Raises SSLStudioError ("not_tested") where an older version kept no studies."""
        from sslstudio.classifiers.pooled import Said

        if self.studies is None:
            raise SSLStudioError(
                "This classifier was tested by an older version, which did not keep what belongs to one study.",
                "Train it again.",
                code="not_tested",
            )
        return Said(self.y, self.proba, self.groups, self.studies, self.attended)


def keep(
    folder: Path,
    ids: Sequence[int],
    y: NDArray[np.integer],
    proba: NDArray[np.floating],
    groups: NDArray[np.str_],
    studies: NDArray[np.str_],
    attended: Mapping[str, NDArray[np.floating]],
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
            studies=np.asarray(studies, dtype=np.str_)[order],
            **{f"{_ATTENDED}{unit}": np.asarray(shares, dtype=np.float32)[order] for unit, shares in attended.items()},
        )
    partial.replace(folder / FILE)


def read(folder: Path) -> Tested:
    """What `keep` wrote. Raises SSLStudioError (code "not_tested") for a model tested by an older version, or never."""
    import numpy as np

    try:
        with np.load(folder / FILE, allow_pickle=False) as arrays:
            return Tested(
                arrays["ids"],
                arrays["y"],
                arrays["proba"],
                arrays["groups"],
                arrays.get("studies"),
                {name.removeprefix(_ATTENDED): arrays[name] for name in arrays if name.startswith(_ATTENDED)},
            )
    except (OSError, ValueError, KeyError):
        raise SSLStudioError(
            "What this classifier said of each test image is not kept.", "Train it again.", code="not_tested"
        ) from None
