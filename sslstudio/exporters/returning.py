"""Brings results back to where images come from: a structured report and a picture for each DICOM study.

Both carry the identity of the patient on purpose, so they go to a folder of their own, never into a project.
"""

from __future__ import annotations

import contextlib
import os
import warnings
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sslstudio.errors import SSLStudioError
from sslstudio.exporters import case_result, dicom_origin
from sslstudio.pacs import quiet
from sslstudio.pacs.files import inside_project

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

    from sslstudio.exporters.case_result import CaseResult
    from sslstudio.exporters.cases import Batch, Gathering
    from sslstudio.exporters.scoring import Model

REPORTS, CAPTURES, NOT_DICOM, REFUSED = "reports", "captures", "not_dicom", "not_reported"


@dataclass(frozen=True)
class Folders:
    """Where structured reports and pictures go; None: none are wanted."""

    reports: Path | None = None
    captures: Path | None = None

    @property
    def wanted(self) -> bool:
        """True when anything is."""
        return self.reports is not None or self.captures is not None

    def prepare(self) -> None:
        """Make them, for their owner alone where they are new. Raises SSLStudioError ("inside_project",
        "not_written")."""
        for folder in filter(None, (self.reports, self.captures)):
            if inside_project(folder):
                raise SSLStudioError(
                    "Reports and pictures for the archive name the patient; a project must not hold that.",
                    "Choose a folder outside the project.",
                    code="inside_project",
                )
            try:
                folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            except OSError:
                raise _not_written() from None


class Returning:
    """Collects where the images of each study lie, then writes its report and picture."""

    def __init__(self, folders: Folders, model: Model) -> None:
        self._folders, self._model = folders, model
        self._places: dict[int, list[tuple[str, int]]] = defaultdict(list)

    def take(self, batch: Batch, places: Sequence[tuple[str, int]]) -> list[int]:
        """Take scored images in, with where they lie (path, frame); returns the numbers of their studies."""
        studies: list[int] = batch.keys[:, 1].tolist() if batch.files else []
        for study, place in zip(studies, places, strict=True):
            self._places[study].append(place)
        return list(dict.fromkeys(studies))

    def places(self, study: int) -> list[tuple[str, int]]:
        """Where the images of a study lie."""
        return list(self._places.get(study, ()))

    def write(
        self,
        gathering: Gathering,
        studies: Iterable[int] | None = None,
        check: Callable[[], None] = lambda: None,
        progress: Callable[[int, int], None] = lambda done, total: None,
    ) -> Counter[str]:
        """Write what is wanted of these studies (None: of all). Counts "reports", "captures", studies that are
        "not_dicom" or lack valid identifiers, and those "not_reported" because no report may refer to images of
        their kind."""
        columns = gathering.header("study")
        rows = {int(row[0].split()[1]): dict(zip(columns, row, strict=True)) for row in gathering.rows("study")}
        wanted = [study for study in (rows if studies is None else studies) if study in rows]
        counts: Counter[str] = Counter()
        for place, study in enumerate(wanted):
            check()
            origin = dicom_origin.read(self.places(study), check)
            if origin is None:
                counts[NOT_DICOM] += 1
            else:
                counts.update(self._made(study, case_result.result_of(self._model, rows[study]), origin))
            progress(place + 1, len(wanted))
        return counts

    def _made(self, study: int, result: CaseResult, origin: dicom_origin.Origin) -> Counter[str]:
        counts: Counter[str] = Counter()
        end_quiet = quiet.while_open(self, "pydicom", "highdicom")
        try:
            for folder, what, name in (
                (self._folders.reports, REPORTS, "report"),
                (self._folders.captures, CAPTURES, "capture"),
            ):
                if folder is None:
                    continue
                content = _make(what, result, origin)
                if content is None:
                    counts[REFUSED] = 1
                    continue
                _save(content, folder / f"study-{study}-{name}-{str(content.SOPInstanceUID)[-10:]}.dcm")
                counts[what] += 1
        finally:
            end_quiet()
        return counts


def _make(what: str, result: CaseResult, origin: dicom_origin.Origin) -> Dataset | None:
    """None where highdicom will not refer to the images, because their kind was retired, say."""
    from sslstudio.exporters import capture, structured_report  # highdicom takes a second to load

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            make = structured_report.make if what == REPORTS else capture.make
            return make(result, origin)
        except Exception:  # a stranger's headers; its words may name a patient
            return None


def _save(content: Dataset, path: Path) -> None:
    partial = path.with_name(f".{path.name}.partial")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0), 0o600)
            with os.fdopen(descriptor, "wb") as stream:
                content.save_as(stream, enforce_file_format=True)
        partial.replace(path)
    except OSError:
        raise _not_written() from None
    finally:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)


def _not_written() -> SSLStudioError:
    return SSLStudioError(
        "The reports could not be written.", "Check free space and the rights of the folder.", code="not_written"
    )
