"""Keeps pydicom's own words out of logs while archives are spoken to: they quote what stands in the answers."""

from __future__ import annotations

import logging
import threading
import weakref


class _Hush:
    """A logger that says nothing while at least one holder wants it so."""

    def __init__(self, logger: logging.Logger) -> None:
        self._logger, self._guard = logger, threading.Lock()
        self._holders, self._level = 0, logging.NOTSET

    def begin(self) -> None:
        with self._guard:
            if not self._holders:
                self._level = self._logger.level
                self._logger.setLevel(logging.CRITICAL + 1)
            self._holders += 1

    def end(self) -> None:
        with self._guard:
            self._holders -= 1
            if not self._holders:
                self._logger.setLevel(self._level)


_PYDICOM = _Hush(logging.getLogger("pydicom"))


def while_open(archive: object) -> weakref.finalize[[], object]:
    """From now on until what is returned is called, at the latest when `archive` is gone."""
    _PYDICOM.begin()
    return weakref.finalize(archive, _PYDICOM.end)
