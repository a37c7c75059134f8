"""What a way of telling patients apart does to the user's own paths, on a sample; apart because it walks folders."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sslstudio.importers.discovery import Discovery
from sslstudio.importers.identity import SubjectTable, compile_pattern

MOST_FILES = 5000
MOST_SECONDS = 2.0
EXAMPLES = 3


@dataclass(frozen=True)
class Preview:
    """`files` looked at, how many of them `matched`, how many `patients` that gives, and some of their names."""

    files: int
    matched: int
    patients: int
    examples: tuple[str, ...]
    more: bool
    automatic: bool = False
    """True when neither pattern nor table decides; `patients` are folders then."""


def look(sources: Sequence[Path], pattern: str, table: Path | None, columns: tuple[str, str] = ("", "")) -> Preview:
    """Walk `sources` for at most two seconds and apply the pattern or the table, whose `columns` are of files and of
    patients.

    Raises SSLStudioError as `compile_pattern` and `SubjectTable.read` do.
    """
    compiled = compile_pattern(pattern)
    known = SubjectTable.read(table, *columns) if table is not None else None
    names: dict[str, None] = {}
    files = matched = 0
    more = False
    until = time.monotonic() + MOST_SECONDS
    for found in Discovery(list(sources), image_column=columns[0]):
        if files >= MOST_FILES or time.monotonic() > until:
            more = True
            break
        files += 1
        name = known.find(found.relative) if known is not None else ""
        if not name and compiled is not None and (match := compiled.search(found.relative)):
            name = match["subject"] or ""
        elif not name and compiled is None and known is None:
            name = found.relative.rpartition("/")[0] or "."
        if name:
            matched += 1
            names.setdefault(name)
    examples = tuple(list(names)[:EXAMPLES])
    return Preview(files, matched, len(names), examples, more, compiled is None and known is None)
