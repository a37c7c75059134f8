"""Archives that speak DIMSE (PS3.7): verification, and queries by C-FIND.

Study Root only (PS3.4 C.6.2). `associations` are what all of it runs on, `dimse_fetch` hands images over.
"""

from __future__ import annotations

import importlib
import time
import warnings
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from pydicom.dataset import Dataset
from pydicom.uid import UID, ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pynetdicom import build_context, sop_class
from pynetdicom.association import Association

from sslstudio.pacs import quiet
from sslstudio.pacs.archive import Arrived, Check
from sslstudio.pacs.associations import associate, leave
from sslstudio.pacs.files import ReceivingFolder
from sslstudio.pacs.nodes import PacsNode
from sslstudio.pacs.problems import problem
from sslstudio.pacs.rows import (
    Found,
    ImageRow,
    SeriesRow,
    StudyQuery,
    StudyRow,
    clean,
    found_of,
    series_row,
    study_row,
)

MOST_ROWS = 200_000
VERIFICATION: UID = sop_class.Verification  # type: ignore[attr-defined]
FIND: UID = sop_class.StudyRootQueryRetrieveInformationModelFind  # type: ignore[attr-defined]
GET: UID = sop_class.StudyRootQueryRetrieveInformationModelGet  # type: ignore[attr-defined]
MOVE: UID = sop_class.StudyRootQueryRetrieveInformationModelMove  # type: ignore[attr-defined]
PLAIN: list[str | UID] = [ExplicitVRLittleEndian, ImplicitVRLittleEndian]
_STUDY_KEYS = (
    *("StudyInstanceUID", "PatientID", "PatientName", "StudyDate", "StudyTime", "StudyDescription"),
    *("AccessionNumber", "ModalitiesInStudy", "NumberOfStudyRelatedSeries", "NumberOfStudyRelatedInstances"),
)
_SERIES_KEYS = (
    *("SeriesInstanceUID", "Modality", "SeriesNumber", "SeriesDescription", "BodyPartExamined"),
    "NumberOfSeriesRelatedInstances",
)


def open_archive(node: PacsNode, _password: str) -> DimseArchive:
    """The archive of a DIMSE node; the protocol knows no passwords here, only titles and certificates."""
    return DimseArchive(node)


class DimseArchive:
    """Implements `archive.Archive`: one association for all queries, and a listener from the first C-MOVE on."""

    def __init__(self, node: PacsNode) -> None:
        self._node = node
        self._asking: Association | None = None
        self._listener: Any = None
        self._end_quiet = quiet.while_open(self, "pydicom", "pynetdicom")

    def verify(self) -> None:
        """C-ECHO, and whether queries and the chosen way of retrieving are offered."""
        way = GET if self._node.retrieve == "get" else MOVE
        contexts = [build_context(uid, PLAIN) for uid in (VERIFICATION, FIND, way)]
        association = associate(self._node, contexts)
        try:
            offered = {context.abstract_syntax for context in association.accepted_contexts}
            if VERIFICATION in offered:
                status = association.send_c_echo()
                if not status or status.Status != 0:
                    raise problem("server_error" if status else "lost", self._node.name)
            if FIND not in offered:
                raise problem("no_find", self._node.name)
            if way not in offered:
                raise problem(f"no_{self._node.retrieve}", self._node.name)
        finally:
            leave(association)
        if self._node.retrieve == "move":
            fetching().try_listening(self._node)

    def studies(self, query: StudyQuery) -> Found:
        """By C-FIND at STUDY level."""
        wanted = {
            "PatientID": query.patient_id,
            "PatientName": query.name_pattern,
            "StudyDate": query.dates,
            "ModalitiesInStudy": query.modality,
            "StudyDescription": query.description_pattern,
            "AccessionNumber": query.accession,
            "StudyInstanceUID": query.study,
        }
        rows = []
        for answer in self._find("STUDY", dict.fromkeys(_STUDY_KEYS, "") | wanted):
            rows.append(_study(answer))
            if len(rows) > query.limit:
                break
        return found_of(query, rows)

    def series(self, study: str) -> tuple[SeriesRow, ...]:
        """By C-FIND at SERIES level."""
        keys = {"StudyInstanceUID": study, **dict.fromkeys(_SERIES_KEYS, "")}
        rows = (series_row(study, partial(text_of, answer)) for answer in self._find("SERIES", keys))
        return tuple(row for row in rows if row is not None)

    def images(self, study: str, series: str) -> tuple[ImageRow, ...]:
        """By C-FIND at IMAGE level."""
        keys = {"StudyInstanceUID": study, "SeriesInstanceUID": series, "SOPInstanceUID": "", "SOPClassUID": ""}
        rows = (
            ImageRow(sop=text_of(answer, "SOPInstanceUID"), sop_class=text_of(answer, "SOPClassUID"))
            for answer in self._find("IMAGE", keys)
        )
        return tuple({row.sop: row for row in rows}.values())

    def fetch(
        self, series: SeriesRow, images: Sequence[ImageRow], into: ReceivingFolder, check: Check
    ) -> Iterator[Arrived]:
        """By C-GET or C-MOVE, as the node says."""
        if self._node.retrieve == "move" and self._listener is None:
            self._listener = fetching().Listener(self._node)
        yield from fetching().fetch(self._node, series, images, into, check, self._listener)

    def close(self) -> None:
        """End the association, and stop listening."""
        if self._asking is not None:
            leave(self._asking)
        listener, self._listener = self._listener, None
        if listener is not None:
            listener.close()
        self._end_quiet()

    def _find(self, level: str, keys: dict[str, str]) -> Iterator[Dataset]:
        """The answers to one query; leaving early, or an error, ends the association."""
        request = identifier(level, keys)
        association = self._for_queries()
        try:
            asked, rows = time.monotonic(), 0
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                for status, answer in association.send_c_find(request, FIND):
                    code = _find_code(status, time.monotonic() - asked, self._node.timeout)
                    if code:
                        raise problem(code, self._node.name)
                    asked, rows = time.monotonic(), rows + 1
                    if rows > MOST_ROWS:
                        raise problem("too_much", self._node.name)
                    if answer is not None and status.Status in (0xFF00, 0xFF01):
                        yield answer
        except BaseException:
            if association.is_established:
                association.abort()
            leave(association)
            raise

    def _for_queries(self) -> Association:
        """The association for queries, opened anew where the archive has ended it meanwhile."""
        if self._asking is None or not self._asking.is_established:
            self._asking = associate(self._node, [build_context(FIND, PLAIN)])
        if not self._asking.accepted_contexts:
            raise problem("no_find", self._node.name)
        return self._asking


def fetching() -> Any:
    """The module that fetches, loaded when it is needed."""
    return importlib.import_module("sslstudio.pacs.dimse_fetch")


def identifier(level: str, keys: dict[str, str]) -> Dataset:
    """The data set of a query or retrieval; in UTF-8 only where it must be."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        request = Dataset()
        if not all(value.isascii() for value in keys.values()):
            request.SpecificCharacterSet = "ISO_IR 192"
        request.QueryRetrieveLevel = level
        for keyword, value in keys.items():
            setattr(request, keyword, value)
        return request


def text_of(answer: Dataset, keyword: str) -> str:
    """An element of an answer as clean text; "" when it is absent or cannot be read."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            value = answer.get(keyword)
            return "" if value is None else clean(value)
    except Exception:  # a stranger's bytes: pydicom may fail in any way, and its words may name a patient
        return ""


def _find_code(status: Dataset, seconds: float, patience: float) -> str:
    """The code for the status of a C-FIND response (PS3.4 C.4.1.1.4); "" when all is well."""
    if "Status" not in status:
        return "timeout" if seconds >= 0.9 * patience else "lost"
    value = int(status.Status)
    if value in (0x0000, 0xFF00, 0xFF01, 0xFE00):
        return ""
    return {0xA700: "busy", 0x0122: "no_find", 0x0124: "forbidden"}.get(value, "query_failed")


def _study(answer: Dataset) -> StudyRow | None:
    try:
        listed = answer.get("ModalitiesInStudy") or ()
    except Exception:  # as in text_of
        listed = ()
    return study_row(partial(text_of, answer), [listed] if isinstance(listed, str) else list(listed))
