"""What is asked of an archive and what it answers: queries, studies, series and images as frozen rows.

Texts come from a stranger: `clean` takes control characters out and bounds them, `usable_uid` decides which
identifiers may go on into requests.
"""

from __future__ import annotations

import fnmatch
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence

from pydantic import Field

from sslstudio.domain.record import Record

MOST_STUDIES = 500
MOST_TEXT = 200
_UID = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,63}")


class StudyQuery(Record):
    """What to look for; an empty part asks for nothing. `*` stands for any letters, `?` for one.

    Dates are "YYYYMMDD", both ends included. `modality` is one code such as "CT".
    """

    patient_id: str = Field(default="", max_length=64)
    patient_name: str = Field(default="", max_length=128)
    date_from: str = Field(default="", pattern=r"^(\d{8})?$")
    date_to: str = Field(default="", pattern=r"^(\d{8})?$")
    modality: str = Field(default="", max_length=16)
    description: str = Field(default="", max_length=64)
    accession: str = Field(default="", max_length=32)
    study: str = Field(default="", max_length=64)
    limit: int = Field(default=MOST_STUDIES, ge=1, le=10_000)

    @property
    def name_pattern(self) -> str:
        """The name as archives match it: "Family, Given" becomes "Family^Given", and it may go on after its end."""
        name = re.sub(r"\s*,\s*", "^", self.patient_name.strip())
        return name if not name or "*" in name or "?" in name else f"{name}*"

    @property
    def description_pattern(self) -> str:
        """The description, which may stand anywhere in the archive's."""
        text = self.description.strip()
        return text if not text or "*" in text or "?" in text else f"*{text}*"

    @property
    def dates(self) -> str:
        """The range of study dates (PS3.4 C.2.2.2.5), "" for any."""
        if self.date_from and self.date_from == self.date_to:
            return self.date_from
        return f"{self.date_from}-{self.date_to}" if self.date_from or self.date_to else ""


class StudyRow(Record):
    """One study of an archive; counts are None where the archive does not say."""

    study: str
    patient_id: str = ""
    patient_name: str = ""
    date: str = ""
    time: str = ""
    description: str = ""
    accession: str = ""
    modalities: tuple[str, ...] = ()
    series: int | None = None
    images: int | None = None


class SeriesRow(Record):
    """One series of a study."""

    study: str
    series: str
    modality: str = ""
    number: int | None = None
    description: str = ""
    body_part: str = ""
    images: int | None = None


class ImageRow(Record):
    """One stored object of a series: its SOP instance and class."""

    sop: str
    sop_class: str = ""


class Found(Record):
    """An answer to a query: `more` says that the archive has more than was asked for; `unusable` were left out."""

    studies: tuple[StudyRow, ...] = ()
    more: bool = False
    unusable: int = 0


class Wish(Record):
    """What to fetch: a whole study, or one series of it."""

    study: str = Field(pattern=r"^[0-9A-Za-z][0-9A-Za-z._-]{0,63}$")
    series: str = Field(default="", pattern=r"^([0-9A-Za-z][0-9A-Za-z._-]{0,63})?$")


def found_of(query: StudyQuery, rows: Sequence[StudyRow | None], *, exactly: bool = False) -> Found:
    """The answer from what an archive sent (None: a row that cannot be used), cut to the limit of the query.

    Archives need not match by description and modality (PS3.4 C.2.2.2), so what they say of those is looked at here;
    with `exactly` also name, patient and accession number, because the archive was asked for more than was meant.
    """
    usable = [row for row in rows if row is not None]
    fitting = [row for row in usable if _fits(query, row) and (not exactly or _is_meant(query, row))]
    return Found(studies=tuple(fitting[: query.limit]), more=len(rows) > query.limit, unusable=len(rows) - len(usable))


def _fits(query: StudyQuery, row: StudyRow) -> bool:
    if query.modality and row.modalities and query.modality.upper() not in row.modalities:
        return False
    return not row.description or _like(row.description, query.description_pattern)


def _is_meant(query: StudyQuery, row: StudyRow) -> bool:
    return (
        _like(row.patient_name, query.name_pattern)
        and _like(row.patient_id, query.patient_id)
        and _like(row.accession, query.accession)
    )


def _like(text: str, pattern: str) -> bool:
    return not pattern or fnmatch.fnmatchcase(text.casefold(), pattern.casefold().replace("[", "[[]"))


def usable_uid(text: object) -> bool:
    """True for an identifier that may stand in a request: at most 64 digits and dots (PS3.5 9.1).

    Letters, too: some anonymisers write digests.
    """
    return isinstance(text, str) and _UID.fullmatch(text) is not None


def clean(text: object) -> str:
    """A stranger's text on one line: no control or formatting characters, at most 200 letters."""
    kept = (letter if unicodedata.category(letter)[0] != "C" else " " for letter in str(text)[: 4 * MOST_TEXT])
    return " ".join("".join(kept).split())[:MOST_TEXT]


def whole_number(value: object) -> int | None:
    """A count as a stranger wrote it; None when it is none."""
    try:
        number = int(str(value))
    except ValueError:
        return None
    return number if 0 <= number < 10**9 else None


def study_row(text: Callable[[str], str], modalities: Iterable[str]) -> StudyRow | None:
    """A study as an archive answered it, whatever the protocol: `text` gives an element by its keyword as clean text,
    "" where there is none. None where it cannot be asked for."""
    uid = text("StudyInstanceUID")
    if not usable_uid(uid):
        return None
    return StudyRow(
        study=uid,
        patient_id=text("PatientID"),
        patient_name=text("PatientName"),
        date=text("StudyDate"),
        time=text("StudyTime"),
        description=text("StudyDescription"),
        accession=text("AccessionNumber"),
        modalities=tuple(sorted({clean(one) for one in modalities if one})),
        series=whole_number(text("NumberOfStudyRelatedSeries")),
        images=whole_number(text("NumberOfStudyRelatedInstances")),
    )


def series_row(study: str, text: Callable[[str], str]) -> SeriesRow | None:
    """A series of a study, as `study_row`."""
    uid = text("SeriesInstanceUID")
    if not usable_uid(uid):
        return None
    return SeriesRow(
        study=study,
        series=uid,
        modality=text("Modality"),
        number=whole_number(text("SeriesNumber")),
        description=text("SeriesDescription"),
        body_part=text("BodyPartExamined"),
        images=whole_number(text("NumberOfSeriesRelatedInstances")),
    )
