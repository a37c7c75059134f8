"""How far two readings, or those of several raters, of the same images agree beyond chance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

REPLICATES = 1000


@dataclass(frozen=True)
class OfClass:
    """One class: how often it was answered by the raters together, and the share of times that another rater of the
    same image answered it too, given that one did (specific agreement; None where nobody answered it)."""

    class_id: int
    answers: int
    agree: float | None


@dataclass(frozen=True)
class Agreement:
    """Two readings of `n` images from `patients` patients: the share they `agree` on, Cohen's kappa and its interval.

    `kappa` is None where both readings use one and the same class only, so that nothing can be told from chance.
    """

    n: int
    patients: int
    agree: float
    kappa: float | None
    low: float = 0.0
    high: float = 0.0
    classes: tuple[OfClass, ...] = ()


@dataclass(frozen=True)
class Several:
    """The readings of `raters` raters of the same `n` images from `patients` patients: the share of pairs of answers
    that `agree`, Fleiss' kappa and its interval (None as in `Agreement`)."""

    raters: int
    n: int
    patients: int
    agree: float
    kappa: float | None
    low: float = 0.0
    high: float = 0.0
    classes: tuple[OfClass, ...] = ()


def between(one: Mapping[int, int], other: Mapping[int, int], subjects: Mapping[int, str]) -> Agreement | None:
    """Two raters' classes by image, on the images that both answered; None for none. `subjects`: whose each is."""
    both = sorted(one.keys() & other.keys())
    if not both:
        return None
    first, second = (np.array([rater[image] for image in both]) for rater in (one, other))
    return cohen(first, second, np.array([subjects.get(image, str(image)) for image in both]))


def many(raters: Sequence[Mapping[int, int]], subjects: Mapping[int, str]) -> Several | None:
    """All raters' classes by image, on the images that all answered; None where there is none."""
    if len(raters) < 2:
        return None
    shared = set(raters[0])
    for rater in raters[1:]:
        shared &= rater.keys()
    images = sorted(shared)
    if not images:
        return None
    given = np.array([[rater[image] for rater in raters] for image in images])
    return fleiss(given, np.array([subjects.get(image, str(image)) for image in images]))


def fleiss(given: NDArray[np.integer], patients: NDArray[np.generic], seed: int = 0) -> Several:
    """Agreement of classes `given` (N, R), N > 0, R > 1 raters, of images of `patients` (N,).

    J. L. Fleiss, Psychol. Bull. 76, 1971; the 95 % interval by a bootstrap of the patients, 1,000 draws.
    """
    n, raters = given.shape
    names, codes = np.unique(given, return_inverse=True)
    counts = np.zeros((n, len(names)))
    np.add.at(counts, (np.repeat(np.arange(n), raters), codes.ravel()), 1)
    same = (counts * (counts - 1)).sum(axis=1) / (raters * (raters - 1))
    who, patient = np.unique(patients, return_inverse=True)
    sums = np.zeros((len(who), len(names) + 2))  # answers of each class, agreement, images
    np.add.at(sums, patient, np.column_stack([counts, same, np.ones(n)]))
    value = float(_fleiss(sums.sum(axis=0)[None], raters)[0])
    pairs = (counts * (counts - 1)).sum(axis=0)
    classes = tuple(
        OfClass(int(name), int(total), float(agreed / (total * (raters - 1))))
        for name, total, agreed in zip(names, counts.sum(axis=0), pairs, strict=True)
    )
    agree = float(same.mean())
    if np.isnan(value):
        return Several(raters, n, len(who), agree, None, classes=classes)
    draws = np.random.default_rng(seed).multinomial(len(who), np.full(len(who), 1 / len(who)), size=REPLICATES)
    low, high = _ends(_fleiss(draws @ sums, raters), value)
    return Several(raters, n, len(who), agree, value, low, high, classes)


def _fleiss(sums: NDArray[np.float64], raters: int) -> NDArray[np.float64]:
    """Kappa (B,) of sums (B, K + 2): answers of each class, agreement over images, images."""
    counts, same, n = sums[:, :-2], sums[:, -2], sums[:, -1]
    chance = ((counts / (n * raters)[:, None]) ** 2).sum(axis=1)
    found: NDArray[np.float64] = np.divide(
        same / n - chance, 1 - chance, out=np.full(len(sums), np.nan), where=chance < 1 - 1e-12
    )
    return found


def _ends(drawn: NDArray[np.float64], value: float) -> tuple[float, float]:
    """The ends of the 95 % interval of bootstrap replicates; it holds `value`."""
    drawn = drawn[~np.isnan(drawn)]
    low, high = np.quantile(drawn, (0.025, 0.975)) if len(drawn) else (value, value)
    return min(float(low), value), max(float(high), value)


def cohen(
    first: NDArray[np.integer], second: NDArray[np.integer], patients: NDArray[np.generic], seed: int = 0
) -> Agreement:
    """Agreement of classes `first` and `second` (N,), N > 0, of images of `patients` (N,).

    J. Cohen, Educ. Psychol. Meas. 20, 1960; the 95 % interval by a bootstrap of the patients, 1,000 draws.
    """
    names, codes = np.unique(np.concatenate([first, second]), return_inverse=True)
    k, n = len(names), len(first)
    who, patient = np.unique(patients, return_inverse=True)
    tables = np.zeros((len(who), k, k))
    np.add.at(tables, (patient, codes[:n], codes[n:]), 1)
    agree = float(np.mean(np.asarray(first) == np.asarray(second)))
    whole = tables.sum(axis=0)
    value = float(_kappa(whole[None])[0])
    given = whole.sum(axis=0) + whole.sum(axis=1)
    classes = tuple(
        OfClass(int(name), int(total), float(2 * same / total))
        for name, total, same in zip(names, given, np.diag(whole), strict=True)
    )
    if np.isnan(value):
        return Agreement(n, len(who), agree, None, classes=classes)
    draws = np.random.default_rng(seed).multinomial(len(who), np.full(len(who), 1 / len(who)), size=REPLICATES)
    low, high = _ends(_kappa(np.tensordot(draws, tables, axes=1)), value)
    return Agreement(n, len(who), agree, value, low, high, classes)


def _kappa(tables: NDArray[np.float64]) -> NDArray[np.float64]:
    """Kappa (R,) of tables (R, K, K) of counts; not a number where one class is all there is."""
    total = tables.sum(axis=(1, 2))
    same = np.einsum("rkk->r", tables) / total
    chance = (tables.sum(axis=2) * tables.sum(axis=1)).sum(axis=1) / total**2
    found: NDArray[np.float64] = np.divide(
        same - chance, 1 - chance, out=np.full(len(tables), np.nan), where=chance < 1 - 1e-12
    )
    return found
