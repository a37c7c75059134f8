"""The selection grammar: click replaces, Ctrl toggles, Shift extends, Alt subtracts; one rule for every view."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, assert_never

Mode = Literal["replace", "toggle", "extend", "subtract"]


def combine(current: frozenset[int], ids: Iterable[int], mode: Mode) -> frozenset[int]:
    """The selection after pointing at `ids` in `mode`."""
    chosen = frozenset(ids)
    match mode:
        case "replace":
            return chosen
        case "toggle":
            return current ^ chosen
        case "extend":
            return current | chosen
        case "subtract":
            return current - chosen
    assert_never(mode)
