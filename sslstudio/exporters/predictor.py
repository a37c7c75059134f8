"""Scores new files with a model package alone: no project, no torch. Reads files exactly as the import does."""

from __future__ import annotations

import csv
import hashlib
import os
import secrets
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sslstudio.domain.specs import ImportSpec
from sslstudio.domain.units import PLURAL, Pooling
from sslstudio.errors import SSLStudioError
from sslstudio.exporters import cases, package
from sslstudio.exporters.cases import CasePooling, Gathering
from sslstudio.exporters.package import Preprocessing
from sslstudio.exporters.runtime import Graph
from sslstudio.importers.decode_pool import Answer, DecodePool
from sslstudio.importers.decoding import DecodeSettings
from sslstudio.importers.discovery import Discovery, FoundFile
from sslstudio.importers.frame_spool import ReceivedFrame
from sslstudio.importers.identity import IdentityRules, Order, compile_pattern
from sslstudio.importers.reasons import reason
from sslstudio.importers.rendering import grey_of, windows_of

PREDICTED, SKIPPED = "predicted", "skipped"
COLOUR_MADE_GREY = "Colour was made grey: the model knows grey images only."

OF_CASE = ("patient", "study")
_HELD_BYTES = 64 << 20
_EXAMPLE_TOLERANCE = 1e-3


@dataclass(frozen=True)
class Model:
    """A verified package, ready to score: its graph, class names, preprocessing rules, and how it pools."""

    graph: Graph
    classes: tuple[str, ...]
    rules: Preprocessing
    pooling: CasePooling


@dataclass(frozen=True)
class Asked:
    """What a user may say of studies and patients: how images are pooled (None: as the package says), and how patients
    are told apart, as at an import: a pattern on paths, and what decides first."""

    pool: Pooling | None = None
    pattern: str = ""
    order: Order = "header"


AS_THE_PACKAGE = Asked()


@dataclass
class _Row:
    """One row to be written: a skipped file with its reason, or a frame that waits for its probabilities.

    `place` is the file's relative path and digest, `case` the numbers of patient and study.
    """

    file: str
    frame: ReceivedFrame | None = None
    reason: str = ""
    place: tuple[str, str] = ("", "")
    probabilities: Sequence[float] = ()
    embedding: NDArray[np.float32] | None = None
    case: tuple[int, int] = (0, 0)


def predict(
    source_package: Path,
    sources: Sequence[Path],
    output: Path,
    progress: Callable[[int, int], None] | None = None,
    *,
    batch_size: int = 32,
    check: Callable[[], None] = lambda: None,
    asked: Asked = AS_THE_PACKAGE,
) -> dict[str, int]:
    """Score every image below `sources` and write the table `output`, in the order in which the files are found, and
    beside it one of studies and one of patients.

    `source_package` is the folder or the .zip of a package. `progress` gets (files done, files in all); `check` is
    called often and may raise to stop. The tables appear only when all is complete. Returns {"predicted": images,
    "skipped": files, "studies", "patients"}. Raises SSLStudioError: "altered_package", "not_a_package",
    "unusable_graph", "no_source", "not_written", "no_pooling", "bad_pattern".
    """
    model = load(source_package)
    identity = IdentityRules(secrets.token_bytes(32), None, compile_pattern(asked.pattern), asked.order)
    gathering = Gathering(model.pooling, model.classes, asked.pool)
    files = list(Discovery(sources))
    if not files:
        raise SSLStudioError("There is no file to score.", "Choose folders or files with images.", code="no_source")
    counts: Counter[str] = Counter()
    report = progress or (lambda done, total: None)
    with _table(output) as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(header(model.classes))
        for rows, done in _scored(model, files, batch_size, check):
            _gather(rows, identity, gathering)
            writer.writerows(_cells(row, model.classes) for row in rows)
            counts.update(PREDICTED if row.frame is not None else SKIPPED for row in rows)
            report(done, len(files))
        found = {unit: gathering.rows(unit) for unit in cases.COUNTED}
        for unit, lines in found.items():
            with _table(cases.table_of(output, unit)) as beside:
                csv.writer(beside, lineterminator="\n").writerows([gathering.header(unit), *lines])
    numbers = {PLURAL[unit]: len(lines) for unit, lines in found.items()}
    return {PREDICTED: counts[PREDICTED], SKIPPED: counts[SKIPPED], **numbers}


def _gather(rows: Sequence[_Row], identity: IdentityRules, gathering: Gathering) -> None:
    """Say whose each scored image is, and take it in."""
    for row in rows:
        if row.frame is not None and row.embedding is not None:
            relative, digest = row.place
            facts = row.frame.facts
            subject = identity.subject(relative, digest, facts.subject, facts.study)
            study = facts.study or identity.of_folder(relative) or subject
            row.case = gathering.add(row.file, subject, study, row.probabilities, row.embedding)


def load(source: Path) -> Model:
    """Verify a package (folder or .zip), read it, score its example; raises SSLStudioError if anything is off."""
    if not source.exists():
        raise SSLStudioError("The model package is not there.", "Choose its folder or .zip file.", code="not_a_package")
    if source.is_dir():
        return _load_folder(source)
    with tempfile.TemporaryDirectory(prefix="package-") as folder:
        package.unpack(source, Path(folder))
        return _load_folder(Path(folder))


def header(classes: Sequence[str]) -> list[str]:
    """The columns of the table."""
    return ["file", "label", "confidence", *(f"probability {name}" for name in classes), "status", "reason", *OF_CASE]


def _load_folder(folder: Path) -> Model:
    digests = package.verify(folder)
    content = (folder / package.GRAPH).read_bytes()
    if hashlib.sha256(content).hexdigest() != digests[package.GRAPH]:
        raise SSLStudioError(
            "The model package changed while it was read.", "Try again with a fresh copy.", code="altered_package"
        )
    rules = package.read_preprocessing(folder)
    classes = tuple(entry.name for entry in package.read_labels(folder).classes)
    graph = Graph(content)
    if graph.channels != rules.channels or not _gives_its_example(graph, folder, len(classes)):
        raise SSLStudioError(
            "On this computer the model gives another answer for its example than when it was exported.",
            "Do not use it here; update SSL Studio or export the model again.",
            code="unusable_graph",
        )
    return Model(graph, classes, rules, cases.read(folder, classes))


def _gives_its_example(graph: Graph, folder: Path, classes: int) -> bool:
    try:
        with np.load(folder / package.EXAMPLE, allow_pickle=False) as arrays:
            image = np.rint(arrays["pixels"][0].transpose(1, 2, 0)).astype(np.uint8)
            windows = tuple((float(low), float(high)) for low, high in arrays["window"][0])
            expected = arrays["probabilities"][0]
    except (OSError, KeyError, ValueError, IndexError):
        return False
    probabilities, _ = graph.score([image], [windows])
    return expected.shape == (classes,) and bool(np.abs(probabilities[0] - expected).max() < _EXAMPLE_TOLERANCE)


def _scored(
    model: Model, files: Sequence[FoundFile], batch_size: int, check: Callable[[], None]
) -> Iterator[tuple[list[_Row], int]]:
    """Finished rows in the order of the files, some at a time, with the number of files they take us to."""
    names = _names(files)
    held: list[_Row] = []
    size = done = 0
    for number, answer in _answers(model.rules, files, check):
        done = number + 1
        rows = _rows(names[number], files[number].relative, answer, model.graph.channels)
        held += rows
        size += sum(row.frame.pixels.nbytes for row in rows if row.frame is not None)
        if len(held) >= 4 * batch_size or size > _HELD_BYTES:
            _score(model, held, batch_size, check)
            yield held, done
            held, size = [], 0
    _score(model, held, batch_size, check)
    yield held, done


def _answers(
    rules: Preprocessing, files: Sequence[FoundFile], check: Callable[[], None]
) -> Iterator[tuple[int, Answer]]:
    """What became of each file, decoded in worker processes; headers are read for pixels and window alone."""
    limits = ImportSpec()
    settings = DecodeSettings(
        key=secrets.token_hex(32),
        max_side=rules.max_side,
        max_pixels=limits.max_pixels,
        seconds=limits.decode_seconds,
    )
    readable = [number for number, found in enumerate(files) if not found.problem]
    answers: dict[int, Answer] = {n: Answer(found.problem) for n, found in enumerate(files) if found.problem}
    position = 0
    with DecodePool[int](settings) as pool:
        for number, answer in pool.map(readable, lambda n: files[n].path, check):
            while position < number:
                yield position, answers.pop(position)
                position += 1
            yield number, answer
            position = number + 1
    for number in range(position, len(files)):
        yield number, answers.pop(number)


def _rows(name: str, relative: str, answer: Answer, channels: int) -> list[_Row]:
    if answer.code or not answer.frames:
        why = reason(answer.code or "corrupt", **answer.detail)
        return [_Row(name, reason=f"{why.sentence} {why.hint}")]
    several = len(answer.frames) > 1
    note = reason(answer.note.code, **answer.note.detail).sentence if answer.note is not None else ""
    return [
        _Row(
            f"{name}#{frame.index + 1}" if several else name,
            frame=frame,
            place=(relative, answer.digest),
            reason=" ".join(filter(None, (note, COLOUR_MADE_GREY if frame.pixels.shape[2] > channels else ""))),
        )
        for frame in answer.frames
    ]


def _score(model: Model, rows: Sequence[_Row], batch_size: int, check: Callable[[], None]) -> None:
    """Fill in the probabilities of the rows that hold a frame, in batches of one shape."""
    graph, rendering = model.graph, model.rules.rendering
    alike: dict[tuple[int, ...], list[_Row]] = defaultdict(list)
    for row in rows:
        if row.frame is not None:
            alike[row.frame.pixels.shape].append(row)
    for group in alike.values():
        for start in range(0, len(group), batch_size):
            check()
            batch = group[start : start + batch_size]
            frames = [row.frame for row in batch if row.frame is not None]
            windows = [windows_of(rendering, grey_of(frame.facts)) for frame in frames]
            probabilities, embeddings = graph.score([frame.pixels for frame in frames], windows)
            for row, values, vector in zip(batch, probabilities, embeddings, strict=True):
                row.probabilities, row.embedding = [float(value) for value in values], vector


def _cells(row: _Row, classes: Sequence[str]) -> list[str]:
    if row.frame is None:
        return [row.file, "", "", *("" for _ in classes), SKIPPED, row.reason, "", ""]
    best = int(np.argmax(row.probabilities))
    values = [f"{value:.6f}" for value in row.probabilities]
    patient, study = row.case
    whose = (f"patient {patient}", f"study {study}")
    return [row.file, classes[best], values[best], *values, PREDICTED, row.reason, *whose]


def _names(files: Sequence[FoundFile]) -> list[str]:
    """Path below the chosen folder; where two files share it, the name of the chosen folder goes before it."""
    repeated = Counter(found.relative for found in files)
    names = []
    for found in files:
        folder = Path(found.path[: -len(found.relative)] if found.relative else found.path).name
        names.append(f"{folder}/{found.relative}" if repeated[found.relative] > 1 else found.relative)
    return names


@contextmanager
def _table(output: Path) -> Iterator[Any]:
    """A text stream whose content appears as `output` when all was written, and not at all otherwise."""
    partial = output.with_name(f".{output.name}.{os.getpid()}.partial")
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        with partial.open("w", encoding="utf-8", errors="backslashreplace", newline="") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        partial.replace(output)
    except OSError:
        raise SSLStudioError(
            "The table could not be written.", "Check free space and the rights of the folder.", code="not_written"
        ) from None
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
