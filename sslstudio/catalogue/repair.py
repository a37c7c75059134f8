"""Opening the labels: check database against journal, complete or repair whichever is behind, and say so."""

from __future__ import annotations

from pathlib import Path

from sslstudio.catalogue import journal, label_rows
from sslstudio.catalogue.database import Database
from sslstudio.catalogue.runs import now
from sslstudio.domain.labels import AddClass, LabelCommand, SetLabels, SetReadings
from sslstudio.errors import SSLStudioError
from sslstudio.labels import Entry, LabelHistory, LabelState, apply, decode, encode
from sslstudio.labels.history import chain, mark


def reconcile(db: Database, path: Path) -> tuple[list[str], label_rows.LabelRows]:
    """Bring the label tables and the journal at `path` to agree; returns sentences on what was repaired, and the rows.

    A journal that is one command ahead is what a kill between its sync and the commit leaves: completed, not reported.
    """
    text = journal.read(path)
    rows = label_rows.load(db)
    if rows.complete and not text.torn and not text.damaged and text.lines == rows.lines:
        return [], rows
    notices: list[str] = []
    lines = chain(rows.lines, rows.first_mark, text.lines)
    if rows.complete:
        lines = _complete(db, rows, lines, notices)
    else:
        lines = _restore(db, rows, lines, notices)
    _mend_journal(path, text, lines, notices)
    return notices, label_rows.load(db)


def _complete(
    db: Database, rows: label_rows.LabelRows, lines: dict[int, bytes], notices: list[str]
) -> dict[int, bytes]:
    """Carry out the lines that the (sound) database does not hold yet."""
    state = rows.state
    with db.transaction() as connection:
        for seq in range(rows.seq + 1, len(lines) + 1):
            entry = _entry(lines[seq])
            state, inverse = apply(state, entry.command)
            label_rows.store(connection, entry, lines[seq], inverse, state)
    behind = len(lines) - rows.seq
    if behind > 1:
        notices.append(f"{behind:,} label commands were brought back from the label journal.")
    return lines


def _restore(db: Database, rows: label_rows.LabelRows, lines: dict[int, bytes], notices: list[str]) -> dict[int, bytes]:
    """Rebuild the label tables: from the whole history if there is one, else from the rows that are sound."""
    if len(lines) >= rows.seq:
        try:
            entries = [_entry(line) for line in lines.values()]
            expected = LabelHistory.replay(entries)
            with db.transaction() as connection:
                label_rows.rebuild(connection, lines, entries)
            wrong = sum(rows.state.labels.get(key) != label for key, label in expected.labels.items())
            wrong += sum(key not in expected.labels for key in rows.state.labels)
            wrong += len(expected.readings.items() - rows.state.readings.items())
            notices.append(f"The database had damaged labels. {wrong:,} were repaired from the label journal.")
            return lines
        except SSLStudioError:
            pass
    entries = _fresh(rows.state, rows.first_mark)
    lines = {entry.seq: encode(entry) for entry in entries}
    with db.transaction() as connection:
        label_rows.rebuild(connection, lines, entries)
    notices.append(
        "Database and label journal are both damaged. "
        f"{len(rows.state.labels):,} labels could be verified and were kept; "
        f"{rows.damaged:,} could not and were removed."
    )
    return lines


def _fresh(state: LabelState, previous: str) -> list[Entry]:
    """A new history that leads to `state`, as far as its labels still have their class."""
    labels = tuple(
        (key, label) for key, label in sorted(state.labels.items())
        if label.class_id is None or label.class_id in state.classes
    )  # fmt: skip
    commands: list[LabelCommand] = [AddClass(info=info) for _, info in sorted(state.classes.items())]
    if labels:
        commands.append(SetLabels(text="Labels kept after a repair", labels=labels))
    readings = tuple(
        (*key, reading) for key, reading in sorted(state.readings.items())
        if reading.class_id is None or reading.class_id in state.classes
    )  # fmt: skip
    if readings:
        commands.append(SetReadings(text="Readings kept after a repair", readings=readings))
    entries: list[Entry] = []
    moment = now()
    for seq, command in enumerate(commands, 1):
        entries.append(Entry(seq=seq, previous=previous, at=moment, author="", how="do", command=command))
        previous = mark(encode(entries[-1]))
    return entries


def _entry(line: bytes) -> Entry:
    entry = decode(line)
    if entry is None:
        raise SSLStudioError("The label history is damaged.", "Restore a backup.", code="history_damaged")
    return entry


def _mend_journal(path: Path, text: journal.JournalText, lines: dict[int, bytes], notices: list[str]) -> None:
    """Make the journal hold exactly `lines`; what it held otherwise is kept aside unless it is a torn end."""
    if text.lines == lines and not text.damaged:
        if text.torn:
            journal.cut_file(path, text.size)
        return
    if text.lines:
        journal.set_aside(path)
    journal.rewrite(path, lines.values())
    notices.append("The label journal was damaged or missing and was written again from the database.")
