"""How the view of a training changed: features of a few fixed images epoch by epoch, as maps laid onto one another."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sslstudio.domain.epoch_files import SAMPLE, file_of, stored
from sslstudio.embeddings.aligning import NEIGHBOURS, common_rows, laid_onto
from sslstudio.embeddings.neighbours import nearest
from sslstudio.embeddings.reduction import principal_components, standard_scale
from sslstudio.errors import SSLStudioError


@dataclass(frozen=True, eq=False)
class EpochMaps:
    """Maps (E, n, 2) of images `ids` (n,) after `epochs` (E,), ascending, 0 before the first step; each is laid onto
    the next, the last one onto the map that was given.

    `kept` (E,) is the share of an image's ten nearest that are the same after the last epoch, `by_chance` what it would
    be for unrelated ones. The training saw `of` images.
    """

    ids: NDArray[np.int64]
    epochs: tuple[int, ...]
    xy: NDArray[np.float32]
    kept: tuple[float, ...]
    by_chance: float
    of: int


def lay_out(folder: str, map_file: str = "") -> EpochMaps:
    """The maps of a training's epochs by principal components, from the files in `folder`; for the compute process.

    `map_file` is a map of the project onto which the last epoch is turned. Raises SSLStudioError "no_epochs".
    """
    place = Path(folder)
    nothing = SSLStudioError(
        "This training kept no features of its epochs.", "Trainings from this version on do.", code="no_epochs"
    )
    try:
        with np.load(place / SAMPLE, allow_pickle=False) as sample:
            ids, of = sample["ids"].astype(np.int64), int(sample["of"])
        epochs = stored(place)
        features = [np.load(file_of(place, epoch), allow_pickle=False) for epoch in epochs]
    except (OSError, ValueError, KeyError):
        raise nothing from None
    whole = [one.shape[:1] == ids.shape for one in features]
    if len(ids) < 2 or not any(whole):
        raise nothing
    epochs = [epoch for epoch, fits in zip(epochs, whole, strict=True) if fits]
    features = [one for one, fits in zip(features, whole, strict=True) if fits]
    maps = [standard_scale(_plane(one)) for one in features]
    maps[-1] = _turned(ids, maps[-1], map_file)
    for number in range(len(maps) - 2, -1, -1):
        maps[number], _ = laid_onto(maps[number + 1], maps[number])
    rows = np.arange(len(ids))
    last, _ = nearest(features[-1], rows, NEIGHBOURS)
    return EpochMaps(
        ids=ids,
        epochs=tuple(epochs),
        xy=np.stack(maps),
        kept=tuple(_kept(nearest(one, rows, NEIGHBOURS)[0], last) for one in features),
        by_chance=min(1.0, NEIGHBOURS / max(1, len(ids) - 1)),
        of=of,
    )


def _plane(features: NDArray[np.floating]) -> NDArray[np.float32]:
    flat = np.zeros((len(features), 2), dtype=np.float32)
    found = principal_components(features, 2)
    flat[:, : found.shape[1]] = found
    return flat


def _turned(ids: NDArray[np.int64], xy: NDArray[np.float32], map_file: str) -> NDArray[np.float32]:
    """`xy` (n, 2) laid onto the map of the project where both show the same images; as it is where hardly any are."""
    if not map_file:
        return xy
    with np.load(map_file, allow_pickle=False) as arrays:
        map_ids, places = arrays["ids"].astype(np.int64), arrays["xy"]
    own, other = common_rows(ids, map_ids)
    return xy if len(own) < 3 else laid_onto(places[other], xy[own], xy)[0]


def _kept(found: NDArray[np.int64], last: NDArray[np.int64]) -> float:
    return float((found[:, :, None] == last[:, None, :]).any(axis=2).mean()) if found.size else 1.0
