"""Keeps the libraries' own words out of logs while archives are spoken to: they quote questions and answers."""

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


_HUSHES: dict[str, _Hush] = {}


def while_open(archive: object, *libraries: str) -> weakref.finalize[[list[_Hush]], object]:
    """The loggers of these libraries say nothing until what is returned is called, at the latest when `archive` is
    gone. Another archive may keep one quiet for longer."""
    hushes = [_HUSHES.setdefault(name, _Hush(logging.getLogger(name))) for name in libraries]
    for hush in hushes:
        hush.begin()
    return weakref.finalize(archive, _end, hushes)


def _end(hushes: list[_Hush]) -> None:
    for hush in hushes:
        hush.end()
