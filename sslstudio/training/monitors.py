"""What can be said of features alone, on a small fixed sample: collapse, rank, spectrum, and finding the other view."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

LARGEST_SAMPLE = 2048
SMALLEST_SAMPLE = 256
COLLAPSE_ALARM = 0.3
COLLAPSE_DEAD = 0.05
_LEARNING = 0.97
_LARGEST_GRAM = 512
_FIRST_RANK, _LAST_RANK = 3, 100
_EARLY_SHARE = 0.2


def sample_rows(images: int, generator: torch.Generator) -> Tensor:
    """The fixed sample: the rows of `sample_size(images)` images."""
    return torch.randperm(images, generator=generator)[: sample_size(images)].sort().values


def sample_size(images: int) -> int:
    """A sixth of the images, at least 256 (or all) and at most 2,048: looking at more would cost a notable share of
    the time of an epoch on a processor."""
    return min(images, LARGEST_SAMPLE, max(SMALLEST_SAMPLE, images // 6))


def collapse(features: Tensor) -> float:
    """Mean standard deviation of the L2-normalised features (N, D) times sqrt(D): about 1 is healthy, 0 collapsed."""
    normal = functional.normalize(features.float(), dim=1)
    return float(normal.std(dim=0, unbiased=False).mean() * features.shape[1] ** 0.5)


def spectrum(features: Tensor) -> Tensor:
    """Singular values of features (N, D), largest first; to be quick of 1,024 images, or 512 where D is above 512."""
    matrix = features[: _LARGEST_GRAM if features.shape[1] > _LARGEST_GRAM else 2 * _LARGEST_GRAM].double()
    gram = matrix.T @ matrix if matrix.shape[1] <= len(matrix) else matrix @ matrix.T
    values: Tensor = torch.linalg.eigvalsh(gram)
    return values.clamp(min=0).sqrt().flip(0)


def rank_me(values: Tensor) -> float:
    """Effective rank from singular values: exp of the entropy of their shares (Garrido et al., 2023)."""
    shares = values / values.sum().clamp(min=1e-12) + 1e-7
    return float(torch.exp(-(shares * shares.log()).sum()))


def alpha_req(values: Tensor) -> float:
    """How steeply the variances fall: minus the slope of log variance over log rank (Agrawal et al., 2022).

    From singular values; about 1 is rich and smooth, far above 1 few directions do all, near 0 it is noise. 0 where
    fewer than three directions carry anything.
    """
    variances = values.square()[_FIRST_RANK - 1 : _LAST_RANK]
    variances = variances[variances > 1e-12 * values.square().sum().clamp(min=1e-30)]
    if len(variances) < 3:
        return 0.0
    ranks = torch.arange(_FIRST_RANK, _FIRST_RANK + len(variances), dtype=variances.dtype).log()
    logs = variances.log()
    ranks, logs = ranks - ranks.mean(), logs - logs.mean()
    return float(-(ranks @ logs) / (ranks @ ranks))


def view_retrieval(first: Tensor, second: Tensor) -> float:
    """Share of images whose first view (N, D) has the second view of the same image as its nearest among all."""
    similarity = functional.normalize(first.float(), dim=1) @ functional.normalize(second.float(), dim=1).T
    own = torch.arange(len(first), device=first.device)
    return float((similarity.argmax(dim=1) == own).float().mean())


class CollapseWatch:
    """Tells a collapse from the low values that healthy runs pass through in their first epochs.

    An epoch is suspicious when the measure is dead; when it is low and the loss is still at chance level; or when it
    is low after the first fifth of the run and no longer rising. Two suspicious epochs in a row are an alarm, once.
    """

    def __init__(self, epochs: int) -> None:
        self._early = max(2.0, _EARLY_SHARE * epochs)
        self._before = 0.0
        self._suspicious = 0
        self._told = False

    def alarm(self, epoch: int, measure: float, loss: float, chance: float | None) -> bool:
        """Whether to warn now, after `epoch` (from 0) with its collapse `measure`, mean `loss` and `chance` level."""
        early = epoch < self._early
        at_chance = not early if chance is None else loss > _LEARNING * chance
        stuck = not early and measure <= 1.02 * self._before
        suspicious = measure < COLLAPSE_DEAD or (measure < COLLAPSE_ALARM and (at_chance or stuck))
        self._before = measure
        self._suspicious = self._suspicious + 1 if suspicious else 0
        if self._suspicious < 2 or self._told:
            return False
        self._told = True
        return True
