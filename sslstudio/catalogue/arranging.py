"""After an import: the images of each series get their place in it, and the series what there is to say about it.

An image without a place is new; whatever was interrupted is made up for the next time.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Sequence

from sslstudio.catalogue.database import Database
from sslstudio.domain import volumes

SERIES_PER_TRANSACTION = 200

SAME_IDENTITY = "Another picture of this project claims the same DICOM identity (SOP instance). Both were kept."


def arrange(database: Database) -> None:
    """Place all images that have none yet, some series in each transaction."""
    while True:
        with database.transaction() as connection:
            waiting = connection.execute(
                "SELECT DISTINCT series_id FROM images WHERE place IS NULL LIMIT ?", (SERIES_PER_TRANSACTION,)
            ).fetchall()
            if not waiting:
                return
            numbers = [number for (number,) in waiting]
            _order(connection, numbers)
            for number in _related(connection, numbers):
                _describe(connection, number)


def _order(connection: sqlite3.Connection, series: Sequence[int]) -> None:
    rows = connection.execute(
        f"""SELECT series_id, image_id, digest, slice_position, phase, instance_number, frame FROM images
            WHERE series_id IN ({_marks(series)})""",
        series,
    )
    found = volumes.by_series((number, volumes.Slice(*values)) for number, *values in rows)
    connection.executemany(
        "UPDATE images SET place = ? WHERE image_id = ?",
        [(place, one.image_id) for slices in found.values() for place, one in enumerate(slices)],
    )


def _related(connection: sqlite3.Connection, series: Sequence[int]) -> list[int]:
    """The series themselves, and those that come from the same series of files or hold the same SOP instances."""
    rows = connection.execute(
        f"""SELECT DISTINCT other.series_id FROM images own JOIN images other ON other.source_series = own.source_series
            WHERE own.series_id IN ({_marks(series)}) AND own.source_series <> '' AND other.source_series <> ''
            UNION SELECT other.series_id FROM images own JOIN images other
            ON other.sop = own.sop AND other.frame = own.frame
            WHERE own.series_id IN ({_marks(series)}) AND own.sop <> '' AND other.sop <> ''""",
        (*series, *series),
    )
    return sorted({*series, *(number for (number,) in rows)})


def _describe(connection: sqlite3.Connection, series: int) -> None:
    """Write the sentences about one series, and recognise localisers by how their slices lie."""
    rows = connection.execute(
        "SELECT image_id, digest, slice_position, phase, instance_number, frame FROM images WHERE series_id = ?",
        (series,),
    )
    modality, source = connection.execute(
        "SELECT min(modality), min(source_series) FROM images WHERE series_id = ?", (series,)
    ).fetchone()
    notes = [*volumes.findings((volumes.Slice(*values) for values in rows), modality or "")]
    planes, groups = _siblings(connection, source or "")
    if sentence := volumes.parted(planes, groups):
        notes.append(sentence)
    if planes and volumes.is_localiser(planes, modality):
        connection.execute("UPDATE images SET kind = 'localiser' WHERE source_series = ? AND kind = ''", (source,))
    if connection.execute(
        """SELECT 1 FROM images own JOIN images other ON other.sop = own.sop AND other.frame = own.frame
           WHERE own.series_id = ? AND own.sop <> '' AND other.sop <> '' AND other.pixel_digest <> own.pixel_digest
           LIMIT 1""",
        (series,),
    ).fetchone():
        notes.append(SAME_IDENTITY)
    connection.execute("UPDATE series SET notes = ? WHERE series_id = ?", (json.dumps(notes), series))


def _siblings(connection: sqlite3.Connection, source: str) -> tuple[dict[str, int], int]:
    """Images by plane, and the number of series here, of one series of the files."""
    if not source:
        return {}, 0
    planes: Counter[str] = Counter()
    groups: defaultdict[str, set[int]] = defaultdict(set)
    rows = connection.execute(
        """SELECT series_id, json_extract(columns, '$.plane') AS plane, count(*) FROM images
           WHERE source_series = ? GROUP BY series_id, plane""",
        (source,),
    )
    for number, plane, count in rows:
        planes[plane or ""] += count
        groups[plane or ""].add(number)
    return dict(planes), max(len(numbers) for numbers in groups.values())


def _marks(values: Sequence[object]) -> str:
    return ", ".join("?" * len(values))
