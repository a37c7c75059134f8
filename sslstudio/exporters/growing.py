"""A prediction without end: a table that grows with what arrives, whoever brings it (a watched folder, a listener).

What was scored stays in the journal beside the table, also when it ends, so that it goes on where it was and scores no
file twice.
"""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Self

from sslstudio.errors import SSLStudioError
from sslstudio.exporters import scoring, tables
from sslstudio.exporters.journal import Chunk, Journal
from sslstudio.exporters.predictor import BATCH, OF_CASE, SKIPPED, Asked, Predicting, header
from sslstudio.exporters.returning import Folders, Returning
from sslstudio.exporters.scoring import Scorer
from sslstudio.importers.discovery import FoundFile

SETTLE_SECONDS = 30.0
"""So long nothing new came for a study before it is reported."""
_SHARE = 20
"""Writing the tables takes at most one part in so many of the time."""
_STATUS = -2 - len(OF_CASE)


class Growing:
    """Scores files as they come and keeps the tables up to date; a context manager.

    Raises SSLStudioError as `predictor.predict`, and "table_exists" for a table that another package wrote.
    """

    def __init__(
        self,
        source_package: Path,
        output: Path,
        asked: Asked,
        folders: Folders,
        *,
        settle: float = SETTLE_SECONDS,
        check: Callable[[], None] = lambda: None,
    ) -> None:
        tables.require_known(output)
        folders.prepare()
        model = scoring.load(source_package).promising(asked.promise)
        known = hashlib.sha256(f"{model.digest} {asked!r} growing".encode())
        self._stack = ExitStack()
        journal = self._stack.enter_context(Journal(output, known.hexdigest()))
        if output.exists() and not journal.found:
            raise SSLStudioError(
                "There is a table of this name already, and it was not begun with this package and these options.",
                "Choose another name, or move the table away.",
                code="table_exists",
            )
        returning = Returning(folders, model) if folders.wanted else None
        self._predicting = Predicting(model, asked, journal, returning)
        self._output, self._settle, self._check = output, settle, check
        self._rows: list[list[str]] = []
        self._unread: dict[str, int] = {}
        self._digests: set[str] = set()
        self._news: dict[int, float] = {}
        self._returned: dict[str, int] = {}
        self._dirty, self._next_write = not output.exists(), 0.0
        for chunk in self._predicting.earlier():
            self._take(chunk)
        journal.append()  # it stands for the table from now on, also where nothing comes
        self._news = {study: 0.0 for study in self._news if self._there(study)}
        self._scorer = self._stack.enter_context(Scorer(model, journal.key, BATCH, check))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def received(self) -> int:
        """How many files gave rows so far."""
        return self._predicting.done

    def score(self, files: Sequence[FoundFile]) -> int:
        """Score what is not known by its content; returns the number of new rows."""
        before = len(self._rows)
        for rows, _ in self._scorer.scored(files, known=self._digests):
            if rows:
                self._take(self._predicting.scored(rows, self._predicting.done + len(rows), keep=True))
                self._dirty = True
        return len(self._rows) - before

    def tend(self, *, now: bool = False) -> list[tuple[str, int]]:
        """Write the tables when there is something new, and reports of studies that have settled; `now`: all of them.

        Returns where the images lie that are not needed any more, (path, frame).
        """
        moment = time.monotonic()
        if self._dirty and (now or moment >= self._next_write):
            with tables.table(self._output, header(self._predicting.model.classes)) as write:
                write(row for row in self._rows if row)
            self._predicting.write_cases(self._output)
            self._dirty = False
            self._next_write = time.monotonic() + _SHARE * (time.monotonic() - moment)
        settled = [study for study, since in self._news.items() if now or moment - since >= self._settle]
        returning = self._predicting.returning
        if returning is None or not settled:
            return []
        for name, count in self._predicting.write_returns(settled, self._check).items():
            self._returned[name] = self._returned.get(name, 0) + count
        for study in settled:
            del self._news[study]
        return [place for study in settled for place in returning.places(study)]

    def needed(self) -> set[str]:
        """The files that reports will still be made from."""
        returning = self._predicting.returning
        return set() if returning is None else {path for study in self._news for path, _ in returning.places(study)}

    def counts(self) -> dict[str, int]:
        """As `predictor.predict` returns them, of all so far; reports are those of this time."""
        return self._predicting.counts() | self._returned

    def _take(self, chunk: Chunk) -> None:
        """Rows join the table; one for a file that could not be read goes when the file gives another."""
        for row in chunk.cells:
            for name in (row[0], re.sub(r"#\d+$", "", row[0])):
                if (earlier := self._unread.pop(name, None)) is not None:
                    self._rows[earlier] = []
            if row[_STATUS] == SKIPPED:
                self._unread[row[0]] = len(self._rows)
            self._rows.append(row)
        self._digests.update(chunk.digests)
        if self._predicting.returning is not None:
            self._news.update(dict.fromkeys(chunk.batch.keys[:, 1].tolist(), time.monotonic()))

    def _there(self, study: int) -> bool:
        """True when the images of a study can still be read."""
        returning = self._predicting.returning
        return returning is not None and all(Path(path).exists() for path, _ in returning.places(study))
