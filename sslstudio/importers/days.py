"""Dates as the project keeps them: days counted from an origin that only its key tells. Light, for the window too."""

from __future__ import annotations

import hashlib
import hmac
from datetime import date

_ORIGINS = 36_500
_FIRST = date(1950, 1, 1)


def day_number(when: date, key: bytes) -> int:
    """The number under which the project of `key` keeps a date."""
    return when.toordinal() - _FIRST.toordinal() + _origin(key)


def date_of(number: int, key: bytes) -> date:
    """The date behind a number of `day_number`; for the screen of this computer only."""
    return date.fromordinal(number + _FIRST.toordinal() - _origin(key))


def _origin(key: bytes) -> int:
    """A day within a century."""
    return int.from_bytes(hmac.new(key, b"day\x1forigin", hashlib.sha256).digest()[:8], "big") % _ORIGINS
