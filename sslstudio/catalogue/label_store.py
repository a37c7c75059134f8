"""Labels in the project: each command is on the disk twice, in the journal and in the database, before it returns.

The order is: journal line written and synced, then the database transaction committed with synchronous=FULL, then
the caller is told. So the database never holds a command that the journal lacks, and a kill at any instant leaves
either both with it, or the journal alone; opening then completes the database (the command was asked for, and
its tick had not shown yet). A torn last line is cut: it was never acknowledged. If the transaction fails, the line is
cut again before the error is raised. When the disk is full, a reserve of 16 MB is given up and the command tried once
more.
"""

from __future__ import annotations

import json
from pathlib import Path

from sslstudio.catalogue import journal, label_rows
from sslstudio.catalogue.database import Database
from sslstudio.catalogue.repair import reconcile
from sslstudio.catalogue.reserve import Reserve
from sslstudio.catalogue.runs import now
from sslstudio.domain.labels import (
    ClassInfo,
    Label,
    LabelCommand,
    Reading,
    SetLabels,
    SetReadings,
    Together,
    set_labels,
)
from sslstudio.errors import SSLStudioError
from sslstudio.labels import Entry, LabelState, apply, encode
from sslstudio.labels.commands import Readings, steps_of
from sslstudio.labels.history import How, mark

JOURNAL_NAME = "labels.journal.jsonl"


class LabelTables:
    """The part of the catalogue that knows classes and labels. `author` is written into every command."""

    _db: Database
    author: str = ""

    def _open_labels(self, path: Path, reserve: Reserve) -> list[str]:
        """Check and, where needed, repair the labels; returns sentences for the user."""
        self._journal: journal.Journal | None = None
        self._broken = False
        self._reserve = reserve
        if self._db.read_only:
            rows = label_rows.load(self._db)
            self._take(rows)
            return [] if rows.complete else [_UNREPAIRED]
        notices, rows = reconcile(self._db, path)
        self._take(rows)
        self._journal = journal.Journal(path)
        reserve.fill()
        return notices

    def _take(self, rows: label_rows.LabelRows) -> None:
        self._state, self._seq = rows.state, rows.seq
        self._mark = mark(rows.lines[rows.seq]) if rows.complete and rows.seq else rows.first_mark

    def classes(self) -> list[ClassInfo]:
        """The label set, in the order in which classes were added."""
        with self._db.lock:
            return [info for _, info in sorted(self._current().classes.items())]

    def labels(self) -> dict[int, Label]:
        """The current label of each labelled or marked image, by image id."""
        with self._db.lock:
            return dict(self._current().labels)

    def readings(self) -> Readings:
        """What raters answered beside the labels, by image id and rater."""
        with self._db.lock:
            return dict(self._current().readings)

    def _current(self) -> LabelState:
        if self._db.read_only:  # another window may be writing
            self._take(label_rows.load(self._db))
        return self._state

    def apply(self, command: LabelCommand) -> LabelCommand:
        """Carry out a command, stored before this returns; returns its inverse. Clears what could be redone.

        Raises SSLStudioError, with nothing changed, when the command does not fit or cannot be stored.
        """
        with self._db.lock:
            return self._perform("do", self._stamped(command))

    def undo(self) -> LabelCommand | None:
        """Take back the latest command; returns the command that did it, or None when there is nothing to undo."""
        return self._pop("undo")

    def redo(self) -> LabelCommand | None:
        """Do again what was undone last; returns the command, or None."""
        return self._pop("redo")

    def can_undo(self) -> str | None:
        """What `undo` would take back, in words; None when there is nothing."""
        return self._top("undo", "text")

    def can_redo(self) -> str | None:
        """What `redo` would do again, in words; None when there is nothing."""
        return self._top("redo", "text")

    def _top(self, stack: str, column: str) -> str | None:
        found: str | None = self._db.value(
            f"SELECT {column} FROM label_commands WHERE stack = ? ORDER BY position DESC LIMIT 1", (stack,)
        )
        return found

    def _pop(self, stack: How) -> LabelCommand | None:
        with self._db.lock:
            self._db.require_writable()
            found = self._top(stack, "command")
            if found is None:
                return None
            command = label_rows.COMMAND.validate_json(found)
            self._perform(stack, command)
            return command

    def _perform(self, how: How, command: LabelCommand) -> LabelCommand:
        self._db.require_writable()
        try:
            return self._attempt(how, command)
        except SSLStudioError as error:
            if error.code != "disk_full" or not self._reserve.release():
                raise
        return self._attempt(how, command)

    def _attempt(self, how: How, command: LabelCommand) -> LabelCommand:
        if self._journal is None or self._journal.failed or self._broken:
            raise SSLStudioError(
                "Labels cannot be stored at the moment.", "Close the project and open it again.", code="label_store"
            )
        self._check_images(command)
        after, inverse = apply(self._state, command)
        entry = Entry(seq=self._seq + 1, previous=self._mark, at=now(), author=self.author, how=how, command=command)
        line = encode(entry)
        before = self._journal.append(line)
        try:
            with self._db.transaction() as connection:
                label_rows.store(connection, entry, line, inverse, after)
        except BaseException:
            if not self._committed(entry.seq):
                self._journal.cut(before)
                raise
        self._state, self._seq, self._mark = after, entry.seq, mark(line)
        return inverse

    def _committed(self, seq: int) -> bool:
        """Whether a transaction that reported an error is in the database all the same."""
        try:
            return bool(self._db.value("SELECT seq FROM label_head") == seq)
        except SSLStudioError:
            self._broken = True
            return False

    def _stamped(self, command: LabelCommand) -> LabelCommand:
        """With moment and author where a label names none, with the moment where a reading has none."""
        moment = now()

        def stamp(label: Label | None) -> Label | None:
            if label is None or label.at:  # one that stood before, such as with a new note, stays its author's
                return label
            return label.model_copy(update={"at": moment, "author": label.author or self.author})

        def date(reading: Reading | None) -> Reading | None:
            return reading if reading is None or reading.at else reading.model_copy(update={"at": moment})

        steps = []
        for step in steps_of(command):
            if isinstance(step, SetLabels):
                if not step.labels:
                    raise SSLStudioError("There is no image to label.", "Select images first.", code="no_images")
                step = SetLabels(text=step.text, labels=tuple((key, stamp(label)) for key, label in step.labels))
            elif isinstance(step, SetReadings):
                dated = tuple((key, rater, date(reading)) for key, rater, reading in step.readings)
                step = SetReadings(text=step.text, readings=dated)
            steps.append(step)
        return Together(text=command.text, steps=tuple(steps)) if isinstance(command, Together) else steps[0]

    def _check_images(self, command: LabelCommand) -> None:
        named = [image_id for step in set_labels(command) for image_id, _ in step.labels]
        for step in steps_of(command):
            if isinstance(step, SetReadings):
                named += [image_id for image_id, _, _ in step.readings]
        if not named:
            return
        ids = json.dumps(named)
        unknown = "SELECT 1 FROM json_each(?) WHERE value NOT IN (SELECT image_id FROM images) LIMIT 1"
        if self._db.value(unknown, (ids,)):
            raise SSLStudioError("An image is not in the project.", "Import it first.", code="unknown_image")

    def _close_labels(self) -> None:
        if self._journal is not None:
            self._journal.close()


_UNREPAIRED = "Some labels are damaged. Open the project for writing to repair them from the label journal."
