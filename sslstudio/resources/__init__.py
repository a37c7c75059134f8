"""Access to the files under the top-level `resources/` folder, in a checkout and in an installed wheel alike."""

from __future__ import annotations

from functools import cache
from pathlib import Path


@cache
def root() -> Path:
    """Folder that holds the resource files: inside the wheel when installed, else the checkout's `resources/`."""
    installed = Path(__file__).parent / "files"
    return installed if installed.is_dir() else Path(__file__).parents[2] / "resources"


def path(name: str) -> Path:
    """Path of one resource, for example ``path("icons/app.svg")``; raises FileNotFoundError if it is missing."""
    found = root() / name
    if not found.exists():
        raise FileNotFoundError(name)
    return found


def text(name: str) -> str:
    """The UTF-8 text of one resource."""
    return path(name).read_text(encoding="utf-8")
