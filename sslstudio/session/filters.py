"""The filter in force, evented: every view that shows only some images hangs on it. No Qt, no SQL."""

from __future__ import annotations

from psygnal import Signal

from sslstudio.domain.filters import Choice, Filter, Range, Search


class FilterState:
    """The one filter of a session. `changed` carries the new `Filter`, in the thread that made the change."""

    changed = Signal(Filter)

    def __init__(self) -> None:
        self._value = Filter()

    @property
    def value(self) -> Filter:
        """What is asked for now; an empty filter lets every image through."""
        return self._value

    def set(self, value: Filter) -> None:
        """Ask for something else; says so if it is something else."""
        if value != self._value:
            self._value = value
            self.changed.emit(value)

    def put(self, term: Choice | Range | Search) -> None:
        """Replace what is asked of one column; a term that asks for nothing takes it away."""
        self.set(self._value.having(term))

    def remove(self, column: str) -> None:
        """Ask nothing of a column."""
        self.set(self._value.without(column))

    def toggle(self, column: str, value: str) -> None:
        """Add a value to those wanted of a column, or take it away."""
        term = self._value.term(column)
        values = term.values if isinstance(term, Choice) else ()
        changed = tuple(old for old in values if old != value) if value in values else (*values, value)
        self.put(Choice(column=column, values=changed))

    def clear(self) -> None:
        """Let every image through."""
        self.set(Filter())
