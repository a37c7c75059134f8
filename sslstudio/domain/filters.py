"""Which images are wanted, as data: terms that all must hold (AND), each with values of which one must (OR).

Apart from SQL and from the window: the same filter is shown as chips and carried out by the catalogue. A column is a
name of `COLUMNS`, or ``column:NAME`` for a further fact that images carry.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from sslstudio.domain.record import Record

FURTHER = "column:"
"""What the name of a further column begins with."""
SEARCH = "search"
"""The column of a `Search`."""
COLUMNS = (
    "modality", "body_part", "laterality", "view", "scanner", "site", "kind", "size", "bits",
    "labelled", "label", "part", "excluded",
)  # fmt: skip
"""``labelled`` is "yes" or "no"; ``label`` the class id as text, a mark such as "uncertain" or ""; ``part`` "train",
"test" or ""; ``excluded`` the reason for which an image is left out, "" while it is in; ``size`` "512 x 384" (width x
height)."""


class Choice(Record):
    """Images whose `column` has one of `values`; "" is "not stated"."""

    kind: Literal["choice"] = "choice"
    column: str = Field(min_length=1)
    values: tuple[str, ...]


class Range(Record):
    """Images whose `column` is a number from `low` to `high`, both included; None is no limit on that side."""

    kind: Literal["range"] = "range"
    column: str = Field(min_length=1)
    low: float | None = None
    high: float | None = None


class Search(Record):
    """Images whose file path or one of whose pseudonyms holds `text`, or whose number is ``#N``; A is a here."""

    kind: Literal["search"] = "search"
    text: str = Field(max_length=500)

    @property
    def column(self) -> str:
        """One search at a time: it stands where a column would."""
        return SEARCH


Term = Annotated[Choice | Range | Search, Field(discriminator="kind")]


class Filter(Record):
    """All of `terms` must hold; no terms, all images. There is at most one term a column."""

    terms: tuple[Term, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.terms)

    def term(self, column: str) -> Choice | Range | Search | None:
        """The term about a column, or None."""
        return next((term for term in self.terms if term.column == column), None)

    def without(self, column: str) -> Filter:
        """The same without what is asked of `column`."""
        return Filter(terms=tuple(term for term in self.terms if term.column != column))

    def having(self, term: Choice | Range | Search) -> Filter:
        """The same with `term` in the place of the one about its column; a term that asks for nothing goes."""
        if _asks(term):
            if self.term(term.column) is None:
                return Filter(terms=(*self.terms, term))
            return Filter(terms=tuple(term if old.column == term.column else old for old in self.terms))
        return self.without(term.column)


def _asks(term: Choice | Range | Search) -> bool:
    if isinstance(term, Choice):
        return bool(term.values)
    if isinstance(term, Range):
        return term.low is not None or term.high is not None
    return bool(term.text.strip())
