"""The metadata columns of a project: which there are, what they are called, and their values for given images. No Qt.

A column is a category (codes and names) or a number. What is the same for all images, stated for none or different for
each says nothing about groups of images; such columns are left out, and why is told.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt

from sslstudio.catalogue.metadata import FOUND, GROUPS, MEANT, NUMBERS, ColumnPart, ColumnSummary
from sslstudio.domain.filters import FURTHER
from sslstudio.domain.words import percent

Codes = npt.NDArray[np.int32]
Numbers = npt.NDArray[np.float64]
Ids = npt.NDArray[np.int64]
Kind = Literal["category", "number"]

FEW = 12
"""A further column of numbers with no more different values than this is a category (field strength, number of coils);
with more categories than this, all different, it is a name or a number of the image itself and is left out."""
IMAGES_A_READ = 50_000
KINDS = {
    "": "ordinary image",
    "localiser": "localiser",
    "secondary_capture": "secondary capture",
    "derived": "derived",
}
LATERALITIES = {"L": "left", "R": "right", "B": "both"}
PARTS = {"": "not dealt yet", "train": "training", "test": "test"}
TITLES = {
    "subject": "Patient",
    "study": "Study",
    "series": "Series",
    "modality": "Modality",
    "body_part": "Body part",
    "laterality": "Side",
    "view": "View",
    "scanner": "Scanner",
    "site": "Site",
    "kind": "Kind of image",
    "day": "Day (from the first)",
    "unit": "Unit of the values",
    "bits": "Bits",
    "size": "Image size",
    "row_spacing": "Pixel spacing (mm)",
    "position": "Position in the series",
    "part": "Training / test",
    "found:text": "Burned-in text found",
    "found:marker": "Side marker found",
}
"""What the columns are called on the screen, in the order in which they are offered; further ones by their own name."""
_CODE = 8
_NAMES: Mapping[str, Mapping[str, str]] = {
    "kind": KINDS,
    "laterality": LATERALITIES,
    "part": PARTS,
    "unit": {"": "no unit"},
}
_NUMBER_IN_TEXT = re.compile(r"(\d+)")


@dataclass(frozen=True, slots=True)
class ColumnInfo:
    """A column worth looking at: `known` images have a value, of `distinct` different ones."""

    key: str
    title: str
    kind: Kind
    known: int
    distinct: int


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A column that says nothing about groups of images, and why."""

    key: str
    title: str
    reason: str


@dataclass(frozen=True)
class Columns:
    """The columns of a project, in the order in which they are offered, and those left out."""

    infos: tuple[ColumnInfo, ...] = ()
    left_out: tuple[LeftOut, ...] = ()

    def info(self, key: str) -> ColumnInfo | None:
        """A column by its key, or None."""
        return next((info for info in self.infos if info.key == key), None)


@dataclass(frozen=True)
class Column:
    """The values of N images.

    A category: `codes` (N,) count into `names`, for the screen, and `values`, as stored (a filter takes these); -1 is
    "not known". Names are in natural order ("2" before "10"), so codes sort as names do. A number: `numbers` (N,), nan
    is "not known".
    """

    info: ColumnInfo
    codes: Codes = field(default_factory=lambda: np.zeros(0, dtype=np.int32))
    names: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    numbers: Numbers = field(default_factory=lambda: np.zeros(0, dtype=np.float64))

    def __len__(self) -> int:
        return len(self.codes) if self.info.kind == "category" else len(self.numbers)

    def text(self, row: int) -> str:
        """What is said of one image; "" when it is not known."""
        if self.info.kind == "category":
            return self.names[self.codes[row]] if self.codes[row] >= 0 else ""
        return "" if np.isnan(self.numbers[row]) else number_text(self.info.key, float(self.numbers[row]))

    def order(self) -> Numbers:
        """(N,) what to sort by; nan is "not known"."""
        return np.where(self.codes < 0, np.nan, self.codes) if self.info.kind == "category" else self.numbers


class Reader(Protocol):
    """The part of the catalogue that is read here."""

    def column_summaries(self) -> list[ColumnSummary]:
        """Every column there is."""

    def column_part(self, key: str, ids: Sequence[int], *, numbers: bool = False) -> ColumnPart:
        """A column of some images."""

    def group_values(self, key: str) -> tuple[Ids, list[str]]:
        """Ids and pseudonyms of patients, studies or series."""

    def groups(self) -> Ids:
        """(S, 3): series, study and subject id of every series."""


def title(key: str) -> str:
    """What a column is called on the screen."""
    name = key.removeprefix(FURTHER)
    return TITLES.get(key) or name[:1].upper() + name[1:]


def number_text(key: str, number: float) -> str:
    """A number of a column as the screen says it."""
    return percent(number) if key == "position" else f"{number:.6g}"


def read_columns(catalogue: Reader) -> Columns:
    """Which columns there are; takes seconds for a million images."""
    summaries = {summary.key: summary for summary in catalogue.column_summaries()}
    images = summaries["series"].known
    known = [summaries.pop(key) for key in TITLES if key in summaries]
    infos, left_out = [], []
    for summary in (*known, *summaries.values()):
        reason = _reason(summary, images)
        if reason:
            left_out.append(LeftOut(summary.key, title(summary.key), reason))
        else:
            kind: Kind = "number" if _is_number(summary) else "category"
            infos.append(ColumnInfo(summary.key, title(summary.key), kind, summary.known, summary.distinct))
    return Columns(tuple(infos), tuple(left_out))


def read_column(
    catalogue: Reader, info: ColumnInfo, ids: Ids, wanted: Callable[[], bool] = lambda: True
) -> Column | None:
    """The values of images `ids` (N,), ascending; None as soon as nobody wants them any more."""
    if info.key in (*GROUPS, "part"):
        return _read_groups(catalogue, info, ids, wanted)
    if info.key == "position":
        series = _read_numbers(catalogue, "series_id", ids, wanted)
        places = _read_numbers(catalogue, "place", ids, wanted) if series is not None else None
        return None if series is None or places is None else Column(info, numbers=_positions(series, places))
    if info.kind == "number":
        numbers = _read_numbers(catalogue, info.key, ids, wanted)
        if numbers is not None and info.key == "day" and not np.isnan(numbers).all():
            numbers = numbers - np.nanmin(numbers)
        return None if numbers is None else Column(info, numbers=numbers)
    seen: dict[str, int] = {}
    codes = np.full(len(ids), -1, dtype=np.int32)
    for some in _parts(ids):
        if not wanted():
            return None
        part = catalogue.column_part(info.key, some)
        coded = np.fromiter((seen.setdefault(str(value), len(seen)) for value in part.values), np.int32)
        place, there = _places(ids, part.image_ids)
        codes[place] = coded[there]
    return _category(info, codes, list(seen))


def _is_number(summary: ColumnSummary) -> bool:
    return summary.key in NUMBERS or (summary.numeric and summary.distinct > FEW and summary.key.startswith(FURTHER))


def _reason(summary: ColumnSummary, images: int) -> str:
    """Why a column says nothing about groups of images; "" if it may."""
    if not summary.known:
        return "not looked for yet" if summary.key.startswith(FOUND) else "stated for no image"
    if summary.distinct == 1:
        if summary.key in GROUPS or (not summary.sole and summary.key not in MEANT):
            return "the same for all images"
        said = _name(summary.key, summary.sole)
        return f"{said} for all images" if summary.known == images else f"{said} wherever it is stated"
    alike = summary.distinct < summary.known or summary.distinct <= FEW or _is_number(summary)
    return "" if alike else "different for each image"


def _name(key: str, value: str) -> str:
    """A value of a column as the screen says it."""
    if key in (*GROUPS, "site"):
        return value[:_CODE]
    if key == "bits":
        return f"{value} bit"
    return _NAMES.get(key, {}).get(value, value)


def _read_numbers(catalogue: Reader, key: str, ids: Ids, wanted: Callable[[], bool]) -> Numbers | None:
    numbers = np.full(len(ids), np.nan)
    for some in _parts(ids):
        if not wanted():
            return None
        part = catalogue.column_part(key, some, numbers=True)
        place, there = _places(ids, part.image_ids)
        numbers[place] = np.asarray(part.values, dtype=np.float64)[there]
    return numbers


def _read_groups(catalogue: Reader, info: ColumnInfo, ids: Ids, wanted: Callable[[], bool]) -> Column | None:
    series = _read_numbers(catalogue, "series_id", ids, wanted)
    if series is None:
        return None
    keys, values = catalogue.group_values(info.key)
    groups = catalogue.groups()
    groups = groups[np.argsort(groups[:, 0])]
    codes = np.full(len(ids), -1, dtype=np.int32)
    there = ~np.isnan(series)
    level = {"series": 0, "study": 1}.get(info.key, 2)
    if there.any():
        member = groups[np.searchsorted(groups[:, 0], series[there].astype(np.int64)), level]
        codes[there] = np.searchsorted(keys, member)
    if info.key == "part":
        seen = list(dict.fromkeys(values))
        number = {value: place for place, value in enumerate(seen)}
        of_group = np.fromiter((number[value] for value in values), np.int32, len(values))
        codes[there] = of_group[codes[there]]
        values = seen
    return _category(info, codes, values)


def _category(info: ColumnInfo, codes: Codes, values: Sequence[str]) -> Column:
    """Codes into `values` as they were met become codes into those that occur, in natural order."""
    occurs = np.unique(codes[codes >= 0]).tolist()
    said = [place for place in occurs if values[place] != "" or info.key in MEANT]
    names = {place: _name(info.key, values[place]) for place in said}
    said.sort(key=lambda place: (_natural(names[place]), values[place]))
    table = np.full(len(values) + 1, -1, dtype=np.int32)
    table[said] = np.arange(len(said), dtype=np.int32)
    return Column(info, table[codes], tuple(names[place] for place in said), tuple(values[place] for place in said))


def _natural(name: str) -> tuple[tuple[int, int, str], ...]:
    """What texts are sorted by when the numbers in them count as numbers."""
    parts = _NUMBER_IN_TEXT.split(name.casefold())
    return tuple((0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts if part)


def _positions(series: Numbers, places: Numbers) -> Numbers:
    """(N,) where in its series an image stands, 0 to 1; nan in a series of one image."""
    order = np.lexsort((places, series))
    counted, first, members = np.unique(series[order], return_index=True, return_counts=True)
    if not len(counted):
        return np.zeros(0)
    rank = np.arange(len(order), dtype=np.float64) - np.repeat(first, members)
    last = np.repeat(members - 1.0, members)
    position = np.full(len(order), np.nan)
    position[order] = np.where(last > 0, rank / np.maximum(last, 1), np.nan)
    return position


def _parts(ids: Ids) -> Iterator[list[int]]:
    for first in range(0, len(ids), IMAGES_A_READ):
        yield ids[first : first + IMAGES_A_READ].tolist()


def _places(ids: Ids, found: list[int]) -> tuple[Ids, npt.NDArray[np.bool_]]:
    """Where in `ids` the images `found` stand, and which of them do."""
    wanted = np.asarray(found, dtype=np.int64)
    if not len(ids):
        return np.zeros(0, dtype=np.int64), np.zeros(len(wanted), dtype=bool)
    place = np.minimum(np.searchsorted(ids, wanted), len(ids) - 1)
    there = ids[place] == wanted
    return place[there], there
