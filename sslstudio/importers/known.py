"""What the project knows of files already, frozen for an import job: jobs never open the project's database.

A SQLite file in the run's private folder: memory stays bounded however many files there are.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

_SCHEMA = """
    CREATE TABLE known (path TEXT NOT NULL, size INTEGER NOT NULL, modified_ns INTEGER NOT NULL, digest TEXT NOT NULL,
        status TEXT NOT NULL, code TEXT NOT NULL, relative TEXT NOT NULL, complete INTEGER NOT NULL);
"""
_INDICES = """
    CREATE UNIQUE INDEX known_path ON known (path);
    CREATE INDEX known_digest ON known (digest) WHERE digest <> '';
    CREATE INDEX known_size ON known (size) WHERE digest <> '';
"""
_BATCH = 2000


@dataclass(frozen=True, slots=True)
class KnownFile:
    """One file as the project knows it. `complete` is False when its pixels were lost and must be read again."""

    path: str
    size: int
    modified_ns: int
    digest: str
    status: str
    code: str
    relative: str = ""
    complete: bool = True


def write_known(path: Path, files: Iterable[KnownFile]) -> int:
    """Write the file anew; returns how many files it names."""
    path.unlink(missing_ok=True)
    connection = sqlite3.connect(path)
    try:
        connection.executescript(f"PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; {_SCHEMA}")
        with connection:
            connection.executemany(
                "INSERT OR REPLACE INTO known VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    (one.path, one.size, one.modified_ns, one.digest, one.status, one.code, one.relative, one.complete)
                    for one in files
                ),
            )
            count = connection.execute("SELECT count(*) FROM known").fetchone()[0]
        connection.executescript(_INDICES)
        return int(count)
    finally:
        connection.close()


class Known:
    """Looks up what is known. An absent file knows nothing. `see` notes that a path is still there."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True) if path.is_file() else None
        self.empty = self._connection is None
        self._scratch = sqlite3.connect("")  # a temporary file, removed when it is closed
        self._scratch.execute("CREATE TABLE seen (number INTEGER PRIMARY KEY)")
        self._pending: list[tuple[int]] = []
        self._taken: set[str] = set()

    def find(self, path: str) -> KnownFile | None:
        """What is known of the file at this path; it counts as seen."""
        if self._connection is None:
            return None
        row = self._connection.execute(f"SELECT rowid, {_COLUMNS} FROM known WHERE path = ?", (path,)).fetchone()
        if row is None:
            return None
        self._pending.append((row[0],))
        if len(self._pending) >= _BATCH:
            self._note()
        return _file(row[1:])

    def may_know(self, size: int) -> bool:
        """True when a known file has this size, so that reading its digest may tell that it was moved."""
        if self._connection is None:
            return False
        return (
            self._connection.execute("SELECT 1 FROM known WHERE size = ? AND digest <> ''", (size,)).fetchone()
            is not None
        )

    def with_digest(self, digest: str, relative: str) -> list[KnownFile]:
        """The known files of this content; those of the same relative path first."""
        if self._connection is None:
            return []
        rows = self._connection.execute(
            f"SELECT {_COLUMNS} FROM known WHERE digest = ? ORDER BY relative <> ?, path LIMIT 1000", (digest, relative)
        ).fetchall()
        return [_file(row) for row in rows]

    def taken(self, path: str) -> bool:
        """True when another file was found to be this one."""
        return path in self._taken

    def take(self, path: str) -> None:
        """A known file was found again elsewhere; it is not to be found twice."""
        self._taken.add(path)

    def not_seen(self) -> Iterator[KnownFile]:
        """Known files that `find` was not asked for and that were not found elsewhere, by path."""
        if self._connection is None:
            return
        self._note()
        for number, *row in self._connection.execute(f"SELECT rowid, {_COLUMNS} FROM known ORDER BY path"):
            if self._scratch.execute("SELECT 1 FROM seen WHERE number = ?", (number,)).fetchone() is None:
                file = _file(tuple(row))
                if file.path not in self._taken:
                    yield file

    def close(self) -> None:
        """Close the files."""
        self._scratch.close()
        if self._connection is not None:
            self._connection.close()

    def _note(self) -> None:
        self._scratch.executemany("INSERT OR IGNORE INTO seen VALUES (?)", self._pending)
        self._pending.clear()


_COLUMNS = "path, size, modified_ns, digest, status, code, relative, complete"


def _file(row: tuple[object, ...]) -> KnownFile:
    path, size, modified, digest, status, code, relative, complete = row
    return KnownFile(
        str(path),
        int(str(size)),
        int(str(modified)),
        str(digest),
        str(status),
        str(code),
        str(relative),
        bool(complete),
    )
