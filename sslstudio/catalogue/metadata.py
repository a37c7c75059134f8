"""What is known of the images beside their pixels, column by column: how much of it there is, and its values.

Apart from `browse`, whose lists are short: these reads go over all images, so each has a connection of its own. What
can be counted is counted by SQLite, which holds nobody up in this process.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sslstudio.catalogue import filtering
from sslstudio.catalogue.database import Database, Row
from sslstudio.catalogue.drawn import SIDE
from sslstudio.domain.filters import FURTHER

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

FOUND = "found:"
"""What the name of a column begins with that says whether the triage found something: "found:text", "found:marker"."""
FINDINGS = ("text", "marker")
GROUPS = ("subject", "study", "series")
"""Columns whose values are pseudonyms."""
FACTS = ("modality", "body_part", "laterality", "view", "scanner", "site", "kind", "unit", "bits")
NUMBERS = ("day", "row_spacing", "position")
"""Columns of numbers. ``position`` is the place in the reading order of the series, from 0 (first) to 1 (last)."""
MEANT = ("kind", "unit")
"""Columns in which "" says something: an ordinary image, values without a unit. Elsewhere it is "not stated"."""

_SERIES = "JOIN series s USING (series_id) JOIN studies t USING (study_id) JOIN subjects u USING (subject_id)"
_NAMED = {
    "subject": "SELECT subject_id, pseudonym FROM subjects ORDER BY subject_id",
    "study": "SELECT study_id, pseudonym FROM studies ORDER BY study_id",
    "series": "SELECT series_id, pseudonym FROM series ORDER BY series_id",
    "part": f"SELECT subject_id, {SIDE} FROM subjects u ORDER BY subject_id",
}
_PLAIN = {
    "day": "i.day", "row_spacing": "i.row_spacing", "unit": "i.unit", "series_id": "i.series_id",
    "place": "coalesce(i.place, i.instance_number)",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class ColumnSummary:
    """How much a column says: `known` images have a value, of `distinct` different ones; `sole` is the only value.

    `numeric` says that every value is a number.
    """

    key: str
    known: int
    distinct: int
    numeric: bool = False
    sole: str = ""


@dataclass(frozen=True, slots=True)
class ColumnPart:
    """Values of some images, in any order; "" or None is "not known"."""

    image_ids: list[int]
    values: list[str] | list[float | None]


class MetadataTables:
    """The part of the catalogue that reads one fact of all images."""

    _db: Database

    def column_summaries(self) -> list[ColumnSummary]:
        """Every column there is, further ones last in alphabetical order; takes seconds for a million images."""
        return [*self._fact_summaries(), *self._group_summaries(), *self._found_summaries(), *self._further_summaries()]

    def column_part(self, key: str, ids: Sequence[int], *, numbers: bool = False) -> ColumnPart:
        """A column of the images `ids`, ascending, as far as there are such; with `numbers`, values as numbers, None
        where there is none.

        ``series_id`` and ``place`` (in the series) may be asked for too: from them follow the columns of `GROUPS`,
        ``part`` and ``position``, which are not asked for here. Raises KeyError for a column that does not exist.
        """
        value, joins, parameters = _value(key, numbers)
        dense = ids[-1] - ids[0] < 4 * len(ids)  # others come along then, which costs less than a search for each
        chosen = "BETWEEN ? AND ?" if dense else "IN (SELECT value FROM json_each(?))"
        asked = (ids[0], ids[-1]) if dense else (json.dumps(ids),)
        with self._db.reading() as connection:
            ((found, values),) = connection.execute(
                f"""SELECT json_group_array(image_id), json_group_array(v) FROM (
                    SELECT i.image_id, {value} AS v FROM images i {joins} WHERE i.image_id {chosen})""",
                (*parameters, *asked),
            ).fetchall()
        return ColumnPart(json.loads(found), json.loads(values))

    def group_values(self, key: str) -> tuple[npt.NDArray[np.int64], list[str]]:
        """Ids (G,), ascending, and pseudonyms of all patients, studies or series; for ``part``, the part of each
        patient."""
        import numpy as np

        rows = self._read(_NAMED[key])
        return np.fromiter((row[0] for row in rows), np.int64, len(rows)), [row[1] for row in rows]

    def _fact_summaries(self) -> list[ColumnSummary]:
        said = {key: key if key in MEANT else f"nullif({key}, '')" for key in FACTS}
        asked = ", ".join(f"count({one}), count(DISTINCT {one}), min({one})" for one in said.values())
        ((*found,),) = self._read(f"SELECT {asked} FROM images")
        made = [
            ColumnSummary(key, int(known), int(distinct), sole="" if distinct != 1 else str(sole))
            for key, known, distinct, sole in zip(FACTS, found[::3], found[1::3], found[2::3], strict=True)
        ]
        sizes = self._read("SELECT width || ' x ' || height, count(*) FROM images GROUP BY width, height")
        made.append(_summary("size", dict(sizes)))
        ((days, of_days, spacings, of_spacings),) = self._read(
            "SELECT count(day), count(DISTINCT day), count(row_spacing), count(DISTINCT row_spacing) FROM images"
        )
        made.append(ColumnSummary("day", int(days), int(of_days), True))
        made.append(ColumnSummary("row_spacing", int(spacings), int(of_spacings), True))
        return made

    def _group_summaries(self) -> list[ColumnSummary]:
        counted = "(SELECT series_id, count(*) AS n FROM images GROUP BY series_id)"
        ((images, series, studies, subjects, in_order, longest),) = self._read(
            f"""SELECT sum(n), count(*), count(DISTINCT study_id), count(DISTINCT subject_id),
                       sum(CASE WHEN n > 1 THEN n ELSE 0 END), max(n) FROM {counted} {_SERIES}"""
        )
        parts = self._read(f"SELECT {SIDE}, sum(n) FROM {counted} {_SERIES} GROUP BY 1")
        return [
            *(
                ColumnSummary(key, int(images or 0), int(number or 0))
                for key, number in zip(GROUPS, (subjects, studies, series), strict=True)
            ),
            ColumnSummary("position", int(in_order or 0), int(longest or 0), True),
            _summary("part", dict(parts)),
        ]

    def _found_summaries(self) -> list[ColumnSummary]:
        ((looked,),) = self._read("SELECT count(*) FROM looks")
        found: dict[str, int] = dict(
            self._read("SELECT kind, count(*) FROM findings WHERE state <> 'dismissed' GROUP BY kind")
        )
        return [
            _summary(FOUND + kind, {"yes": found.get(kind, 0), "no": int(looked) - found.get(kind, 0)})
            for kind in FINDINGS
        ]

    def _further_summaries(self) -> list[ColumnSummary]:
        numeric = "CASE WHEN json_valid(value) THEN json_type(value) END IN ('integer', 'real')"
        rows = self._read(
            f"""SELECT key, sum(n), count(DISTINCT value), min(coalesce({numeric}, 0)), min(value) FROM (
                SELECT columns, count(*) AS n FROM images WHERE columns <> '{{}}' GROUP BY columns), json_each(columns)
                WHERE value <> '' GROUP BY key ORDER BY key"""
        )
        return [
            ColumnSummary(FURTHER + key, int(known), int(distinct), bool(number), str(sole) if distinct == 1 else "")
            for key, known, distinct, number, sole in rows
        ]

    def _read(self, sql: str) -> list[Row]:
        with self._db.reading() as connection:
            return connection.execute(sql).fetchall()


def _summary(key: str, images: dict[str, int]) -> ColumnSummary:
    """A column whose values have these numbers of images."""
    said = {value: n for value, n in images.items() if n and (value != "" or key in MEANT)}
    return ColumnSummary(key, sum(said.values()), len(said), sole=next(iter(said)) if len(said) == 1 else "")


def _value(key: str, numbers: bool) -> tuple[str, str, tuple[str, ...]]:
    """The SQL of a value over ``images i``, what it needs joined, and its parameters."""
    if key in _PLAIN:
        return _PLAIN[key], "", ()
    if key.startswith(FOUND):
        found = "SELECT 1 FROM findings f WHERE f.image_id = i.image_id AND f.kind = ? AND f.state <> 'dismissed'"
        looked = "EXISTS (SELECT 1 FROM looks k WHERE k.image_id = i.image_id)"
        yes_no = f"CASE WHEN EXISTS ({found}) THEN 'yes' WHEN {looked} THEN 'no' ELSE '' END"
        return yes_no, "", (key.removeprefix(FOUND),)
    made = filtering.number(key) if numbers else filtering.expression(key)
    return made.text, " ".join(made.joins), made.parameters
