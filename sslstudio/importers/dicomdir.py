"""Reads which files the index of a DICOM disc names (PS3.3 F, PS3.10 8), and lets none of them lead off the disc.

Only the file references are looked for, byte by byte: no record tree is followed, so a hostile index can neither loop
nor nest. A reference is a list of plain names below the folder of the index; anything else stays unopened.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

MOST_BYTES = 64 << 20
"""An index of more bytes is not one; 100,000 files need less."""

_DIRECTORY_CLASS = b"1.2.840.10008.1.3.10"
_EXPLICIT = re.compile(rb"\x04\x00\x00\x15CS(..)", re.DOTALL)
_BIG = re.compile(rb"\x00\x04\x15\x00CS(..)", re.DOTALL)
_IMPLICIT = re.compile(rb"\x04\x00\x00\x15(..)\x00\x00", re.DOTALL)
_LONGEST = 8 * 17
"""Eight names of sixteen characters and their separators (PS3.5 6.2: CS)."""
_PLAIN = re.compile(r"[^\x00-\x1f<>:\"/|?*]{1,64}")


@dataclass(frozen=True, slots=True)
class Reference:
    """One file that an index names. `parts` are its names as written; `path` is where it is, or "" with a `problem`."""

    parts: tuple[str, ...]
    path: str = ""
    problem: str = ""


def is_index(head: bytes) -> bool:
    """True if a file that begins with `head` is the index of a disc."""
    return head[128:132] == b"DICM" and _DIRECTORY_CLASS in head[132:512]


def references(index: str) -> Iterator[Reference]:
    """The files that the index at path `index` names, each once, in its order. Raises OSError."""
    with open(index, "rb") as file:  # noqa: PTH123 - names that are not valid text stay as they are
        data = file.read(MOST_BYTES)
    root = os.path.dirname(index)  # noqa: PTH120
    seen: set[tuple[str, ...]] = set()
    for parts in _named(data):
        key = tuple(part.casefold() for part in parts)
        if key not in seen:
            seen.add(key)
            yield _find(root, parts)
    _names_in.cache_clear()


def _named(data: bytes) -> Iterator[tuple[str, ...]]:
    for pattern in (_EXPLICIT, _BIG, _IMPLICIT):
        found = list(pattern.finditer(data))
        for match in found:
            length = int.from_bytes(match[1], "big" if pattern is _BIG else "little")
            value = data[match.end() : match.end() + length]
            if value and len(value) == length:
                text = value.rstrip(b"\0 ").decode("latin-1")
                yield tuple(part.strip() for part in text.split("\\"))
        if found:
            return


def _find(root: str, parts: tuple[str, ...]) -> Reference:
    if sum(map(len, parts)) > _LONGEST or not all(map(_is_plain, parts)):
        return Reference(parts, problem="reference_outside")
    path = root
    for part in parts:
        name = _names_in(path).get(part.casefold())
        if name is None:
            return Reference(parts, problem="reference_missing")
        path = os.path.join(path, name)  # noqa: PTH118
    real, inside = os.path.realpath(path), os.path.join(os.path.realpath(root), "")  # noqa: PTH118
    if not real.startswith(inside):
        return Reference(parts, problem="reference_outside")
    try:
        regular = stat.S_ISREG(os.stat(real).st_mode)  # noqa: PTH116
    except OSError:
        return Reference(parts, problem="reference_missing")
    return Reference(parts, path) if regular else Reference(parts, problem="reference_missing")


def _is_plain(part: str) -> bool:
    return part.strip(". ") != "" and _PLAIN.fullmatch(part) is not None


@lru_cache(maxsize=64)
def _names_in(folder: str) -> dict[str, str]:
    """The names in a folder by what they are called on a disc: without case, version and trailing dot (ISO 9660)."""
    found: dict[str, str] = {}
    try:
        with os.scandir(folder) as entries:
            for name in sorted(entry.name for entry in entries):
                found.setdefault(re.sub(r"\.?(?:;\d+)?$", "", name).casefold(), name)
                found[name.casefold()] = name
    except OSError:
        return {}
    return found
