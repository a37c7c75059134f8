"""The SQLite connections of a project: how they are opened, migrated, locked and committed.

One connection serves all threads behind one re-entrant lock. Writes are short (an import is adopted in
transactions of at most 500 files), so a reader in the window waits for milliseconds. WAL with synchronous=FULL: a
transaction that has returned is on the disk. A second connection only reads, for queries over all images: they may
take seconds in a large project, and neither wait for the first nor keep it waiting.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sslstudio.catalogue.schema import APPLICATION_ID, MIGRATIONS, READABLE_SINCE
from sslstudio.errors import SSLStudioError

Migrations = Sequence[Sequence[str]]
Row = tuple[Any, ...]


class Database:
    """A project database. `notices` holds what the user should read after opening; see `read_only`.

    Raises SSLStudioError: "not_a_project" (no database of ours), "newer" (made by a program whose files this
    one cannot even read), "damaged" (SQLite cannot make sense of the file), "no_access".
    """

    def __init__(
        self, path: Path, *, read_only: bool = False, create: bool = False, migrations: Migrations = MIGRATIONS
    ) -> None:
        self.path = path
        self.lock = threading.RLock()
        self.notices: list[str] = []
        self._migrations = migrations
        self._scratch: Path | None = None
        self._depth = 0
        self._reader: sqlite3.Connection | None = None
        self._reader_lock = threading.Lock()
        self._reading: str | None = None
        if not create and not path.is_file():
            raise _not_a_project()
        self.read_only = read_only or not _writable(path, create)
        if self.read_only and not read_only:
            self.notices.append("This project is read-only: its folder cannot be written. Nothing can be changed.")
        with _plain_errors():
            self._connection = self._connect()
            try:
                self._prepare()
            except BaseException:
                self._connection.close()
                raise

    def _connect(self) -> sqlite3.Connection:
        if not self.read_only:
            return _connect_writing(self.path)
        connection: sqlite3.Connection = sqlite3.connect(
            f"{self.path.absolute().as_uri()}?mode=ro", uri=True, **_OPTIONS
        )
        try:
            connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
            connection.execute("PRAGMA query_only = ON")
            return connection
        except sqlite3.OperationalError:
            connection.close()
        return self._connect_copy()

    def _connect_copy(self) -> sqlite3.Connection:
        """Read a copy: the folder gives no place for SQLite's side files, or the tables are older than ours."""
        self._scratch = Path(tempfile.mkdtemp(prefix="sslstudio-"))
        copy = self._scratch / self.path.name
        for suffix in ("", "-wal"):
            source = self.path.with_name(self.path.name + suffix)
            if source.exists():
                shutil.copyfile(source, copy.with_name(copy.name + suffix))
        return _connect_writing(copy)

    def _prepare(self) -> None:
        known = len(self._migrations)
        version = self._version()
        if version and self.value("PRAGMA application_id") != APPLICATION_ID:
            raise _not_a_project()
        if version == 0:
            if self.read_only or self.value("SELECT count(*) FROM sqlite_schema"):
                raise _not_a_project()
            self._migrate(0)
        elif version > known:
            self._accept_newer(known)
        elif version < known:
            if self.read_only:
                self._connection.close()
                self._connection = self._connect_copy()
            else:
                self._back_up(version)
            self._migrate(version)

    def _version(self) -> int:
        return int(self.value("PRAGMA user_version"))

    def _accept_newer(self, known: int) -> None:
        since = self.value("SELECT value FROM meta WHERE key = 'readable_since'")
        if since is None or int(since) > known:
            raise SSLStudioError(
                "This project was made by a newer version of SSL Studio.", "Update SSL Studio to open it.", code="newer"
            )
        self.notices.append(
            "This project was last used by a newer version of SSL Studio. It is open read-only; update to change it."
        )
        if not self.read_only:
            self.read_only = True
            self._connection.execute("PRAGMA query_only = ON")

    def _back_up(self, version: int) -> None:
        backup = self.path.with_name(f"{self.path.name}.backup-v{version}")
        partial = backup.with_name(backup.name + ".partial")
        partial.unlink(missing_ok=True)
        target = sqlite3.connect(partial)
        try:
            self._connection.backup(target)
        finally:
            target.close()
        partial.replace(backup)
        self.notices.append(
            f"The project was upgraded for this version of SSL Studio. Its old state is kept in {backup.name}."
        )

    def _migrate(self, version: int) -> None:
        connection = self._connection
        connection.execute("BEGIN IMMEDIATE")
        try:
            for statements in self._migrations[version:]:
                for statement in statements:
                    connection.execute(statement)
            connection.execute("INSERT OR REPLACE INTO meta VALUES ('readable_since', ?)", (str(READABLE_SINCE),))
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {len(self._migrations)}")
            connection.execute("COMMIT")
        except BaseException:
            connection.execute("ROLLBACK")
            raise

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """One transaction; a nested one joins the outer. What was written is on the disk when it has ended."""
        self.require_writable()
        with self.lock, _plain_errors():
            if self._depth:
                yield self._connection
                return
            self._connection.execute("BEGIN IMMEDIATE")
            self._depth = 1
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise
            finally:
                self._depth = 0

    def require_writable(self) -> None:
        """Raise SSLStudioError (code "read_only") when the project cannot be changed."""
        if self.read_only:
            raise SSLStudioError(
                "This project is open read-only.", "Close it elsewhere or open a copy to change it.", code="read_only"
            )

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        """All rows of a query."""
        with self.lock, _plain_errors():
            return self._connection.execute(sql, parameters).fetchall()

    def row(self, sql: str, parameters: Sequence[Any] = ()) -> Row | None:
        """The first row of a query, or None."""
        with self.lock, _plain_errors():
            found: Row | None = self._connection.execute(sql, parameters).fetchone()
            return found

    def value(self, sql: str, parameters: Sequence[Any] = ()) -> Any:
        """The first column of the first row, or None."""
        found = self.row(sql, parameters)
        return None if found is None else found[0]

    def long_rows(self, sql: str, parameters: Sequence[Any] = (), purpose: str = "") -> list[Row]:
        """All rows of a query that may take long, as of the last commit; `purpose` names it for `interrupt`.

        Raises SSLStudioError ("interrupted").
        """
        with self._reader_lock, _plain_errors():
            if self._reader is None:
                self._reader = self._connect_reading()
            self._reading = purpose
            try:
                return self._reader.execute(sql, parameters).fetchall()
            finally:
                self._reading = None

    def _connect_reading(self) -> sqlite3.Connection:
        path = self.path if self._scratch is None else self._scratch / self.path.name
        reader: sqlite3.Connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, **_OPTIONS)
        for pragma in ("query_only = ON", "temp_store = MEMORY", "trusted_schema = OFF", "cache_size = -16000"):
            reader.execute(f"PRAGMA {pragma}").fetchall()
        return reader

    def interrupt(self, purpose: str | None = None) -> None:
        """Stop the query of `long_rows` that is under way, if there is one, and it is for this purpose (None: any)."""
        if self._reader is not None and self._reading is not None and purpose in (None, self._reading):
            self._reader.interrupt()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection of its own for one long read, for which no other reader or writer has to wait."""
        folder = self._scratch or self.path.parent
        with _plain_errors():
            connection: sqlite3.Connection = sqlite3.connect(
                f"{(folder / self.path.name).absolute().as_uri()}?mode=ro", uri=True, **_OPTIONS
            )
            try:
                connection.execute("PRAGMA temp_store = MEMORY")
                connection.execute("PRAGMA query_only = ON")
                yield connection
            finally:
                connection.close()

    def slow_row(self, sql: str, parameters: Sequence[Any] = ()) -> Row:
        """The one row of a query that goes through a whole table, as of the last commit; nobody waits for it."""
        with self.reading() as connection:
            found: Row = connection.execute(sql, parameters).fetchone()
            return found

    def checkpoint(self) -> None:
        """Move what stands in the write-ahead log into the database file and sync it."""
        if not self.read_only:
            with self.lock, _plain_errors():
                self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def close(self) -> None:
        """Close the connections; safe to call twice."""
        self.interrupt()
        with self._reader_lock:
            if self._reader is not None:
                self._reader.close()
        with self.lock:
            self._connection.close()
            if self._scratch is not None:
                shutil.rmtree(self._scratch, ignore_errors=True)
                self._scratch = None


_OPTIONS: dict[str, Any] = {"check_same_thread": False, "isolation_level": None, "timeout": 5.0}


def _connect_writing(path: Path) -> sqlite3.Connection:
    connection: sqlite3.Connection = sqlite3.connect(path, **_OPTIONS)
    try:
        for pragma in (
            "journal_mode = WAL",
            "synchronous = FULL",
            "fullfsync = ON",
            "foreign_keys = ON",
            "secure_delete = ON",
            "temp_store = MEMORY",
            "trusted_schema = OFF",
        ):
            connection.execute(f"PRAGMA {pragma}").fetchall()
    except BaseException:
        connection.close()
        raise
    return connection


def _writable(path: Path, create: bool) -> bool:
    if not os.access(path.parent, os.W_OK):
        return False
    return create or os.access(path, os.W_OK)


def _not_a_project() -> SSLStudioError:
    return SSLStudioError(
        "This folder is not an SSL Studio project.",
        "Choose a folder whose name ends in .sslproj.",
        code="not_a_project",
    )


_SENTENCES = {
    sqlite3.SQLITE_FULL: (
        "The disk is full: the change was not stored.",
        "Free some space and try again.",
        "disk_full",
    ),
    sqlite3.SQLITE_READONLY: ("The project cannot be written.", "Check the rights of its folder.", "read_only"),
    sqlite3.SQLITE_BUSY: ("Another program holds the project.", "Close it and try again.", "locked"),
    sqlite3.SQLITE_CORRUPT: (
        "The project's database is damaged.",
        "Open the newest backup beside it; the labels also stand in labels.journal.jsonl.",
        "damaged",
    ),
    sqlite3.SQLITE_CANTOPEN: (
        "The project's database cannot be opened.",
        "Check the rights of its folder.",
        "no_access",
    ),
    sqlite3.SQLITE_INTERRUPT: ("This reading was stopped.", "Ask again.", "interrupted"),
    sqlite3.SQLITE_IOERR: ("The disk reported an error.", "Check the disk and open the project again.", "disk_error"),
}
_SENTENCES[sqlite3.SQLITE_NOTADB] = _SENTENCES[sqlite3.SQLITE_CORRUPT]


@contextmanager
def _plain_errors() -> Iterator[None]:
    """Turn SQLite's errors of the disk and the file into sentences; programming errors pass unchanged."""
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", None)
        sentence = _SENTENCES.get(code & 0xFF) if code is not None else None
        if sentence is None:
            raise
        raise SSLStudioError(sentence[0], sentence[1], code=sentence[2]) from None
