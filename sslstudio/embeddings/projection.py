"""The 2-D map of the embeddings: principal components, or LocalMAP on top of them."""

from __future__ import annotations

import contextlib
import importlib
import logging
import warnings
from collections.abc import Callable, Iterator
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from sslstudio.embeddings.placing import near, placed
from sslstudio.embeddings.reduction import principal_components, standard_scale

Method = Literal["pca", "localmap"]
Progress = Callable[[float], None]
Floats = NDArray[np.float32]
Shown = Callable[[NDArray[np.int64], Floats], None]
"""Told of a layout that is not final: rows (M,) of the images on it, and their places (M, 2)."""

FEWEST_FOR_LOCALMAP = 50
COMPONENTS = 50
WHOLE_UP_TO = 100_000
SAMPLE = 20_000
"""Of more images than `WHOLE_UP_TO` so many are arranged, and the others are placed among them."""
ITERATIONS = 450


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


class Stopped(Exception):  # noqa: N818 - not an error: the user asked for it
    """Raised by a `Progress` when the layout as it is now is to be kept."""


def project_components(
    components: Floats,
    method: Method,
    seed: int = 0,
    progress: Progress | None = None,
    shown: Shown | None = None,
) -> Floats:
    """As `project`, from the principal components (N, C) of the embeddings.

    `shown` hears of the layout every tenth of the 450 iterations, before `progress`; where that raises `Stopped`, the
    layout as it is then is kept. Of more than 100,000 images, 20,000 drawn by `seed` are arranged and the others placed
    among their neighbours there.
    """
    told = progress or _nobody
    flat = components.shape[1] < 2 or float(components.std()) < 1e-6
    if usable_method(method, len(components)) == "pca" or flat:
        xy = np.zeros((len(components), 2), dtype=np.float32)
        xy[:, : components.shape[1]] = components[:, :2]
        told(1.0)
        return standard_scale(xy)
    rows = arranged_rows(len(components), seed)
    others = np.setdiff1d(np.arange(len(components)), rows, assume_unique=True)
    # Looked for beforehand, so that hardly anything is left to do when somebody stops.
    neighbours = near(components[rows], components[others]) if len(others) else None
    last = components[rows, :2]

    def show(layout: Floats) -> None:
        nonlocal last
        last = layout.copy()
        if shown is not None:
            shown(rows, standard_scale(last))

    with contextlib.suppress(Stopped):
        last = _localmap(components[rows], seed, told, show)
        told(1.0)
    xy = np.empty((len(components), 2), dtype=np.float32)
    xy[rows] = last
    if neighbours is not None:
        xy[others] = placed(last, *neighbours)
    return standard_scale(xy)


def arranged_rows(n_images: int, seed: int) -> NDArray[np.int64]:
    """The rows of the images that are arranged: all, or a sample in ascending order."""
    if n_images <= WHOLE_UP_TO:
        return np.arange(n_images)
    return np.sort(np.random.default_rng(seed).choice(n_images, SAMPLE, replace=False))


def _localmap(components: Floats, seed: int, progress: Progress, show: Callable[[Floats], None]) -> Floats:
    with warnings.catch_warnings():
        # Numba's notes on its own compilation say nothing about the data.
        warnings.filterwarnings("ignore", module=r"(numba|pacmap|faiss|llvmlite)(\.|$)")
        warnings.filterwarnings("ignore", message="builtin type .* has no __module__", category=DeprecationWarning)
        import numba
        import pacmap

        with _single_thread(numba), _quiet("pacmap.pacmap", "pacmap"), _steps(progress, show):
            # One thread: with more, each thread draws from a generator of its own, and the map would depend on the
            # number of cores.
            reducer = pacmap.LocalMAP(n_components=2, random_state=seed, apply_pca=False)
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
def _steps(progress: Progress, show: Callable[[Floats], None]) -> Iterator[None]:
    """The library has no call-back, but calls each step of its optimiser by name: one that tells stands in for it."""
    library: Any = importlib.import_module("pacmap.pacmap")
    step = library.update_embedding_adam

    def told(layout: Floats, *state: Any) -> None:
        step(layout, *state)
        iteration = int(state[-1]) + 1
        if iteration % 10 == 0:
            show(layout)
            progress(min(1.0, iteration / ITERATIONS))

    library.update_embedding_adam = told
    try:
        yield
    finally:
        library.update_embedding_adam = step


def _nobody(_fraction: float) -> None:
    pass
