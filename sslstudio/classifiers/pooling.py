"""From scores of images to scores of studies and patients: what makes a bag, what is true of it, how it is pooled.

A bag holds the images of one study or one patient. Of numpy alone; the learned pooling is in `attention`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sslstudio.domain.units import Pooling, Unit

Doubles = NDArray[np.float64]
Ints = NDArray[np.int64]
BAGS: tuple[Unit, ...] = ("study", "patient")
NO_CLASS = -1


@dataclass(frozen=True, eq=False)
class Bags:
    """B bags over N images: `bag` (N,) says which one an image is in, `patient` (B,) whose it is, `size` (B,) how many
    images it holds; `order` (N,) puts the images of a bag side by side, `starts` (B,) says where each bag begins."""

    bag: Ints
    patient: NDArray[np.str_]
    size: Ints
    order: Ints
    starts: Ints


def make_bags(unit: Unit, patients: NDArray[np.str_], studies: NDArray[np.str_]) -> Bags:
    """The bags of images with these patients (N,) and studies (N,); a study is of one patient whatever it is called."""
    whose = np.asarray(patients, dtype=np.str_)
    if unit == "image":
        bag = np.arange(len(whose), dtype=np.int64)
    else:
        keys = np.stack([whose, whose if unit == "patient" else np.asarray(studies, dtype=np.str_)], axis=1)
        bag = np.unique(keys, axis=0, return_inverse=True)[1].reshape(-1).astype(np.int64)
    size = np.bincount(bag).astype(np.int64)
    order = np.argsort(bag, kind="stable").astype(np.int64)
    starts = (np.cumsum(size) - size).astype(np.int64)
    return Bags(bag, whose[order[starts]] if len(starts) else whose, size, order, starts)


def truth(y: NDArray[np.integer], bags: Bags, nothing: int = NO_CLASS) -> Ints:
    """The class (B,) of each bag from the classes y (N,) of its images, `NO_CLASS` where they differ.

    A bag is of the class that all its images are of. Where `nothing` is the class of images that show nothing, such
    images do not count beside others: a bag with one finding is of that finding, however few images show it, and of
    `nothing` only when all are (the assumption of multiple-instance learning: Dietterich, Lathrop and Lozano-Perez,
    Artificial Intelligence 89, 1997). A bag with two different findings has no class.
    """
    classes = np.asarray(y, dtype=np.int64)
    if not len(classes):
        return np.zeros(0, dtype=np.int64)
    shown = classes != nothing
    far = int(classes.max()) + 1
    lowest = np.minimum.reduceat(np.where(shown, classes, far)[bags.order], bags.starts)
    highest = np.maximum.reduceat(np.where(shown, classes, -1)[bags.order], bags.starts)
    found: Ints = np.where(highest < 0, nothing, np.where(lowest == highest, lowest, NO_CLASS))
    return found


def pool(proba: NDArray[np.floating], bags: Bags, pooling: Pooling, nothing: int = NO_CLASS) -> Doubles:
    """Probabilities (B, K) of bags from those of their images (N, K); rows sum to 1.

    "mean": the mean over the images. "max": a class has the probability of the image in which it is highest, then all
    are divided by their sum; of two classes of which one is `nothing` that is the usual maximum of multiple-instance
    learning, since `nothing` has its lowest probability (all images must show nothing). "attention": the probabilities
    are already those of the bag, repeated for its images, so that it is the mean again.
    """
    shares = np.asarray(proba, dtype=np.float64)
    if not len(shares):
        return shares.reshape(0, shares.shape[1])
    sorted_shares = shares[bags.order]
    if pooling != "max":
        mean: Doubles = np.add.reduceat(sorted_shares, bags.starts, axis=0) / bags.size[:, None]
        return mean
    top: Doubles = np.maximum.reduceat(sorted_shares, bags.starts, axis=0)
    if nothing != NO_CLASS:
        top[:, nothing] = np.minimum.reduceat(sorted_shares[:, nothing], bags.starts)
    total = top.sum(axis=1, keepdims=True)
    shared: Doubles = np.divide(top, total, out=np.full_like(top, 1 / top.shape[1]), where=total > 0)
    return shared
