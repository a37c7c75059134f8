"""Why a classifier says what it says of one image: its probabilities, and the nearest labelled images of each class.

Called in the compute process, which reads the files itself.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

NEAREST = 4
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Near:
    """A labelled image, the class of its label, and how far its view is: 1 - cosine, 0 to 2."""

    image_id: int
    class_id: int
    distance: float


@dataclass(frozen=True)
class Explained:
    """`probabilities` by class id, in the model's order; `near` the nearest of each class, nearest first.

    `learned` says that the classifier has learned from this very image. `sets` are promised coverages with the classes
    that cannot be ruled out at each, the likeliest first; `indicative` that they rest on few images. No sets where the
    classifier keeps none, or has learned from the image, of which they would promise too much.
    """

    probabilities: dict[int, float]
    near: tuple[Near, ...]
    learned: bool
    sets: tuple[tuple[float, tuple[int, ...]], ...] = ()
    indicative: bool = False


def explain(
    model_folder: str, embedding: str, image_id: int, ids: Ints, class_ids: Ints, patients: Ints
) -> Explained | None:
    """What a model says of an image, beside labelled images `ids` (M,) with their classes (M,) and patients (M,).

    `embedding` is the path of the embedding's files without ".npy". Without a model ("") there are no probabilities.

    Of each patient the nearest image counts alone: four slices of one say no more than one. The image's own patient
    must be `patients[0]` with `ids[0]` the image itself, whatever its class: images of that patient are left out, since
    neighbouring slices explain nothing. None when the image is not in the embedding.
    """
    from sslstudio.classifiers.acquisition import unit_rows

    base = Path(embedding)
    known = np.load(base.with_name(base.name + ".ids.npy"), allow_pickle=False).astype(np.int64)
    vectors = np.load(base.with_name(base.name + ".npy"), mmap_mode="r", allow_pickle=False)
    order = np.argsort(known, kind="stable")
    place = np.minimum(np.searchsorted(known[order], ids), len(known) - 1)
    rows = order[place]
    there = known[rows] == ids
    if not there[0]:
        return None
    mine = np.asarray(vectors[rows[:1]], dtype=np.float32)
    said = _opinion(Path(model_folder), mine, image_id) if model_folder else Explained({}, (), learned=False)
    others = np.flatnonzero(there & (patients != patients[0]))
    distance = 1.0 - unit_rows(vectors[rows[others]]) @ unit_rows(mine)[0]
    near: list[Near] = []
    for class_id in said.probabilities or np.unique(class_ids[others]).tolist():
        of = np.flatnonzero(class_ids[others] == class_id)
        nearest = of[np.argsort(distance[of], kind="stable")]
        _, of_each = np.unique(patients[others][nearest], return_index=True)
        first = nearest[np.sort(of_each)[:NEAREST]]
        near += [Near(int(ids[others[at]]), int(class_id), round(float(distance[at]), 4)) for at in first]
    return replace(said, near=tuple(near))


def _opinion(folder: Path, vector: NDArray[np.float32], image_id: int) -> Explained:
    """What a model says of a vector (1, D), without neighbours."""
    from sslstudio.classifiers import conformal
    from sslstudio.classifiers.linear import LinearHead, predict_proba

    described: dict[str, Any] = json.loads((folder / "model.json").read_bytes())
    with np.load(folder / "head.npz", allow_pickle=False) as stored:
        arrays: dict[str, Any] = {name: stored[name] for name in ("coef", "intercept", "mean", "scale")}
        learned = bool(np.isin(image_id, stored["train_ids"]))
    head = LinearHead(**arrays, C=float(described["C"]), temperature=float(described["temperature"]))
    shares = predict_proba(head, vector)[0]
    class_ids = [int(key) for key in described["class_ids"]]
    kept: dict[str, Any] = {} if learned else (described.get("cross_validation") or {}).get("conformal") or {}
    sets = []
    for level in kept.get("levels", ()):
        within = conformal.sets(shares[None], float(level["least"]))[0]
        sets.append((float(level["coverage"]), tuple(class_ids[at] for at in np.argsort(-shares) if within[at])))
    return Explained(
        dict(zip(class_ids, shares.tolist(), strict=True)), (), learned, tuple(sets), conformal.indicative(kept)
    )
