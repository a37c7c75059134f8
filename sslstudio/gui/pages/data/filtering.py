"""The filters as chips, and what there is to filter by: values and ranges are counted off the window's thread."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QObject

from sslstudio.catalogue.browse import MOST_VALUES, Span
from sslstudio.domain.filters import COLUMNS, SEARCH, Choice, Filter, Range, Search
from sslstudio.errors import SSLStudioError
from sslstudio.gui.pages.data import browse_texts as texts
from sslstudio.gui.pages.data.filter_bar import FilterBar
from sslstudio.gui.pages.data.filter_popup import Numbers, Value
from sslstudio.gui.pages.page import Services

MANY_NUMBERS = 12
"""A column of more different numbers than this is asked for by a range."""


@dataclass(frozen=True)
class Facet:
    """What a column holds: its values with counts, and its range when it is a column of many numbers."""

    column: str
    values: list[tuple[str, int]]
    span: Span | None


class FilterController(QObject):
    """Connects the filter bar of a page to the filters of one session."""

    def __init__(self, services: Services, view: FilterBar) -> None:
        super().__init__(view)
        self._services, self._view = services, view
        self._catalogue = services.session.project.catalogue
        self._filters = services.session.filters
        self._further: list[str] = []
        view.search_changed.connect(lambda text: self._filters.put(Search(text=text)))
        view.columns_requested.connect(self._show_columns)
        view.term_removed.connect(self._filters.remove)
        view.clear_requested.connect(self._filters.clear)
        view.popup.column_chosen.connect(self._count)
        view.popup.value_toggled.connect(self._filters.toggle)
        view.popup.range_chosen.connect(
            lambda column, low, high: self._filters.put(Range(column=column, low=low, high=high))
        )
        self._filters.changed.connect(self._show)
        self._show(self._filters.value)

    def close(self) -> None:
        """Let go of the session."""
        self._filters.changed.disconnect(self._show)

    def refresh(self) -> None:
        """The images have changed: find out again what there is to filter by."""
        self._services.background.run(self._catalogue.further_columns, done=self._take, key="data columns")
        self._show(self._filters.value)

    def _take(self, further: list[str]) -> None:
        self._further = further

    def _show(self, asked: Filter) -> None:
        classes = self._services.session.classes()
        self._view.set_terms([(term.column, texts.term_text(term, classes)) for term in asked.terms])
        search = asked.term(SEARCH)
        self._view.set_search(search.text.strip() if isinstance(search, Search) else "")

    def _show_columns(self) -> None:
        self._view.popup.set_columns([(column, texts.column_name(column)) for column in (*COLUMNS, *self._further)])

    def _count(self, column: str) -> None:
        self._view.popup.set_busy(column, texts.column_name(column))
        self._services.background.run(
            self._read, column, self._filters.value, done=self._show_facet, failed=self._failed, key="data facet"
        )

    def _failed(self, error: SSLStudioError) -> None:
        if error.code != "interrupted":
            self._services.notify.error(error)

    def _read(self, column: str, asked: Filter) -> Facet:
        values = self._catalogue.values(column, asked)
        stated = [value for value, _ in values if value]
        numbers = len(stated) > MANY_NUMBERS and all(map(_is_number, stated))
        return Facet(column, values, self._catalogue.span(column, asked) if numbers else None)

    def _show_facet(self, facet: Facet) -> None:
        term = self._filters.value.term(facet.column)
        if facet.span is not None:
            low, high = (term.low, term.high) if isinstance(term, Range) else (None, None)
            self._view.popup.set_numbers(
                facet.column, Numbers(facet.span.low, facet.span.high, facet.span.images, low, high)
            )
            return
        chosen = term.values if isinstance(term, Choice) else ()
        classes = self._services.session.classes()
        known = dict(facet.values) | {value: 0 for value in chosen if value not in dict(facet.values)}
        values = [
            Value(value, texts.value_name(facet.column, value, classes), images, value in chosen)
            for value, images in known.items()
        ]
        note = f"The {MOST_VALUES:,} most frequent values." if len(facet.values) >= MOST_VALUES else ""
        self._view.popup.set_values(facet.column, values, note)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
