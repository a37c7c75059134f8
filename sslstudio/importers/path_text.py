"""Paths as text that JSON and SQLite can hold, and back again: names on a disk need not be valid text.

A path without odd bytes stands for itself. In any other, odd bytes and every backslash become `\\xNN`, so that no two
paths share a text and each can be opened again.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Sequence

_ESCAPE = re.compile(r"\\x([0-9a-f]{2})")
_POSIX = sys.platform != "win32"


def to_text(path: str) -> str:
    """`path`, as the file system calls name it, as valid text."""
    if _is_text(path) and not (_POSIX and "\\x" in path):
        return path
    if _POSIX:
        path = path.replace("\\", "\\x5c")
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def from_text(text: str) -> str:
    """The path that `to_text` made `text` of."""
    if not _POSIX or "\\x" not in text:
        return text
    raw = _ESCAPE.sub(
        lambda match: chr(0xDC00 + int(match[1], 16)) if match[1] >= "80" else chr(int(match[1], 16)), text
    )
    return os.fsdecode(os.fsencode(raw))


def name_of(text: str) -> str:
    """The last part of a path's text, whatever system it is from."""
    cut = max(text.rfind("/"), -1 if _POSIX else text.rfind("\\"))
    return text[cut + 1 :]


def below(text: str, root: str) -> str | None:
    """The part of a path's text below the folder `root`, with forward slashes; None when it is not inside."""
    start = root if root.endswith(("/", os.sep)) else root + os.sep
    if not text.startswith(start):
        return None
    relative = text[len(start) :]
    return relative if _POSIX else relative.replace("\\", "/")


def common_folder(ends: Sequence[str | None]) -> str:
    """The folder that holds all paths between the first and the last in sorting order; "" for none."""
    first, last = ends
    if not first or not last:
        return ""
    try:
        return os.path.commonpath([os.path.dirname(first), last])  # noqa: PTH120
    except ValueError:  # different drives
        return ""


def one_line(text: str) -> str:
    """`text` for the screen: line breaks and other control characters as `\\xNN`."""
    return "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in text)


def _is_text(path: str) -> bool:
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True
