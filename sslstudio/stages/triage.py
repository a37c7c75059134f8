"""The triage stage: looks at each new image once, then compares it with all others; writes findings for a person.

Looks are appended to a file as they come, so that a run that was stopped or killed goes on where it was. Originals and
exclusions are not touched here: the catalogue decides what an open finding means.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from sslstudio.domain.findings import COMPARED, KNOWN, LOOKS, Finding, KnownImage, Look
from sslstudio.domain.items import Item
from sslstudio.domain.specs import TriageSpec
from sslstudio.errors import SSLStudioError
from sslstudio.importers.pixel_cache import PixelCache
from sslstudio.stages.context import StageContext
from sslstudio.triage import duplicates, hashing, likeness, pictures, reasons
from sslstudio.triage.duplicates import Pair, Vectors
from sslstudio.triage.groups import connected, group_name, representative
from sslstudio.triage.look import look
from sslstudio.triage.text_models import TextModels

_AHEAD = 8
_DARK, _LIGHT = 60, 170
_PEERS = 20
_MOST_DARK = 0.85


def run(spec: TriageSpec, context: StageContext, *, workers: int = 0) -> dict[str, Any]:
    """Write `looks.jsonl` and `compared.jsonl` under `artifacts/`; returns counts by kind.

    `workers` is the number of threads (0: one for each core). Returns "looked", "unreadable", "groups" and "findings"
    by kind. Raises SSLStudioError: "no_images", "no_text_model".
    """
    items = context.items()
    if not items:
        raise SSLStudioError("There are no images to look at.", "Import images first.", code="no_images")
    cv2.setNumThreads(1)
    known = _known(context.artifact_path(KNOWN))
    with _Eyes(context, workers) as eyes:
        looks, unreadable = _look_at_all(spec, context, items, known, eyes)
        found = _compare(spec, context, items, known, looks, eyes)
    path = context.artifact_path(COMPARED)
    partial = path.with_suffix(".partial")
    partial.write_text("".join(one.model_dump_json() + "\n" for one in found), encoding="utf-8")
    partial.replace(path)
    context.artifact("findings", path)
    if unreadable:
        context.warn(
            "not_looked_at",
            f"{unreadable:,} images could not be looked at: their stored pixels are missing or damaged.",
            "Import the same folder again, then look again.",
        )
    kinds = Counter(finding.kind for one in looks.values() for finding in one.findings)
    kinds.update(finding.kind for finding in found)
    groups = len({finding.group for finding in found if finding.group})
    return {"looked": len(looks), "unreadable": unreadable, "groups": groups, "findings": dict(sorted(kinds.items()))}


class _Eyes:
    """Threads that look, each with text models of its own; a context manager."""

    def __init__(self, context: StageContext, workers: int) -> None:
        self.workers = workers or max(1, os.cpu_count() or 1)
        self.cache = PixelCache(context.pixels_dir)
        self._context = context
        self._pool = ThreadPoolExecutor(self.workers, thread_name_prefix="triage")
        self._local = threading.local()

    def models(self) -> TextModels:
        """The text models of the calling thread."""
        models: TextModels | None = getattr(self._local, "models", None)
        if models is None:
            models = self._local.models = TextModels()
        return models

    def each(self, work: Callable[[Any], Any], things: Sequence[Any]) -> Iterator[Any]:
        """`work` of each thing, in order, a bounded number ahead; stops when the run is to stop."""
        ahead: list[Future[Any]] = []
        try:
            for thing in things:
                ahead.append(self._pool.submit(work, thing))
                if len(ahead) >= self.workers * _AHEAD:
                    self._context.check_cancelled()
                    yield ahead.pop(0).result()
            while ahead:
                self._context.check_cancelled()
                yield ahead.pop(0).result()
        finally:
            for future in ahead:
                future.cancel()

    def __enter__(self) -> _Eyes:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)
        self.cache.close()


def _look_at_all(
    spec: TriageSpec, context: StageContext, items: Sequence[Item], known: Mapping[int, KnownImage], eyes: _Eyes
) -> tuple[dict[int, Look], int]:
    """The looks of this run by image id, those of an earlier attempt included, and how many images have no pixels."""
    path = context.artifact_path(LOOKS)
    looks = _earlier(path)
    wanted = {item.image_id for item in items}
    looks = {key: one for key, one in looks.items() if key in wanted}
    todo = [
        item
        for item in items
        if item.image_id not in looks and (spec.again or not known.get(item.image_id, _NEW).hashes)
    ]
    total, unreadable = len(looks) + len(todo), 0

    def see(item: Item) -> Look | None:
        told = known.get(item.image_id) or KnownImage(image_id=item.image_id)
        try:
            return look(eyes.cache, item, told, eyes.models())
        except SSLStudioError as problem:
            if problem.code in ("pixels_missing", "pixels_damaged"):
                return None
            raise

    context.progress(len(looks), total, "images", "Looking at images")
    with path.open("w", encoding="utf-8") as stream:
        stream.writelines(one.model_dump_json() + "\n" for one in looks.values())
        for one in eyes.each(see, todo):
            if one is None:
                unreadable += 1
            else:
                looks[one.image_id] = one
                stream.write(one.model_dump_json() + "\n")
                stream.flush()
            context.progress(len(looks) + unreadable, total, "images", "Looking at images")
    return looks, unreadable


def _compare(
    spec: TriageSpec,
    context: StageContext,
    items: Sequence[Item],
    known: Mapping[int, KnownImage],
    looks: Mapping[int, Look],
    eyes: _Eyes,
) -> list[Finding]:
    """Near-duplicates and inverted pictures."""
    context.check_cancelled()
    seen = {key: (one.hashes, one.border, one.middle) for key, one in known.items() if one.hashes}
    seen |= {key: (one.hashes, one.border, one.middle) for key, one in looks.items()}
    found = _inverted(items, seen, looks)
    rows = [item for item in items if len(seen.get(item.image_id, ("",))[0]) == 32]
    if len(rows) < 2:
        return found
    fresh = np.array(
        [spec.again or not (known.get(row.image_id, _NEW).searched and row.image_id not in looks) for row in rows]
    )
    context.progress(0, 1, "", "Comparing images")
    hashes = hashing.parse([seen[row.image_id][0] for row in rows])
    pairs, whole = duplicates.candidates(hashes, fresh, context.check_cancelled)
    if not whole:
        context.warn(
            "too_many_alike",
            "So many images look alike that not all of them could be compared for duplicates.",
            "Leave out blank and repeated images, then look again.",
        )

    pairs = _without_repeats(rows, pairs)

    def report(done: int) -> None:
        context.check_cancelled()
        context.progress(done, len(pairs), "pairs", "Comparing images")

    tiles = _Tiles(context, rows, pairs, eyes)
    whose = [row.series for row in rows], [row.subject for row in rows]
    copies = duplicates.decide(pairs, tiles.of, *whose, _vectors(spec, context, rows), report)
    tiles.close()
    return found + _grouped(rows, copies, known)


def _without_repeats(rows: Sequence[Item], pairs: NDArray[np.int64]) -> NDArray[np.int64]:
    """Pairs (M, 2) without those of one series of a scanner: slices and moments that are alike by nature.

    A copied file of a series has the same identity and was known at the import.
    """
    _, series = np.unique([row.series for row in rows], return_inverse=True)
    scanned = np.array([bool(row.modality) for row in rows])
    repeats = (series[pairs[:, 0]] == series[pairs[:, 1]]) & scanned[pairs[:, 0]]
    return np.asarray(pairs[~repeats], np.int64)


class _Tiles:
    """Small pictures (K, 2, 96, 96) of the rows that stand in pairs, made once, in a scratch file."""

    def __init__(self, context: StageContext, rows: Sequence[Item], pairs: NDArray[np.int64], eyes: _Eyes) -> None:
        self._rows = np.unique(pairs)
        self._path = context.artifact_path("tiles.scratch")
        shape = (max(1, len(self._rows)), 2, likeness.SIDE, likeness.SIDE)
        self._tiles = np.memmap(self._path, np.uint8, "w+", shape=shape)

        def make(row: int) -> NDArray[np.uint8]:
            try:
                return likeness.tiles(pictures.grey(pictures.display(eyes.cache, rows[row])))
            except SSLStudioError:  # no pixels: a constant tile is like none
                return np.zeros(shape[1:], np.uint8)

        for place, tile in enumerate(eyes.each(make, [int(row) for row in self._rows])):
            self._tiles[place] = tile
            if place % 256 == 0:
                context.progress(place, len(self._rows), "images", "Comparing images")

    def of(self, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
        return np.asarray(self._tiles[np.searchsorted(self._rows, rows)])

    def close(self) -> None:
        del self._tiles
        self._path.unlink(missing_ok=True)


def _grouped(rows: Sequence[Item], copies: Sequence[Pair], known: Mapping[int, KnownImage]) -> list[Finding]:
    """A finding for each image of each group, those of groups found before included."""
    by_id = {row.image_id: row for row in rows}
    before: dict[str, list[int]] = defaultdict(list)
    for key, one in known.items():
        if one.group and key in by_id:
            before[one.group].append(key)
    links = [(rows[pair.left].image_id, rows[pair.right].image_id) for pair in copies]
    score: dict[int, float] = defaultdict(float)
    for pair, ends in zip(copies, links, strict=True):
        for key in ends:
            score[key] = max(score[key], pair.score)
    touched = set(score)
    links += [(members[0], other) for members in before.values() for other in members[1:]]
    named = {key: one.group for key, one in known.items()}
    pixels = {key: row.height * row.width for key, row in by_id.items()}
    found = []
    for members in connected(links):
        if touched.isdisjoint(members):
            continue
        name, best = group_name(members, named), representative(members, pixels)
        patients = len({by_id[key].subject for key in members})
        torn = len({by_id[key].part for key in members} - {""}) > 1
        why = reasons.same_picture(len(members) - 1, patients, torn=torn)
        found += [
            Finding(
                image_id=key, kind="duplicate", score=score[key] or duplicates.COPY, why=why, group=name,
                representative=key == best,
            )
            for key in members
        ]  # fmt: skip
    return found


def _inverted(
    items: Sequence[Item], seen: Mapping[int, tuple[str, int, int]], looks: Mapping[int, Look]
) -> list[Finding]:
    """Images of this run with a light background where nearly all images of their modality have a dark one."""
    peers: dict[tuple[str, int], list[int]] = defaultdict(list)
    for item in items:
        if item.image_id in seen and seen[item.image_id][0] != "-":
            peers[item.modality, item.channels].append(item.image_id)
    found = []
    for members in peers.values():
        dark = sum(seen[key][1] < _DARK for key in members) / len(members)
        if len(members) < _PEERS or dark < _MOST_DARK:
            continue
        for key in members:
            _, border, middle = seen[key]
            if key in looks and border > _LIGHT and middle + 20 < border:
                score = min(1.0, dark * (border - middle) / 128)
                found.append(
                    Finding(image_id=key, kind="inverted", score=score, why=reasons.inverted(len(members), dark))
                )
    return found


def _vectors(spec: TriageSpec, context: StageContext, rows: Sequence[Item]) -> Vectors | None:
    """The embeddings of `spec.embedding` in the order of `rows`; None when there are none to read."""
    if not spec.embedding:
        return None
    folder = context.pixels_dir.parent / "embeddings"
    try:
        ids = np.load(folder / f"{spec.embedding}.ids.npy", allow_pickle=False)
        vectors = np.load(folder / f"{spec.embedding}.npy", mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError):
        return None
    row_of = {int(key): place for place, key in enumerate(ids)}
    ordered = np.full((len(rows), vectors.shape[1]), np.nan, np.float32)
    for place, row in enumerate(rows):
        if row.image_id in row_of:
            ordered[place] = vectors[row_of[row.image_id]]
    return Vectors(ordered)


_NEW = KnownImage(image_id=0)


def _known(path: Path) -> dict[int, KnownImage]:
    if not path.is_file():
        return {}
    with path.open("rb") as stream:
        return {one.image_id: one for one in map(KnownImage.model_validate_json, stream)}


def _earlier(path: Path) -> dict[int, Look]:
    """The looks of an earlier attempt as far as they were written whole."""
    looks: dict[int, Look] = {}
    if path.is_file():
        with path.open("rb") as stream:
            for line in stream:
                with contextlib.suppress(ValidationError):
                    one = Look.model_validate_json(line)
                    looks[one.image_id] = one
    return looks
