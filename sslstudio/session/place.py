"""Where the user was in a project: page, image in hand, one case or gallery; so that it opens again at that place.

Apart from the database because it changes with every step and is worth no sync: a killed window keeps it (the system
has it), a power cut may take it, and nothing else with it.
"""

from __future__ import annotations

import contextlib
import json
import os
import threading
from pathlib import Path
from typing import Any

from psygnal import Signal

FILE_NAME = "place.json"


class Place:
    """`changed` fires in the thread that calls `note`; `save` writes the newest state and may run in any thread."""

    changed = Signal()

    def __init__(self, folder: Path, *, read_only: bool = False) -> None:
        self._path = folder / FILE_NAME
        self._read_only = read_only
        self._lock = threading.Lock()
        self._values = _read(self._path)

    @property
    def page(self) -> str:
        """The page that was in front, or ""."""
        return _text(self._values.get("page"))

    @property
    def image(self) -> int | None:
        """The image that was in hand, or None."""
        image = self._values.get("image")
        return image if isinstance(image, int) and not isinstance(image, bool) else None

    @property
    def label_mode(self) -> str:
        """How the Label page showed images ("gallery", "case"), or ""."""
        return _text(self._values.get("label_mode"))

    @property
    def map_window(self) -> str:
        """Where the window of its own stands that the map had, or "" when it stood in its page."""
        return _text(self._values.get("map_window"))

    def note(self, **values: str | int | None) -> None:
        """Remember `page`, `image`, `label_mode` or `map_window`."""
        if {**self._values, **values} != self._values:
            self._values = {**self._values, **values}
            self.changed.emit()

    def save(self) -> None:
        """Put the newest state beside the database. A place that cannot be written is simply not remembered."""
        if self._read_only:
            return
        with self._lock, contextlib.suppress(OSError):
            fresh = self._path.with_suffix(".new")
            fresh.write_text(json.dumps(self._values), encoding="utf-8")
            os.replace(fresh, self._path)  # noqa: PTH105 - over the old file, on Windows too


def _read(path: Path) -> dict[str, Any]:
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return values if isinstance(values, dict) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
