"""What one row of an import's ledger does to the tables; apart because each outcome of a file has its own way.

Adopting the same row again changes nothing.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Collection, Sequence

from sslstudio.catalogue.groups import SeriesNumbers
from sslstudio.domain.items import PixelLocation
from sslstudio.domain.ledger import FoundImage, LedgerRow
from sslstudio.importers.path_text import name_of

_FACT_COLUMNS = (
    "modality", "body_part", "laterality", "view", "scanner", "bits", "slope", "intercept", "low", "high", "file_low",
    "file_high", "auto_low", "auto_high", "least", "greatest", "finished", "instance_number", "slice_position", "sop",
    "source_series", "kind", "unit", "site", "day", "phase", "row_spacing", "column_spacing",
)  # fmt: skip
"""What `FoundImage` and the table `images` call by the same name; `columns` is JSON in the table."""
_LATER_COLUMNS = (*_FACT_COLUMNS[_FACT_COLUMNS.index("sop") :], "columns")
"""Facts that projects of the first schema do not have: a second import of the same file brings them."""
_WINDOW_COLUMNS = ("low", "high", "file_low", "file_high", "auto_low", "auto_high", "least", "greatest", "finished")
"""What windows are made from; projects of older schemas do not have it all."""

FILE_CHANGED = "Its file has changed"
FILE_REPLACED = "Replaced: its file has changed"
"""Why images are excluded whose file is not what it was: until the user has decided, and for good."""


class Adoption:
    """One transaction's worth of rows, with the group ids it has looked up already."""

    def __init__(
        self, connection: sqlite3.Connection, run_id: str, lost: Collection[str] = (), *, relinked: bool = False
    ) -> None:
        self._connection = connection
        self._run_id = run_id
        self._lost = lost
        self._relinked = relinked
        self._series = SeriesNumbers(connection)
        self._sources: dict[str, int | None] = {"": None}
        self._ways: dict[str, Callable[[LedgerRow], int]] = {
            "unchanged": self._touch,
            "changed": self._flag,
            "gone": self._miss,
            "dropped": self._drop,
            "moved": self._move,
        }

    def add(self, row: LedgerRow) -> int:
        """Store one file; returns how many of its images are new."""
        return self._ways.get(row.code, self._enter)(row)

    def try_out(self, row: LedgerRow) -> None:
        """Store what a dry run says of one file, beside the project's own list."""
        self._connection.execute(
            """INSERT INTO trial (path, source, size, modified_ns, status, code, reason, hint, images, name, modality,
                   patient, study, series) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
            (
                row.path, row.source, row.size, row.modified_ns, row.status, row.code, row.reason, row.hint,
                row.frames or len(row.images), name_of(row.path), row.modality, row.patient, row.study, row.series,
            ),
        )  # fmt: skip

    # -- the ways of a row -----------------------------------------------------------------------------------

    def _enter(self, row: LedgerRow) -> int:
        """A file that was read: it is as the row says."""
        digest = row.digest or (row.images[0].digest if row.images else "")
        location = self._id(
            """INSERT INTO locations (path, name, size, modified_ns, source_id, digest) VALUES (?, ?, ?, ?, ?, ?)
               ON CONFLICT (path) DO UPDATE SET size = excluded.size, modified_ns = excluded.modified_ns,
                   source_id = coalesce(excluded.source_id, source_id), digest = excluded.digest
               RETURNING location_id""",
            (row.path, name_of(row.path), row.size, row.modified_ns, self._source_id(row.source), digest),
        )
        first = row.images[0] if row.images else None
        modality = row.modality or (first.modality if first else "")
        self._connection.execute(
            """INSERT OR REPLACE INTO ledger (location_id, run_id, status, code, reason, hint, images, dry, modality,
                   patient, study, series) VALUES (?, ?, ?, ?, ?, ?, ?, 0, ?, ?, ?, ?)""",
            (
                location, self._run_id, row.status, row.code, row.reason, row.hint, row.frames or len(row.images),
                modality, row.patient, row.study, row.series,
            ),
        )  # fmt: skip
        if digest:
            self._connection.execute(
                """UPDATE images SET excluded = ? WHERE excluded = ? AND digest <> ? AND image_id IN
                   (SELECT image_id FROM image_locations WHERE location_id = ?)""",
                (FILE_REPLACED, FILE_CHANGED, digest, location),
            )
        self._connection.execute("DELETE FROM image_locations WHERE location_id = ?", (location,))
        if digest and not row.images:
            self._link(location, digest)
        return sum(self._add_image(image, location) for image in row.images)

    def _touch(self, row: LedgerRow) -> int:
        """The content is what it was, whatever the time of change says."""
        location = self._location(row.path)
        self._connection.execute(
            "UPDATE locations SET size = ?, modified_ns = ? WHERE location_id = ?",
            (row.size, row.modified_ns, location),
        )
        self._connection.execute(
            """UPDATE ledger SET status = 'imported', code = 'imported', reason = '', hint = ''
               WHERE location_id = ? AND code IN ('changed', 'gone')""",
            (location,),
        )
        self._take_in_again(location)
        return 0

    def _flag(self, row: LedgerRow) -> int:
        """The content is another: its images are left out until the user decides. Only the old digest is kept."""
        location = self._location(row.path)
        self._connection.execute(
            "UPDATE locations SET size = ?, modified_ns = ? WHERE location_id = ?",
            (row.size, row.modified_ns, location),
        )
        self._say(location, row, "code <> 'duplicate'")
        self._connection.execute(
            """UPDATE images SET excluded = ? WHERE excluded IS NULL AND image_id IN
               (SELECT image_id FROM image_locations WHERE location_id = ?)""",
            (FILE_CHANGED, location),
        )
        return 0

    def _miss(self, row: LedgerRow) -> int:
        """The file is not there; its images stay."""
        self._say(self._location(row.path), row, "(status = 'imported' OR code = 'changed')")
        return 0

    def _drop(self, row: LedgerRow) -> int:
        """A file that gave no image is not there any more."""
        location = self._location(row.path)
        if self._connection.execute(
            "SELECT 1 FROM ledger WHERE location_id = ? AND status = 'skipped' AND code <> 'changed'", (location,)
        ).fetchone():
            self._forget(location)
        return 0

    def _move(self, row: LedgerRow) -> int:
        """The file is a known one that stood elsewhere: image, labels and exclusion stay what they are."""
        location, target = self._location(row.moved_from), self._location(row.path)
        if location is None:
            return 0 if target is not None else self._enter(row.model_copy(update={"code": "imported"}))
        if target is not None and target != location:
            self._forget(target)
        source = self._source_id(row.source)
        _follow(self._connection, location, source, row, relinked=self._relinked)
        self._connection.execute(
            "UPDATE locations SET path = ?, name = ?, size = ?, modified_ns = ?, source_id = ? WHERE location_id = ?",
            (row.path, name_of(row.path), row.size, row.modified_ns, source, location),
        )
        self._say(location, row)
        self._take_in_again(location)
        return 0

    # -- inside ----------------------------------------------------------------------------------------------

    def _say(self, location: int | None, row: LedgerRow, where: str = "1") -> None:
        self._connection.execute(
            f"""UPDATE ledger SET status = ?, code = ?, reason = ?, hint = ?, run_id = ?
                WHERE location_id = ? AND {where}""",
            (row.status, row.code, row.reason, row.hint, self._run_id, location),
        )

    def _take_in_again(self, location: int | None) -> None:
        self._connection.execute(
            """UPDATE images SET excluded = NULL WHERE excluded = ? AND image_id IN
               (SELECT image_id FROM image_locations WHERE location_id = ?)""",
            (FILE_CHANGED, location),
        )

    def _forget(self, location: int | None) -> None:
        for table in ("image_locations", "ledger", "locations"):
            self._connection.execute(f"DELETE FROM {table} WHERE location_id = ?", (location,))

    def _link(self, location: int, digest: str) -> None:
        """A copy of a known file shows the same images."""
        self._connection.execute(
            """INSERT OR IGNORE INTO image_locations SELECT DISTINCT image_id, ? FROM image_locations
               JOIN locations USING (location_id) WHERE digest = ?""",
            (location, digest),
        )

    def _location(self, path: str) -> int | None:
        row = self._connection.execute("SELECT location_id FROM locations WHERE path = ?", (path,)).fetchone()
        return None if row is None else int(row[0])

    def _source_id(self, source: str) -> int | None:
        if source not in self._sources:
            self._sources[source] = self._id(
                """INSERT INTO sources (path, kind) VALUES (?, '') ON CONFLICT (path)
                   DO UPDATE SET path = path RETURNING source_id""",
                (source,),
            )
        return self._sources[source]

    def _add_image(self, image: FoundImage, location: int) -> bool:
        known = self._connection.execute(
            """SELECT image_id, shard FROM images WHERE digest = ?1 AND frame = ?2
               UNION ALL SELECT image_id, shard FROM images
               WHERE ?3 <> '' AND sop = ?3 AND sop <> '' AND frame = ?2 AND pixel_digest = ?4 LIMIT 1""",
            (image.digest, image.frame, image.sop, image.pixel_digest),
        ).fetchone()
        image_id = known[0] if known else self._insert(image)
        if known and known[1] in self._lost:
            self._place_pixels(image_id, image)
        if known:
            self._add_later_facts(image_id, image)
        self._connection.execute("INSERT OR IGNORE INTO image_locations VALUES (?, ?)", (image_id, location))
        return known is None

    def _add_later_facts(self, image_id: int, image: FoundImage) -> None:
        assignments = ", ".join(f"{name} = ?" for name in _LATER_COLUMNS)
        self._connection.execute(
            f"UPDATE images SET {assignments} WHERE image_id = ? AND sop = '' AND columns = '{{}}'",
            (*_facts(image)[-len(_LATER_COLUMNS) :], image_id),
        )
        assignments = ", ".join(f"{name} = ?" for name in _WINDOW_COLUMNS)
        self._connection.execute(
            f"UPDATE images SET {assignments} WHERE image_id = ? AND auto_low IS NULL",
            (*(getattr(image, name) for name in _WINDOW_COLUMNS), image_id),
        )

    def _place_pixels(self, image_id: int, image: FoundImage) -> None:
        pixels = _pixels_of(image)
        self._connection.execute(
            """UPDATE images SET shard = ?, "offset" = ?, height = ?, width = ?, channels = ?, dtype = ?,
               slope = ?, intercept = ?, auto_low = NULL WHERE image_id = ?""",
            (
                pixels.shard, pixels.offset, pixels.height, pixels.width, pixels.channels, pixels.dtype,
                image.slope, image.intercept, image_id,
            ),
        )  # fmt: skip

    def _insert(self, image: FoundImage) -> int:
        pixels = _pixels_of(image)
        names = (
            "digest", "frame", "pixel_digest", "series_id", *_FACT_COLUMNS, "columns", "shard", '"offset"', "height",
            "width", "channels", "dtype", "run_id",
        )  # fmt: skip
        series = self._series.of((image.subject, image.study, image.series))
        values = (
            image.digest, image.frame, image.pixel_digest, series, *_facts(image), pixels.shard, pixels.offset,
            pixels.height, pixels.width, pixels.channels, pixels.dtype, self._run_id,
        )  # fmt: skip
        return self._id(
            f"INSERT INTO images ({', '.join(names)}) VALUES ({', '.join('?' * len(values))}) RETURNING image_id",
            values,
        )

    def _id(self, sql: str, parameters: Sequence[object]) -> int:
        cursor = self._connection.execute(sql, parameters)
        (found,) = cursor.fetchone()
        cursor.close()
        return int(found)


def _follow(
    connection: sqlite3.Connection, location: int, source: int | None, row: LedgerRow, *, relinked: bool
) -> None:
    """What was chosen stays chosen where it is now: a single file that moved, and the folder a user has located."""
    connection.execute(
        "UPDATE OR IGNORE sources SET path = ? WHERE path = ? AND kind = 'file'", (row.path, row.moved_from)
    )
    if relinked:
        connection.execute(
            """UPDATE sources SET kind = 'folder' WHERE source_id = ? AND kind = '' AND EXISTS (
                   SELECT 1 FROM locations JOIN sources s USING (source_id)
                   WHERE location_id = ? AND s.kind = 'folder')""",
            (source, location),
        )


def _facts(image: FoundImage) -> list[object]:
    """The values of `_FACT_COLUMNS`, then `columns` as JSON."""
    return [getattr(image, name) for name in _FACT_COLUMNS] + [json.dumps(image.columns, sort_keys=True)]


def _pixels_of(image: FoundImage) -> PixelLocation:
    if image.pixels is None:
        raise ValueError("Only a dry run may leave out where the pixels lie.")
    return image.pixels
