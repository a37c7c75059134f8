"""From a filter to SQL: the one place that knows how a column of `domain.filters` stands in the tables."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sslstudio.catalogue.drawn import SIDE
from sslstudio.domain.filters import FURTHER, Choice, Filter, Range, Search

_LABEL = "CASE WHEN l.image_id IS NULL THEN '' WHEN l.class_id IS NULL THEN l.mark ELSE CAST(l.class_id AS TEXT) END"
_EXPRESSIONS = {
    **{name: f"i.{name}" for name in ("modality", "body_part", "laterality", "view", "scanner", "site", "kind")},
    "bits": "CAST(i.bits AS TEXT)",
    "size": "i.width || ' x ' || i.height",
    "labelled": "CASE WHEN l.class_id IS NULL THEN 'no' ELSE 'yes' END",
    "label": _LABEL,
    "part": SIDE,
    "excluded": "coalesce(i.excluded, '')",
}
_LABELS = "LEFT JOIN labels l ON l.image_id = i.image_id"
_GROUPS = "JOIN series s USING (series_id) JOIN studies t USING (study_id) JOIN subjects u USING (subject_id)"
_JOINS = {"labelled": _LABELS, "label": _LABELS, "part": _GROUPS}
_ENDLESS = float("inf")
_PLAIN_NAME = re.compile(r"[ !#-\[\]-~]+")


@dataclass(frozen=True)
class Sql:
    """A piece of a query over ``images i``: what it needs joined, and its parameters in order."""

    text: str
    parameters: tuple[Any, ...] = ()
    joins: tuple[str, ...] = ()


def condition(filter: Filter, joined: Sequence[str] = ()) -> Sql:
    """What comes after FROM: joins (those in `joined` too) and WHERE; every term of `filter` must hold."""
    parts = [_condition(term) for term in filter.terms]
    joins = tuple(dict.fromkeys((*joined, *(join for part in parts for join in part.joins))))
    where = " AND ".join(f"({part.text})" for part in parts)
    text = " ".join(("images i", *joins)) + (f" WHERE {where}" if where else "")
    return Sql(text, tuple(value for part in parts for value in part.parameters), joins)


def expression(column: str) -> Sql:
    """The value of a column as text, never NULL. Raises KeyError for a column that does not exist."""
    if column.startswith(FURTHER):
        name = column.removeprefix(FURTHER)
        if _PLAIN_NAME.fullmatch(name):  # SQLite looks names up as they are escaped in the text; others are read out
            return Sql("coalesce(i.columns ->> ?, '')", (f'$."{name}"',))
        return Sql("coalesce((SELECT value FROM json_each(i.columns) WHERE key = ?), '')", (name,))
    return Sql(_EXPRESSIONS[column], (), (_JOINS[column],) if column in _JOINS else ())


def number(column: str) -> Sql:
    """The value of a column as a number; NULL where it is not one. What JSON takes for a number is one."""
    text = expression(column)
    kind = f"CASE WHEN json_valid({text.text}) THEN json_type({text.text}) END IN ('integer', 'real')"
    return Sql(f"CASE WHEN {kind} THEN CAST({text.text} AS REAL) END", text.parameters * 3, text.joins)


def _condition(term: Choice | Range | Search) -> Sql:
    if isinstance(term, Choice):
        value = expression(term.column)
        marks = ", ".join("?" * len(term.values))
        return Sql(f"{value.text} IN ({marks})", (*value.parameters, *term.values), value.joins)
    if isinstance(term, Range):
        return _range(term)
    return _search(term.text.strip())


def _range(term: Range) -> Sql:
    value = number(term.column)
    low = -_ENDLESS if term.low is None else term.low
    high = _ENDLESS if term.high is None else term.high
    return Sql(f"{value.text} BETWEEN ? AND ?", (*value.parameters, low, high), value.joins)


def _search(text: str) -> Sql:
    like = "%" + "".join("\\" + letter if letter in "%_\\" else letter for letter in text) + "%"
    groups = ("u.pseudonym", "t.pseudonym", "s.pseudonym")
    named = " OR ".join(f"{name} LIKE ? ESCAPE '\\'" for name in groups)
    parts = [
        f"""i.series_id IN (SELECT s.series_id FROM series s JOIN studies t USING (study_id)
            JOIN subjects u USING (subject_id) WHERE {named})""",
        """i.image_id IN (SELECT image_id FROM locations JOIN image_locations USING (location_id)
            WHERE path LIKE ? ESCAPE '\\')""",
    ]
    parameters: list[Any] = [like] * 4
    if text.startswith("#") and text[1:].isascii() and text[1:].isdecimal() and len(text) < 20:
        parts.append("i.image_id = ?")
        parameters.append(int(text[1:]))
    return Sql(" OR ".join(parts), tuple(parameters))
