"""The words to look for: identifiers of the originals' headers, names of files and folders, this computer and its user.

Rules against false alarms, said to the user in `RULES`: a word of fewer than three letters, a number of fewer than six
digits, a word that stands in our own forms, a word that stands for "nobody", and a date from the project's own days are
not looked for alone.
"""

from __future__ import annotations

import ast
import contextlib
import datetime
import getpass
import re
import socket
import sys
import tempfile
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path, PurePosixPath, PureWindowsPath

import pydicom
from pydicom.dataset import Dataset

from sslstudio import resources
from sslstudio.exporters.sharing.knowledge import MOST_HEADERS, Knowledge

RULES = (
    "Names are looked for in every order and joined by any sign, upper or lower case; a single word only whole, and "
    "only if it has three letters or more, or six digits or more, and is no word of the forms themselves."
)
_BY_KEYWORD = {
    "PatientName": "name", "OtherPatientNames": "name", "PatientBirthName": "name", "PatientMotherBirthName": "name",
    "ResponsiblePerson": "name", "PatientID": "id", "OtherPatientIDs": "id", "MedicalRecordLocator": "id",
    "AdmissionID": "id", "PatientTelephoneNumbers": "id", "PatientAddress": "text", "PatientComments": "text",
    "AdditionalPatientHistory": "text", "ImageComments": "text", "PatientBirthDate": "birth", "StudyDate": "date",
    "SeriesDate": "date", "AcquisitionDate": "date", "ContentDate": "date", "AccessionNumber": "accession",
    "StudyID": "accession", "InstitutionName": "institution", "InstitutionAddress": "institution",
    "InstitutionalDepartmentName": "institution", "DeviceSerialNumber": "device", "StationName": "device",
    "IssuerOfPatientID": "institution",
}  # fmt: skip
_NOBODY = frozenset((
    *("anonymous", "anonymized", "anonymised", "anon", "unknown", "none", "null", "nan", "test", "phantom", "patient"),
    *("subject", "name", "noname", "undefined", "xxx", "deidentified", "removed", "hidden"),
))  # fmt: skip
_COMMON = frozenset((
    *("root", "user", "admin", "administrator", "ubuntu", "debian", "localhost", "runner", "guest", "home", "data"),
    *("images", "dicom"),
))  # fmt: skip
_NAMES = ("name", "physician", "reader")
_DATES = ("%Y%m%d", "%Y-%m-%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%Y/%m/%d", "%Y_%m_%d")
_TOKEN = re.compile(r"[^\W_]+")
_STANDARD = "1.2.840.10008."


@dataclass(frozen=True)
class Word:
    """A spelling to look for, and what it gives away (a key of KINDS)."""

    kind: str
    text: str


@dataclass(frozen=True)
class Words:
    """What to look for, and how many of the originals' headers it was read from."""

    words: tuple[Word, ...]
    headers: int
    originals: int


def gather(knowledge: Knowledge, check: Callable[[], None] = lambda: None) -> Words:
    """Every word; headers are read here, so that it may take a second for a thousand files. `check` may raise."""
    ours = _vocabulary()
    allowed = ours | {token for name in knowledge.classes for token in _tokens(name)}
    found: dict[tuple[str, str], None] = {}

    def add(kind: str, texts: Iterable[str]) -> None:
        a_name = kind in _NAMES
        known = ours if a_name else allowed  # a class may be named after somebody
        for text in texts:
            if _worth(text, known, a_name=a_name):
                found.setdefault((kind, text))

    headers = 0
    for original in knowledge.originals[:MOST_HEADERS]:
        check()
        header = _header(Path(original.path))
        if header is not None:
            headers += 1
            for kind, value in _values(header):
                add(kind, spellings(kind, value, knowledge.since))
    for kind, values in (("id", knowledge.patients), ("reader", knowledge.people), ("note", knowledge.notes)):
        for value in values:
            add(kind, spellings("text" if kind == "note" else kind, value, ""))
    add("key", [knowledge.key])
    add("path", _places(knowledge))
    add("computer", _machine())
    for original in knowledge.originals:
        add("file", _names(original.path, original.source))
    return Words(tuple(Word(kind, text) for kind, text in found), headers, len(knowledge.originals))


def spellings(kind: str, value: str, since: str) -> Iterator[str]:
    """How a value of a header may be written elsewhere."""
    value = " ".join(value.split())
    if kind in _NAMES:
        yield from _of_name(value)
    elif kind in ("birth", "date"):
        yield from _of_date(value, since if kind == "date" else "")
    elif kind == "text":
        if len(value) >= 8:
            yield value
    else:
        yield value


def _of_name(value: str) -> Iterator[str]:
    for group in value.split("="):
        parts = [part for part in re.split(r"[\^,\s]+", group) if part]
        if len(parts) < 2:
            yield from parts
            continue
        yield group
        for one, other in ((parts[0], parts[1]), (parts[1], parts[0])):
            for join in (" ", "", "_", "-", ", ", "^", "."):
                yield f"{one}{join}{other}"
        yield from (part for part in parts[:2] if len(part) >= 4)


def _of_date(value: str, since: str) -> Iterator[str]:
    try:
        day = datetime.datetime.strptime(value[:8], "%Y%m%d").date()
    except ValueError:
        return
    if not since or day.isoformat() < since:
        yield from (day.strftime(form) for form in _DATES)


def _worth(text: str, allowed: frozenset[str] | set[str], *, a_name: bool) -> bool:
    """False for what stands everywhere: see the first lines of this module.

    Of a name whose parts are words of our own it is enough that they do not stand there one after the other.
    """
    tokens = _tokens(text)
    if not tokens or len(text) > 400 or all(token in _NOBODY for token in tokens):
        return False
    if any(character.isdigit() for character in text) and len(tokens) > 1:
        return sum(map(len, tokens)) >= 6
    if len(tokens) > 1:
        ours = _phrases().issuperset(pairwise(tokens)) if a_name else allowed.issuperset(tokens)
        return sum(map(len, tokens)) >= 4 and not ours
    only = tokens[0]
    if only.isdigit():
        return len(only) >= 6
    return len(only) >= (1 if ord(only[0]) > 0x2E80 else 3) and only not in allowed


def _header(path: Path) -> Dataset | None:
    try:
        with pydicom.config.disable_value_validation():
            return pydicom.dcmread(path, stop_before_pixels=True, defer_size=1 << 16)
    except Exception:  # not DICOM, not there, damaged: nothing can be read from it
        return None


def _values(header: Dataset) -> Iterator[tuple[str, str]]:
    for tag in list(header.keys()):
        try:
            with pydicom.config.disable_value_validation():
                element = header[tag]
            keyword, vr, value = element.keyword, element.VR, element.value
        except Exception:  # an element that cannot be read
            continue
        kind = _BY_KEYWORD.get(keyword, {"PN": "physician", "UI": "uid"}.get(vr, ""))
        if not kind or value is None:
            continue
        for one in value if isinstance(value, list | pydicom.multival.MultiValue) else [value]:
            text = str(one)
            if text and not text.startswith(_STANDARD):
                yield kind, text


def _places(knowledge: Knowledge) -> Iterator[str]:
    """Folders of this computer; a whole root is none."""
    places = {knowledge.project, *knowledge.sources, str(Path.home()), sys.prefix, tempfile.gettempdir()}
    places |= {str(Path(source).parent) for source in (knowledge.project, *knowledge.sources)}
    for place in sorted(places):
        if len(Path(place).parts) > 2 or (place == str(Path.home()) and len(place) > 5):
            yield place


def _names(path: str, source: str) -> Iterator[str]:
    kind = PureWindowsPath if "\\" in path else PurePosixPath
    whole = kind(path)
    yield path
    parts = whole.parts
    if source and parts[: len(kind(source).parts)] == kind(source).parts:
        parts = parts[len(kind(source).parts) :]
        yield kind(source).name
    else:
        parts = parts[-2:]
    if len(parts) > 1:
        yield "/".join(parts)
        yield "\\".join(parts)
    for part in parts[:-1]:
        if len(part) >= 5:
            yield part
    if len(whole.stem) >= 5:
        yield whole.name


@cache
def _machine() -> tuple[str, ...]:
    names = {socket.gethostname(), socket.gethostname().partition(".")[0]}
    with contextlib.suppress(OSError, KeyError, ImportError):
        names.add(getpass.getuser())
    return tuple(sorted(name for name in names if len(name) >= 4 and name.casefold() not in _COMMON))


def _vocabulary() -> frozenset[str]:
    """The words of what we write ourselves: a patient called Black cannot be told from them."""
    return frozenset(token for text in _own_texts() for token in _tokens(text)) | _COMMON


@cache
def _phrases() -> frozenset[tuple[str, str]]:
    """Two words that follow each other in what we write ourselves."""
    return frozenset(pair for text in _own_texts() for pair in pairwise(_tokens(text)))


@cache
def _own_texts() -> tuple[str, ...]:
    suffixes = (".md", ".json", ".py", ".txt", ".html")
    files = [path for folder in ("export", "help") for path in sorted(resources.path(folder).rglob("*"))]
    texts = [path.read_text(encoding="utf-8") for path in files if path.suffix in suffixes]
    for source in sorted(Path(__file__).parents[1].glob("*.py")):  # cards and reports are written there
        parts = ast.walk(ast.parse(source.read_text(encoding="utf-8")))
        texts += [part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str)]
    return tuple(texts)


def _tokens(text: str) -> list[str]:
    return [token.casefold() for token in _TOKEN.findall(unicodedata.normalize("NFC", text))]
