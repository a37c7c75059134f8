"""The 2-D map of the embeddings: principal components, or LocalMAP on top of them."""

from __future__ import annotations

import contextlib
import io
import logging
import re
import warnings
from collections.abc import Callable, Iterator
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from sslstudio.embeddings.reduction import principal_components

Method = Literal["pca", "localmap"]
Progress = Callable[[float], None]
Floats = NDArray[np.float32]

FEWEST_FOR_LOCALMAP = 50
COMPONENTS = 50


def usable_method(wanted: Method, n_images: int) -> Method:
    """The method that fits the number of images: a neighbourhood map says nothing about fewer than 50."""
    return "pca" if n_images < FEWEST_FOR_LOCALMAP else wanted


def project(
    vectors: NDArray[np.floating], method: Method = "localmap", seed: int = 0, progress: Progress | None = None
) -> Floats:
    """Coordinates (N, 2) of the rows of vectors (N, D), centred, with a root mean square radius of 1.

    `progress` gets fractions from 0 to 1; what it raises ends the work. The same vectors and seed give the same map on
    any number of cores. LocalMAP: Wang et al., "Dimension reduction with locally adjusted graphs", AAAI 2025.
    """
    return project_components(principal_components(vectors, COMPONENTS), method, seed, progress)


def project_components(components: Floats, method: Method, seed: int = 0, progress: Progress | None = None) -> Floats:
    """As `project`, from the principal components (N, C) of the embeddings."""
    flat = components.shape[1] < 2 or float(components.std()) < 1e-6
    if usable_method(method, len(components)) == "pca" or flat:
        xy = np.zeros((len(components), 2), dtype=np.float32)
        xy[:, : components.shape[1]] = components[:, :2]
    else:
        xy = _localmap(components, seed, progress or _nobody)
    if progress is not None:
        progress(1.0)
    return standard_scale(xy)


def standard_scale(xy: Floats) -> Floats:
    """Centre (N, 2) coordinates and divide them by their root mean square radius; a single point stays at 0."""
    if len(xy) == 0:
        return xy.astype(np.float32)
    centred = xy.astype(np.float64) - xy.mean(axis=0, dtype=np.float64)
    radius = float(np.sqrt((centred**2).sum(axis=1).mean()))
    found: Floats = (centred / (radius if radius > 1e-12 else 1.0)).astype(np.float32)
    return found


def _localmap(components: Floats, seed: int, progress: Progress) -> Floats:
    with warnings.catch_warnings():
        # Numba's notes on its own compilation say nothing about the data.
        warnings.filterwarnings("ignore", module=r"(numba|pacmap|faiss|llvmlite)(\.|$)")
        warnings.filterwarnings("ignore", message="builtin type .* has no __module__", category=DeprecationWarning)
        import numba
        import pacmap

        with _single_thread(numba), _quiet("pacmap.pacmap", "pacmap"), _iterations(progress):
            # One thread: with more, each thread draws from a generator of its own, and the map would depend on the
            # number of cores.
            reducer = pacmap.LocalMAP(n_components=2, random_state=seed, apply_pca=False, verbose=True)
            found: Floats = np.asarray(reducer.fit_transform(np.ascontiguousarray(components)), dtype=np.float32)
            return found


@contextlib.contextmanager
def _single_thread(numba: Any) -> Iterator[None]:
    before = numba.get_num_threads()
    numba.set_num_threads(1)
    try:
        yield
    finally:
        numba.set_num_threads(before)


@contextlib.contextmanager
def _quiet(*names: str) -> Iterator[None]:
    """The library logs a warning for every seed it is given."""
    loggers = [logging.getLogger(name) for name in names]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        for logger, level in zip(loggers, before, strict=True):
            logger.setLevel(level)


@contextlib.contextmanager
def _iterations(progress: Progress, total: int = 450) -> Iterator[None]:
    """The library has no call-back, but prints every tenth iteration: listen to that instead of showing it."""

    class Listener(io.TextIOBase):
        def write(self, text: str) -> int:
            found = re.match(r"Iteration:\s*(\d+)", text)
            if found:
                progress(min(1.0, int(found[1]) / total))
            return len(text)

    with contextlib.redirect_stdout(Listener()):
        yield


def _nobody(_fraction: float) -> None:
    pass
