"""Predicts with a model package alone: no project, no torch. Writes the tables of images, studies and patients."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sslstudio.domain.units import PLURAL, Pooling
from sslstudio.errors import SSLStudioError
from sslstudio.exporters import cases, scoring, tables
from sslstudio.exporters.cases import Batch, Gathering, yes
from sslstudio.exporters.deciding import COVERAGE, Judgement
from sslstudio.exporters.journal import Chunk, Journal
from sslstudio.exporters.returning import CAPTURES, NOT_DICOM, REFUSED, REPORTS, Folders, Returning
from sslstudio.exporters.scoring import Model, Row, Scorer
from sslstudio.importers.discovery import Discovery, FoundFile
from sslstudio.importers.identity import IdentityRules, Order, compile_pattern

PREDICTED, SKIPPED = "predicted", "skipped"
OF_CASE = ("patient", "study")
DECISIONS = ("abstain", "why", "unlike the training images", "distance")
RETURNED = (REPORTS, CAPTURES, NOT_DICOM, REFUSED)
BATCH = 32


@dataclass(frozen=True)
class Asked:
    """What a user may say of studies and patients: how images are pooled (None: as the package says), and how patients
    are told apart, as at an import: a pattern on paths, and what decides first; and by which promise it abstains."""

    pool: Pooling | None = None
    pattern: str = ""
    order: Order = "header"
    promise: float = COVERAGE


AS_THE_PACKAGE = Asked()


def predict(
    source_package: Path,
    sources: Sequence[Path],
    output: Path,
    progress: Callable[[int, int], None] | None = None,
    *,
    batch_size: int = BATCH,
    check: Callable[[], None] = lambda: None,
    asked: Asked = AS_THE_PACKAGE,
    folders: Folders = Folders(),  # noqa: B008 - frozen
) -> dict[str, int]:
    """Score every image below `sources` and write the table `output` (.csv, .parquet, .json), in the order in which the
    files are found, and beside it one of studies and one of patients.

    `source_package` is the folder or the .zip of a package. `progress` gets (files done, files in all); `check` is
    called often and may raise to stop. The tables appear only when all is complete; what was scored before an
    interruption is kept beside them and not scored again by the same call. `folders` says where structured reports and
    pictures of DICOM studies go, see `returning`; they are counted beside the rest. Returns {"predicted": images,
    "skipped": files, "studies", "patients", "abstained": images, "unlike": images unlike the training images, absent
    where the package cannot say}. Raises SSLStudioError: "altered_package", "not_a_package", "unusable_graph",
    "no_source", "not_written", "no_pooling", "bad_pattern", "unknown_format", "inside_project".
    """
    tables.require_known(output)
    folders.prepare()
    model = scoring.read(source_package).promising(asked.promise)
    files = list(Discovery(sources))
    if not files:
        raise SSLStudioError("There is no file to score.", "Choose folders or files with images.", code="no_source")
    report = progress or (lambda done, total: None)
    with ExitStack() as stack:
        journal = stack.enter_context(Journal(output, _fingerprint(model, files, asked, batch_size)))
        predicting = Predicting(model, asked, journal, Returning(folders, model) if folders.wanted else None)
        write = stack.enter_context(tables.table(output, header(model.classes)))
        for chunk in _chunks(predicting, files, batch_size, check):
            write(chunk.cells)
            report(chunk.done, len(files))
        predicting.write_cases(output)
        returned = predicting.write_returns(check=check)
    journal.remove()
    return predicting.counts() | returned


def header(classes: Sequence[str]) -> list[str]:
    """The columns of the table of images."""
    shares = [f"probability {name}" for name in classes]
    return ["file", "label", "confidence", *shares, *DECISIONS, "status", "reason", *OF_CASE]


class Predicting:
    """One prediction under way: turns scored rows into lines of the tables, and keeps them in a journal."""

    def __init__(self, model: Model, asked: Asked, journal: Journal, returning: Returning | None = None) -> None:
        self.model, self.journal, self.returning = model, journal, returning
        self.gathering = Gathering(model.pooling, model.deciding, model.classes, asked.pool)
        self.done = 0
        self._identity = IdentityRules(bytes.fromhex(journal.key), None, compile_pattern(asked.pattern), asked.order)
        self._counts: Counter[str] = Counter()

    def earlier(self) -> Iterator[Chunk]:
        """What the journal holds, taken in."""
        for chunk in self.journal.chunks():
            self.gathering.patients.update(chunk.patients)
            self.gathering.studies.update(chunk.studies)
            self._take(chunk)
            yield chunk

    def scored(self, rows: Sequence[Row], done: int, *, keep: bool) -> Chunk:
        """The chunk of rows that were scored, up to the file `done`; kept in the journal when asked for."""
        model, gathering = self.model, self.gathering
        patients, studies = len(gathering.patients), len(gathering.studies)
        images = [row for row in rows if row.frame is not None]
        empty = np.zeros((0, len(model.classes)), np.float32), np.zeros((0, 1), np.float32)
        shares = np.stack([row.probabilities for row in images]) if images else empty[0]
        vectors = np.stack([row.embedding for row in images]) if images else empty[1]
        judged = model.deciding.judge(shares, vectors, model.classes) if images else []
        keys = [self._whose(row) for row in images]
        of_image = iter(zip(judged, keys, strict=True))
        batch = Batch(
            tuple(row.file for row in images),
            np.array(keys, dtype=np.int64).reshape(-1, 2),
            np.array([(one.abstain, one.unlike) for one in judged], dtype=np.bool_).reshape(-1, 2),
            shares,
            gathering.reduce(vectors) if images else {},
        )
        chunk = Chunk(
            self.done,
            done,
            [
                _skipped(row, len(model.classes)) if row.frame is None else _cells(row, model.classes, *next(of_image))
                for row in rows
            ],
            batch,
            [(row.found.path, row.frame.index) for row in images if row.frame is not None],
            dict(list(gathering.patients.items())[patients:]),
            dict(list(gathering.studies.items())[studies:]),
            tuple(dict.fromkeys(row.place[1] for row in images)),
        )
        if keep:
            self.journal.append(chunk)
        self._take(chunk)
        return chunk

    def write_cases(self, output: Path) -> None:
        """Write the tables of studies and of patients beside `output`."""
        for unit in cases.COUNTED:
            rows = self.gathering.rows(unit)
            with tables.table(cases.table_of(output, unit), self.gathering.header(unit)) as write:
                write(rows)

    def write_returns(
        self, studies: Sequence[int] | None = None, check: Callable[[], None] = lambda: None
    ) -> dict[str, int]:
        """Write reports and pictures of these studies (None: of all) where they are wanted; returns how many."""
        if self.returning is None:
            return {}
        counts = self.returning.write(self.gathering, studies, check)
        return {name: counts[name] for name in RETURNED}

    def counts(self) -> dict[str, int]:
        """What was done so far; see `predict`."""
        numbers = {PLURAL["study"]: len(self.gathering.studies), PLURAL["patient"]: len(self.gathering.patients)}
        told = ["abstained"] if self.model.deciding.typical is None else ["abstained", "unlike"]
        return (
            {name: self._counts[name] for name in (PREDICTED, SKIPPED)} | numbers | {n: self._counts[n] for n in told}
        )

    def _whose(self, row: Row) -> tuple[int, int]:
        assert row.frame is not None
        relative, digest = row.place
        facts = row.frame.facts
        subject = self._identity.subject(relative, digest, facts.subject, facts.study)
        return self.gathering.whose(subject, facts.study or self._identity.of_folder(relative) or subject)

    def _take(self, chunk: Chunk) -> None:
        self.done = chunk.done
        self.gathering.take(chunk.batch)
        if self.returning is not None:
            self.returning.take(chunk.batch, chunk.places)
        images = len(chunk.batch.files)
        abstained, unlike = (int(count) for count in chunk.batch.flags.sum(axis=0)) if images else (0, 0)
        self._counts.update(
            {PREDICTED: images, SKIPPED: len(chunk.cells) - images, "abstained": abstained, "unlike": unlike}
        )


def _chunks(
    predicting: Predicting, files: Sequence[FoundFile], batch_size: int, check: Callable[[], None]
) -> Iterator[Chunk]:
    """Those of the journal, then the rest as it is scored."""
    yield from predicting.earlier()
    if predicting.done >= len(files):
        return
    left = len(files) - predicting.done
    with Scorer(predicting.model, predicting.journal.key, batch_size, check, left) as scorer:
        for rows, done in scorer.scored(files, predicting.done):
            yield predicting.scored(rows, done, keep=done < len(files))


def _fingerprint(model: Model, files: Sequence[FoundFile], asked: Asked, batch_size: int) -> str:
    """Whatever the answers depend on: package, files with size and time of change, and what was asked."""
    known = hashlib.sha256(f"{model.digest} {asked!r} {batch_size}\n".encode())
    for found in files:
        line = f"{found.path}\0{found.relative}\0{found.size}\0{found.modified_ns}\0{found.problem}\n"
        known.update(line.encode("utf-8", "surrogatepass"))
    return known.hexdigest()


def _skipped(row: Row, classes: int) -> list[str]:
    return [row.file, "", "", *[""] * classes, *[""] * len(DECISIONS), SKIPPED, row.reason, "", ""]


def _cells(row: Row, classes: Sequence[str], judged: Judgement, case: tuple[int, int]) -> list[str]:
    best = int(row.probabilities.argmax())
    values = [f"{value:.6f}" for value in row.probabilities.tolist()]
    known = judged.distance is not None
    unlike = (yes(judged.unlike), f"{judged.distance:.4f}") if known else ("", "")
    told = [yes(judged.abstain), judged.why, *unlike, PREDICTED, row.reason]
    return [row.file, classes[best], values[best], *values, *told, f"patient {case[0]}", f"study {case[1]}"]
