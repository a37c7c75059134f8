"""Leaving images out of training with a reason, and taking it back: every change keeps what stood there before."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

IMAGES_A_TRANSACTION = 20_000


class ReasonStore(Protocol):
    """The part of the catalogue that is used here."""

    def excluded(self) -> dict[int, str]:
        """The images left out, with the reason."""

    def set_reasons(self, reasons: Sequence[tuple[int, str | None]]) -> None:
        """Leave images out, or take them in (None)."""


@dataclass(frozen=True, eq=False)
class Exclusion:
    """One change: the images whose reason became `reason` (None: taken in), and the reasons of those that had one."""

    image_ids: tuple[int, ...]
    reason: str | None
    before: Mapping[int, str]
    at: int
    """How many label changes stood when it was made, so that undo goes back in the order of events."""

    def __len__(self) -> int:
        return len(self.image_ids)


class Exclusions:
    """The exclusions of this sitting, newest last. Storing takes a while for many images: call from a thread.

    Many images are stored in several transactions, so that labels are stored in between; what was stored when
    something went wrong can be taken back like the rest. Raises SSLStudioError as the catalogue does.
    """

    def __init__(self, store: ReasonStore, labels_made: Callable[[], int]) -> None:
        self._store, self._labels_made = store, labels_made
        self._undo: list[Exclusion] = []
        self._redo: list[Exclusion] = []
        self._lock = threading.Lock()

    def exclude(self, image_ids: Iterable[int], reason: str | None) -> Exclusion:
        """Leave images out for `reason`, or take them in again (None); images that stand so already are not counted."""
        with self._lock:
            known = self._store.excluded()
            changed = tuple(dict.fromkeys(int(key) for key in image_ids if known.get(int(key)) != reason))
            before = {key: known[key] for key in changed if key in known}
            made = Exclusion(changed, reason, before, self._labels_made())
            for first in range(0, len(changed), IMAGES_A_TRANSACTION):
                part = changed[first : first + IMAGES_A_TRANSACTION]
                self._store.set_reasons([(key, reason) for key in part])
                if not first:
                    self._undo.append(made)
                    self._redo.clear()
            return made

    def undo(self, what: Exclusion | None = None) -> Exclusion | None:
        """Give the images the reasons back that they had before the newest change, or before `what`."""
        with self._lock:
            if not self._undo or (what is not None and what not in self._undo):
                return None
            what = what or self._undo[-1]
            self._undo.remove(what)
            self._redo.append(what)
            self._put([(key, what.before.get(key)) for key in what.image_ids])
            return what

    def redo(self) -> Exclusion | None:
        """Do again what was taken back last."""
        with self._lock:
            if not self._redo:
                return None
            what = self._redo.pop()
            self._undo.append(what)
            self._put([(key, what.reason) for key in what.image_ids])
            return what

    def undo_is_next(self) -> bool:
        """True when the newest change of all, labels included, is an exclusion."""
        return bool(self._undo) and self._undo[-1].at >= self._labels_made()

    def redo_is_next(self) -> bool:
        """True when what was taken back last, labels included, is an exclusion."""
        return bool(self._redo) and self._redo[-1].at == self._labels_made()

    def forget_redo(self) -> None:
        """Something else was done: what was taken back cannot be done again."""
        self._redo.clear()

    def _put(self, reasons: list[tuple[int, str | None]]) -> None:
        for first in range(0, len(reasons), IMAGES_A_TRANSACTION):
            self._store.set_reasons(reasons[first : first + IMAGES_A_TRANSACTION])
