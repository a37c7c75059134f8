"""How far two readings of the same images agree beyond chance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

REPLICATES = 1000


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
    value = float(_kappa(tables.sum(axis=0)[None])[0])
    if np.isnan(value):
        return Agreement(n, len(who), agree, None)
    draws = np.random.default_rng(seed).multinomial(len(who), np.full(len(who), 1 / len(who)), size=REPLICATES)
    drawn = _kappa(np.tensordot(draws, tables, axes=1))
    drawn = drawn[~np.isnan(drawn)]
    low, high = np.quantile(drawn, (0.025, 0.975)) if len(drawn) else (value, value)
    return Agreement(n, len(who), agree, value, min(float(low), value), max(float(high), value))


def _kappa(tables: NDArray[np.float64]) -> NDArray[np.float64]:
    """Kappa (R,) of tables (R, K, K) of counts; not a number where one class is all there is."""
    total = tables.sum(axis=(1, 2))
    same = np.einsum("rkk->r", tables) / total
    chance = (tables.sum(axis=2) * tables.sum(axis=1)).sum(axis=1) / total**2
    found: NDArray[np.float64] = np.divide(
        same - chance, 1 - chance, out=np.full(len(tables), np.nan), where=chance < 1 - 1e-12
    )
    return found
