"""Scores files with a model package: reads the package, decodes in worker processes, runs the graph in batches.

Batches run side by side, each on its share of the cores, while the next files are decoded: on two cores that takes
three quarters of the time of one batch after the other on all cores, which wait for each other at every layer. Apart
from `predictor`, which writes the tables, so that folders, watched folders and listeners score alike.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from sslstudio.domain.specs import ImportSpec
from sslstudio.errors import SSLStudioError
from sslstudio.exporters import cases, deciding, package
from sslstudio.exporters.cases import CasePooling
from sslstudio.exporters.deciding import Deciding
from sslstudio.exporters.package import Preprocessing
from sslstudio.exporters.runtime import Graph
from sslstudio.importers.decode_pool import Answer, DecodePool
from sslstudio.importers.decoding import DecodeSettings
from sslstudio.importers.discovery import FoundFile
from sslstudio.importers.frame_spool import ReceivedFrame
from sslstudio.importers.reasons import reason
from sslstudio.importers.rendering import grey_of, windows_of

COLOUR_MADE_GREY = "Colour was made grey: the model knows grey images only."
_CORES = os.cpu_count() or 1
THREADS = -(-_CORES // 4)
"""Threads of each batch: of more than four batches side by side, each with memory of its own, there are none."""
SIDE_BY_SIDE = _CORES // THREADS

_HELD_BATCHES = 16
_HELD_BYTES = 64 << 20
"""So much goes together: batches are made of images of one shape among them."""
_AHEAD = 1
"""So many groups wait to be scored behind the one that is being scored."""
_TICK = 0.1
_EXAMPLE_TOLERANCE = 1e-3
_NOTHING = np.zeros((0, 0, 1), np.uint8)


class StoredGraph:
    """The graph of a verified package with its example; loaded, and tried on the example, when it is first needed,
    by one thread."""

    def __init__(self, content: bytes, example: Mapping[str, NDArray[Any]], channels: int, classes: int) -> None:
        self._content, self._example, self._channels, self._classes = content, example, channels, classes
        self._loaded: Graph | None = None

    def graph(self) -> Graph:
        """The graph; raises SSLStudioError ("unusable_graph")."""
        if self._loaded is None:
            graph = Graph(self._content, THREADS)
            if graph.channels != self._channels or not self._gives_its_example(graph):
                raise SSLStudioError(
                    "On this computer the model gives another answer for its example than when it was exported.",
                    "Do not use it here; update SSL Studio or export the model again.",
                    code="unusable_graph",
                )
            self._loaded, self._content = graph, b""
        return self._loaded

    def _gives_its_example(self, graph: Graph) -> bool:
        try:
            image = np.rint(self._example["pixels"][0].transpose(1, 2, 0)).astype(np.uint8)
            windows = tuple((float(low), float(high)) for low, high in self._example["window"][0])
            expected = self._example["probabilities"][0]
        except (KeyError, ValueError, IndexError):
            return False
        probabilities, _ = graph.score([image], [windows])
        return expected.shape == (self._classes,) and bool(
            np.abs(probabilities[0] - expected).max() < _EXAMPLE_TOLERANCE
        )


@dataclass(frozen=True)
class Model:
    """A verified package: graph, class names, preprocessing rules, how it pools and decides, and the digest of its
    list of checksums, by which it is known."""

    stored: StoredGraph
    classes: tuple[str, ...]
    rules: Preprocessing
    pooling: CasePooling
    deciding: Deciding
    digest: str
    name: str = ""

    @property
    def graph(self) -> Graph:
        """The graph, ready to score; raises SSLStudioError ("unusable_graph") where it does not run as it did."""
        return self.stored.graph()

    def promising(self, coverage: float) -> Model:
        """The same, abstaining by another promise."""
        return replace(self, deciding=self.deciding.at(coverage))


@dataclass
class Row:
    """One row to be written: a skipped file with its reason, or a frame that waits for its probabilities.

    `found` is the file, `place` its relative path and the digest of its content.
    """

    file: str
    found: FoundFile
    frame: ReceivedFrame | None = None
    reason: str = ""
    place: tuple[str, str] = ("", "")
    probabilities: NDArray[np.float32] = field(default_factory=lambda: np.zeros(0, np.float32))
    embedding: NDArray[np.float32] = field(default_factory=lambda: np.zeros(0, np.float32))


@dataclass
class _Group:
    """Rows on end up to the file `done`; those in `waiting`, of `held` bytes of pixels, are not being scored yet."""

    rows: list[Row] = field(default_factory=list)
    done: int = 0
    scoring: list[Future[None]] = field(default_factory=list)
    waiting: list[Row] = field(default_factory=list)
    held: int = 0

    def add(self, row: Row) -> None:
        self.rows.append(row)
        if row.frame is not None:
            self.waiting.append(row)
            self.held += row.frame.pixels.nbytes


def load(source: Path) -> Model:
    """Verify a package (folder or .zip), read it, score its example; raises SSLStudioError if anything is off."""
    model = read(source)
    model.stored.graph()
    return model


def read(source: Path) -> Model:
    """Verify a package and read it; its graph waits until it is needed. Raises SSLStudioError."""
    if not source.exists():
        raise SSLStudioError("The model package is not there.", "Choose its folder or .zip file.", code="not_a_package")
    if source.is_dir():
        return _read_folder(source)
    with tempfile.TemporaryDirectory(prefix="package-") as folder:
        package.unpack(source, Path(folder))
        return _read_folder(Path(folder))


def _read_folder(folder: Path) -> Model:
    digests = package.verify(folder)
    content = (folder / package.GRAPH).read_bytes()
    if hashlib.sha256(content).hexdigest() != digests[package.GRAPH]:
        raise SSLStudioError(
            "The model package changed while it was read.", "Try again with a fresh copy.", code="altered_package"
        )
    rules = package.read_preprocessing(folder)
    classes = tuple(entry.name for entry in package.read_labels(folder).classes)
    stored = StoredGraph(content, _example(folder), rules.channels, len(classes))
    pooling, limits = cases.read(folder, classes), deciding.read(folder)
    return Model(stored, classes, rules, pooling, limits, package.identity(folder), package.read_name(folder))


def _example(folder: Path) -> dict[str, NDArray[Any]]:
    try:
        with np.load(folder / package.EXAMPLE, allow_pickle=False) as arrays:
            return dict(arrays)
    except (OSError, ValueError):
        return {}


class Scorer:
    """Scores files one after the other or as they come; a context manager, since it keeps the decode workers.

    `key` (hexadecimal) is what headers' patients and studies are turned into pseudonyms with. The graph is loaded while
    the workers start that `expected` files need; raises SSLStudioError ("unusable_graph").
    """

    def __init__(self, model: Model, key: str, batch_size: int, check: Callable[[], None], expected: int = 1) -> None:
        limits = ImportSpec()
        self._model, self._batch_size, self._check = model, batch_size, check
        self._pool = DecodePool[int](
            DecodeSettings(
                key=key,
                max_side=model.rules.max_side,
                max_pixels=limits.max_pixels,
                seconds=limits.decode_seconds,
                thumbnails=False,
            )
        )
        self._expected = expected
        self._batches = ThreadPoolExecutor(SIDE_BY_SIDE, thread_name_prefix="score")

    def __enter__(self) -> Self:
        self._pool.warm(self._expected)
        try:
            self._model.stored.graph()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.close()
        self._batches.shutdown(cancel_futures=True)

    def scored(
        self, files: Sequence[FoundFile], first: int = 0, known: set[str] | None = None
    ) -> Iterator[tuple[list[Row], int]]:
        """Finished rows in the order of the files from the `first` on, some at a time, with the number of files they
        take us to. What goes together depends on the files alone, so that it can be gone on with after any of them.

        A file whose digest is `known` gives no row; those that give some are added to it.
        """
        names = _names(files)
        groups: deque[_Group] = deque()
        group = _Group()
        for number, answer in self._answers(files, first):
            group.done = number + 1
            if known is not None and answer.digest:
                if answer.digest in known:
                    continue
                known.add(answer.digest)
            for row in _rows(names[number], files[number], answer, self._model.graph.channels):
                group.add(row)
                if group.held > _HELD_BYTES:  # a file may have thousands of frames
                    self._wait(group)
                    self._begin(group)
            if group.scoring or len(group.rows) >= _HELD_BATCHES * self._batch_size:
                self._begin(group)
                groups.append(group)
                group = _Group()
                if len(groups) > _AHEAD:
                    yield self._finished(groups.popleft())
        if group.done:
            self._begin(group)
            groups.append(group)
        while groups:
            yield self._finished(groups.popleft())

    def _begin(self, group: _Group) -> None:
        """Have what waits scored, in batches of one shape."""
        alike: dict[tuple[int, ...], list[Row]] = defaultdict(list)
        for row in group.waiting:
            if row.frame is not None:
                alike[row.frame.pixels.shape].append(row)
        for one in alike.values():
            for start in range(0, len(one), self._batch_size):
                batch = one[start : start + self._batch_size]
                group.scoring.append(self._batches.submit(_score, self._model, batch))
        group.waiting, group.held = [], 0

    def _wait(self, group: _Group) -> None:
        """Until all is scored that was begun."""
        waiting: set[Future[None]] = set(group.scoring)
        while waiting:
            self._check()
            waiting = wait(waiting, _TICK).not_done
        for batch in group.scoring:
            batch.result()

    def _finished(self, group: _Group) -> tuple[list[Row], int]:
        """The rows of a group, once all are scored."""
        self._wait(group)
        return group.rows, group.done

    def _answers(self, files: Sequence[FoundFile], first: int) -> Iterator[tuple[int, Answer]]:
        """What became of each file, decoded in worker processes; headers are read for pixels and window alone."""
        readable = [number for number in range(first, len(files)) if not files[number].problem]
        position = first
        for number, answer in self._pool.map(readable, lambda n: files[n].path, self._check):
            while position < number:
                yield position, Answer(files[position].problem)
                position += 1
            yield number, answer
            position = number + 1
        for number in range(position, len(files)):
            yield number, Answer(files[number].problem)


def _rows(name: str, found: FoundFile, answer: Answer, channels: int) -> Iterator[Row]:
    if answer.code or not answer.frames:
        why = reason(answer.code or "corrupt", **answer.detail)
        yield Row(name, found, reason=f"{why.sentence} {why.hint}")
        return
    several = len(answer.frames) > 1
    note = reason(answer.note.code, **answer.note.detail).sentence if answer.note is not None else ""
    for frame in answer.frames:
        yield Row(
            f"{name}#{frame.index + 1}" if several else name,
            found,
            frame=frame,
            place=(found.relative, answer.digest),
            reason=" ".join(filter(None, (note, COLOUR_MADE_GREY if frame.pixels.shape[2] > channels else ""))),
        )


def _score(model: Model, batch: Sequence[Row]) -> None:
    """Fill in the probabilities of rows that hold frames of one shape, and let go of their pixels."""
    frames = [row.frame for row in batch if row.frame is not None]
    windows = [windows_of(model.rules.rendering, grey_of(frame.facts)) for frame in frames]
    probabilities, embeddings = model.graph.score([frame.pixels for frame in frames], windows)
    for row, frame, values, vector in zip(batch, frames, probabilities, embeddings, strict=True):
        row.probabilities, row.embedding = values, vector
        row.frame = replace(frame, pixels=_NOTHING)


def _names(files: Sequence[FoundFile]) -> list[str]:
    """Path below the chosen folder; where two files share it, the name of the chosen folder goes before it."""
    repeated = Counter(found.relative for found in files)
    names = []
    for found in files:
        folder = Path(found.path[: -len(found.relative)] if found.relative else found.path).name
        names.append(f"{folder}/{found.relative}" if repeated[found.relative] > 1 else found.relative)
    return names
