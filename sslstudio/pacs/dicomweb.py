"""Archives with DICOMweb (PS3.18): queries by QIDO-RS through dicomweb-client, images by WADO-RS, streamed to disk.

Images are read as they come, not through the library, which would hold each in memory and write it anew: the file
that arrives is the archive's, byte for byte, in the transfer syntax it is stored in.
"""

from __future__ import annotations

import re
import ssl
import threading
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any
from urllib.parse import quote

import requests
from dicomweb_client.api import DICOMwebClient
from pydicom.datadict import tag_for_keyword
from requests.adapters import HTTPAdapter
from requests.auth import HTTPBasicAuth

from sslstudio.errors import SSLStudioError
from sslstudio.pacs import encryption, multipart, quiet
from sslstudio.pacs.archive import Arrived, Check, polled
from sslstudio.pacs.files import ReceivingFolder
from sslstudio.pacs.nodes import PacsNode
from sslstudio.pacs.problems import of_socket, problem
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

LIBRARIES = ("pydicom", "dicomweb_client", "urllib3", "requests", "retrying")
"""Whose own words can hold what was asked for."""
CONNECTIONS = 4
CHUNK = 256 * 1024
MOST_ANSWER = 64 * 1024**2
PAGE = 1000
ACCEPT = 'multipart/related; type="application/dicom"; transfer-syntax=*, application/dicom; transfer-syntax=*;q=0.9'
STUDY_FIELDS = ("StudyDescription", "ModalitiesInStudy", "NumberOfStudyRelatedSeries", "NumberOfStudyRelatedInstances")
SERIES_FIELDS = ("SeriesDescription", "BodyPartExamined", "NumberOfSeriesRelatedInstances")
_SPECIAL = re.compile(r"[^A-Za-z0-9.*?_~-]+")
_BY_STATUS = {
    401: "login",
    403: "forbidden",
    404: "not_found",
    408: "timeout",
    429: "busy",
    503: "busy",
    504: "timeout",
}


def open_archive(node: PacsNode, password: str) -> WebArchive:
    """The archive of a DICOMweb node."""
    return WebArchive(node, password)


class WebArchive:
    """Implements `archive.Archive`. Asks only the address of the node: no proxy, no redirection elsewhere."""

    def __init__(self, node: PacsNode, password: str) -> None:
        self._end_quiet = quiet.while_open(self, *LIBRARIES)
        self._node, self._password = node, password
        self._base = node.url.rstrip("/")
        self._timeout = (min(10.0, node.timeout), node.timeout)
        self._session = self._open_session(MOST_ANSWER)
        self._client = DICOMwebClient(self._base, self._session, timeout=self._timeout, permissive_uid=True)
        self._client.set_http_retry_params(retry=False)

    def verify(self) -> None:
        """One study is asked for."""
        with self._plain_words():
            self._search(self._client.search_for_studies, limit=1)

    def studies(self, query: StudyQuery) -> Found:
        """By QIDO-RS; what the archive did not filter is filtered here."""
        filters = {
            "PatientID": query.patient_id,
            "PatientName": query.name_pattern,
            "StudyDate": query.dates,
            "ModalitiesInStudy": query.modality,
            "StudyDescription": query.description_pattern,
            "AccessionNumber": query.accession,
            "StudyInstanceUID": query.study,
        }
        given = {keyword: value for keyword, value in filters.items() if value}
        found = found_of(query, self._studies(given, query.limit))
        if found.studies or not any(_SPECIAL.search(value) for value in given.values()):
            return found
        # Some archives (Orthanc up to 1.11) take %20 for three letters; a wildcard in its place needs no decoding.
        masked = {keyword: _SPECIAL.sub("*", value) for keyword, value in given.items()}
        return found_of(query, self._studies(masked, query.limit), exactly=True)

    def _studies(self, filters: dict[str, str], limit: int) -> list[StudyRow | None]:
        found = self._search(
            self._client.search_for_studies, limit=limit + 1, fields=STUDY_FIELDS, search_filters=filters
        )
        return [_study(item) for item in found]

    def series(self, study: str) -> tuple[SeriesRow, ...]:
        """By QIDO-RS."""
        found = self._paged(self._client.search_for_series, study, fields=SERIES_FIELDS)
        rows = (series_row(study, partial(_keyword, item)) for item in found)
        return tuple(row for row in rows if row is not None)

    def images(self, study: str, series: str) -> tuple[ImageRow, ...]:
        """By QIDO-RS; rows with unusable identifiers are kept, so that they can be counted."""
        found = self._paged(self._client.search_for_instances, study, series)
        rows = (ImageRow(sop=_text(item, "00080018"), sop_class=_text(item, "00080016")) for item in found)
        return tuple({row.sop: row for row in rows}.values())

    def fetch(
        self, series: SeriesRow, images: Sequence[ImageRow], into: ReceivingFolder, check: Check
    ) -> Iterator[Arrived]:
        """By WADO-RS, a few images at a time."""
        waiting, over = deque(images), threading.Event()

        def work(emit: Callable[[Arrived], None]) -> None:
            session = self._open_session()
            try:
                while waiting and not over.is_set():
                    try:
                        image = waiting.popleft()
                    except IndexError:
                        return
                    emit(self._fetch_one(session, series, image.sop, into, over))
            finally:
                session.close()

        works = [work] * max(1, min(CONNECTIONS, len(images)))
        yield from polled(works, check, over.set)

    def close(self) -> None:
        """Close the connections."""
        self._session.close()
        self._end_quiet()

    def _fetch_one(
        self, session: requests.Session, series: SeriesRow, sop: str, into: ReceivingFolder, over: threading.Event
    ) -> Arrived:
        path = f"studies/{quote(series.study)}/series/{quote(series.series)}/instances/{quote(sop)}"
        with self._plain_words():
            response = session.get(
                f"{self._base}/{path}", headers={"Accept": ACCEPT, "Accept-Encoding": "identity"},
                stream=True, timeout=self._timeout,
            )  # fmt: skip
            with response:
                if response.status_code in (404, 406, 410):
                    return Arrived(sop=sop, code="not_sent")
                response.raise_for_status()
                boundary = multipart.boundary_of(response.headers.get("Content-Type", ""))
                chunks: Iterable[bytes] = response.iter_content(CHUNK)
                with into.part() as part:
                    for piece in chunks if boundary is None else multipart.first_part(chunks, boundary):
                        if over.is_set():
                            return Arrived(sop=sop, code="lost")
                        part.write(piece)
                    try:
                        return Arrived(sop=sop, size=part.keep(series.series, sop))
                    except SSLStudioError as error:
                        if error.code in ("unreadable", "not_asked_for"):
                            return Arrived(sop=sop, code=error.code)
                        raise

    def _paged(self, search: Callable[..., Any], *args: str, **options: Any) -> list[dict[str, Any]]:
        """All pages of an answer; an archive that knows no pages sends the same rows again, which ends it."""
        found: list[dict[str, Any]] = []
        while True:
            page = self._search(search, *args, limit=PAGE, offset=len(found), **options)
            if not page or (found and page[0] == found[0]):
                return found
            found += page
            if len(page) < PAGE or len(found) > 200 * PAGE:
                return found

    def _search(self, search: Callable[..., Any], *args: str, **options: Any) -> list[dict[str, Any]]:
        with self._plain_words(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                found = search(*args, **options)
            except requests.exceptions.JSONDecodeError:
                raise problem("not_dicomweb", self._node.name) from None
        if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
            raise problem("not_dicomweb", self._node.name)
        return found

    def _open_session(self, most: int = 0) -> requests.Session:
        session = requests.Session()
        session.trust_env = False
        session.max_redirects = 0
        if self._node.user:
            session.auth = HTTPBasicAuth(self._node.user.encode("utf-8"), self._password.encode("utf-8"))
        adapter = _Adapter(self._node)
        session.mount("https://", adapter)
        session.mount("http://", adapter)
        if most:
            session.hooks["response"].append(lambda response, **_: _bounded(response, most, self._node.name))
        return session

    def _plain_words(self) -> _PlainWords:
        return _PlainWords(self._node.name)


class _PlainWords:
    """Turns the errors of requests into ours."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if error is None or isinstance(error, SSLStudioError):
            return
        code = _code(error)
        if code:
            raise problem(code, self._name) from None


def _code(error: BaseException) -> str:
    """The code for an error of requests or of a multipart body; "" for one that is none of theirs."""
    if isinstance(error, requests.exceptions.HTTPError) and error.response is not None:
        status = error.response.status_code
        return _BY_STATUS.get(status, "server_error" if status >= 500 else "query_failed")
    if isinstance(error, requests.exceptions.TooManyRedirects):
        return "redirected"
    if isinstance(error, requests.exceptions.SSLError):
        found = next((cause for cause in _causes(error) if isinstance(cause, ssl.SSLError)), None)
        return "tls" if found is None else of_socket(found)
    if isinstance(error, requests.exceptions.Timeout):
        return "timeout"
    if isinstance(error, requests.exceptions.ConnectionError):
        roots = [cause for cause in _causes(error) if isinstance(cause, OSError) and not _of_requests(cause)]
        return of_socket(roots[-1]) if roots else "lost"
    if isinstance(error, requests.exceptions.ChunkedEncodingError | multipart.IncompleteError):
        return "lost"
    return "not_dicomweb" if isinstance(error, requests.exceptions.RequestException) else ""


def _of_requests(error: BaseException) -> bool:
    return isinstance(error, requests.exceptions.RequestException)


def _causes(error: BaseException) -> list[BaseException]:
    """An error, and those it stems from as requests and urllib3 nest them."""
    found: list[BaseException] = []
    todo: list[BaseException | None] = [error]
    while todo and len(found) < 30:
        one = todo.pop(0)
        if one is None or one in found:
            continue
        found.append(one)
        inner = [part for part in one.args if isinstance(part, BaseException)]
        todo += [getattr(one, "reason", None) if isinstance(getattr(one, "reason", None), BaseException) else None]
        todo += [*inner, one.__cause__, one.__context__]
    return found


class _Adapter(HTTPAdapter):
    """Connections with the certificates of a node; nothing is tried twice behind our back."""

    def __init__(self, node: PacsNode) -> None:
        self._context = encryption.client_context(node) if node.encrypted else None
        super().__init__(max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Hand our context on."""
        if self._context is not None:
            kwargs["ssl_context"] = self._context
        super().init_poolmanager(*args, **kwargs)

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        """As it is, but with wildcards and blanks of a query as every archive reads them."""
        path, mark, query = str(request.url).partition("?")
        request.url = path + mark + query.replace("%2A", "*").replace("%3F", "?").replace("+", "%20")
        return super().send(request, *args, **kwargs)


class _Bounded:
    """A body that ends in an error once it is larger than any honest answer."""

    def __init__(self, raw: Any, most: int, name: str) -> None:
        self._raw, self._most, self._name = raw, most, name

    def __getattr__(self, attribute: str) -> Any:
        return getattr(self._raw, attribute)

    def stream(self, *args: Any, **kwargs: Any) -> Iterator[bytes]:
        """As urllib3's."""
        seen = 0
        for chunk in self._raw.stream(*args, **kwargs):
            seen += len(chunk)
            if seen > self._most:
                self._raw.close()
                raise problem("too_much", self._name)
            yield chunk


def _bounded(response: requests.Response, most: int, name: str) -> requests.Response:
    response.raw = _Bounded(response.raw, most, name)
    return response


def _values(item: dict[str, Any], tag: str) -> list[Any]:
    element = item.get(tag)
    values = element.get("Value") if isinstance(element, dict) else None
    return values if isinstance(values, list) else []


def _text(item: dict[str, Any], tag: str) -> str:
    """The first value of an element in the DICOM JSON model (PS3.18 F.2), a person's name in its plain form."""
    value = next(iter(_values(item, tag)), "")
    if isinstance(value, dict):
        value = value.get("Alphabetic") or value.get("Ideographic") or value.get("Phonetic") or ""
    return clean(value) if isinstance(value, str | int | float) else ""


def _keyword(item: dict[str, Any], keyword: str) -> str:
    return _text(item, f"{tag_for_keyword(keyword):08X}")


def _study(item: dict[str, Any]) -> StudyRow | None:
    listed = (value for value in _values(item, "00080061") if isinstance(value, str))
    return study_row(partial(_keyword, item), listed)
