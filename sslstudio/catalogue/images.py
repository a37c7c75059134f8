"""Subjects, studies, series, images, locations and the import ledger: adoption of imports and reading of rows."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable, Sequence
from itertools import islice
from pathlib import PurePath

from sslstudio.catalogue.arranging import SAME_IDENTITY, arrange
from sslstudio.catalogue.database import Database
from sslstudio.catalogue.rows import Counts, ImageDetail, ImportCounts, LabelEvent, LedgerEntry, TreeRow
from sslstudio.domain.items import FIELDS, Item, PixelLocation
from sslstudio.domain.ledger import FoundImage, LedgerRow
from sslstudio.errors import SSLStudioError

FILES_PER_TRANSACTION = 500

_ITEM_COLUMNS = """i.image_id, u.pseudonym AS subject, t.pseudonym AS study, s.pseudonym AS series, i.modality,
    i.scanner, i.shard, i."offset", i.height, i.width, i.channels, i.dtype, i.low, i.high,
    coalesce(c.name, '') AS label, u.part"""
_ITEM_TABLES = """images i JOIN series s USING (series_id) JOIN studies t USING (study_id)
    JOIN subjects u USING (subject_id) LEFT JOIN labels l ON l.image_id = i.image_id
    LEFT JOIN classes c ON c.class_id = l.class_id"""
_DETAIL_COLUMNS = (
    "body_part", "laterality", "view", "bits", "slope", "intercept", "frame", "excluded", "instance_number",
    "slice_position", "sop", "source_series", "kind", "unit", "site", "day", "phase", "row_spacing", "column_spacing",
    "columns",
)  # fmt: skip
_FACT_COLUMNS = (
    "modality", "body_part", "laterality", "view", "scanner", "bits", "slope", "intercept", "low", "high",
    "instance_number", "slice_position", "sop", "source_series", "kind", "unit", "site", "day", "phase", "row_spacing",
    "column_spacing",
)  # fmt: skip
"""What `FoundImage` and the table `images` call by the same name; `columns` is JSON in the table."""
_LATER_COLUMNS = (*_FACT_COLUMNS[_FACT_COLUMNS.index("sop") :], "columns")
"""Facts that projects of the first schema do not have: a second import of the same file brings them."""


class ImageTables:
    """The part of the catalogue that knows images. Everything is read and written in short transactions."""

    _db: Database

    def counts(self) -> Counts:
        """How many images, subjects, studies and series there are, and how many images are labelled or excluded."""
        row = self._db.row(
            """SELECT (SELECT count(*) FROM images), (SELECT count(*) FROM subjects),
                      (SELECT count(*) FROM labels WHERE class_id IS NOT NULL),
                      (SELECT count(*) FROM images WHERE excluded IS NOT NULL),
                      (SELECT count(*) FROM series), (SELECT count(*) FROM studies)"""
        )
        assert row is not None
        return Counts(*row)

    def items(self, *, include_excluded: bool = False) -> list[Item]:
        """All images in the order of their ids, with the current class name ("" if none) and the part."""
        where = "" if include_excluded else "WHERE i.excluded IS NULL"
        rows = self._db.rows(f"SELECT {_ITEM_COLUMNS} FROM {_ITEM_TABLES} {where} ORDER BY i.image_id")
        return [Item.model_validate(dict(zip(FIELDS, row, strict=True))) for row in rows]

    def image_ids(self) -> list[int]:
        """The ids of all images, excluded ones too, ascending."""
        return [row[0] for row in self._db.rows("SELECT image_id FROM images ORDER BY image_id")]

    def has_image(self, image_id: int) -> bool:
        """True when the project holds this image."""
        return self._db.row("SELECT 1 FROM images WHERE image_id = ?", (image_id,)) is not None

    def image(self, image_id: int) -> ImageDetail:
        """All that is known of one image; raises SSLStudioError (code "unknown_image")."""
        with self._db.lock:
            columns = ", ".join(f"i.{name}" for name in _DETAIL_COLUMNS)
            row = self._db.row(
                f"SELECT {_ITEM_COLUMNS}, {columns} FROM {_ITEM_TABLES} WHERE i.image_id = ?", (image_id,)
            )
            if row is None:
                raise SSLStudioError("This image is not in the project.", "Import it again.", code="unknown_image")
            paths = self._db.rows(
                """SELECT path FROM locations JOIN image_locations USING (location_id)
                   WHERE image_id = ? ORDER BY location_id""",
                (image_id,),
            )
            notes = self._notes(image_id)
            changes = self._db.rows(
                """SELECT at, author, how, origin, mark, class_name FROM label_changes
                   WHERE image_id = ? ORDER BY seq""",
                (image_id,),
            )
        path = PurePath(paths[0][0]) if paths else PurePath()
        known = dict(zip((*FIELDS, *_DETAIL_COLUMNS), row, strict=True))
        return ImageDetail.model_validate(
            known
            | {
                "columns": json.loads(known["columns"]),
                "notes": notes,
                "file_name": path.name,
                "folder": str(path.parent) if paths else "",
                "n_locations": len(paths),
                "history": tuple(LabelEvent(*change) for change in changes),
            }
        )

    def _notes(self, image_id: int) -> tuple[str, ...]:
        """What there is to say about the image and its series, in sentences."""
        notes = self._db.value("SELECT notes FROM series JOIN images USING (series_id) WHERE image_id = ?", (image_id,))
        twin = self._db.value(
            """SELECT 1 FROM images own JOIN images other ON other.sop = own.sop AND other.frame = own.frame
               WHERE own.image_id = ? AND own.sop <> '' AND other.sop <> '' AND other.pixel_digest <> own.pixel_digest
               LIMIT 1""",
            (image_id,),
        )
        sentences = [note for note in json.loads(notes) if note != SAME_IDENTITY]
        return (*sentences, SAME_IDENTITY) if twin else tuple(sentences)

    def tree(self) -> list[TreeRow]:
        """One row a series, ordered by subject, study and series as they first appeared."""
        rows = self._db.rows(
            """SELECT u.pseudonym, t.pseudonym, s.pseudonym, min(i.modality), count(*), min(i.image_id), s.notes
               FROM images i JOIN series s USING (series_id) JOIN studies t USING (study_id)
               JOIN subjects u USING (subject_id) GROUP BY series_id ORDER BY subject_id, study_id, series_id"""
        )
        return [TreeRow(*row) for row in ((*row[:6], tuple(json.loads(row[6]))) for row in rows)]

    def paths(self) -> list[tuple[str, int]]:
        """Every known path with the id of an image in it, for matching tables; local paths, never to be exported."""
        rows = self._db.rows(
            "SELECT path, image_id FROM locations JOIN image_locations USING (location_id) ORDER BY path, image_id"
        )
        return [(path, image_id) for path, image_id in rows]

    def set_excluded(self, image_ids: Iterable[int], reason: str | None) -> None:
        """Leave images out of training, with a reason; None takes them in again."""
        if reason is not None and not reason.strip():
            raise SSLStudioError("An exclusion needs a reason.", "Say why in a few words.", code="no_reason")
        with self._db.transaction() as connection:
            connection.executemany(
                "UPDATE images SET excluded = ? WHERE image_id = ?", [(reason, image_id) for image_id in image_ids]
            )

    def shards(self) -> list[str]:
        """Names of the pixel cache's files that images refer to."""
        return [shard for (shard,) in self._db.rows("SELECT DISTINCT shard FROM images ORDER BY shard")]

    def adopt_import(
        self, run_id: str, rows: Iterable[LedgerRow], *, dry_run: bool = False, lost: Collection[str] = ()
    ) -> ImportCounts:
        """Take over what an import found; at most 500 files a transaction.

        An image is known by (file digest, frame): the same file found twice is one image with two locations, and
        adopting the same rows again changes nothing. A known image whose pixels stood in one of the `lost` shards
        gets its pixels from the new rows. A dry run enters the ledger alone, until the next import.
        """
        imported = skipped = added = duplicates = 0
        with self._db.transaction() as connection:
            connection.execute("DELETE FROM ledger WHERE dry")
        stream = iter(rows)
        while batch := list(islice(stream, FILES_PER_TRANSACTION)):
            with self._db.transaction() as connection:
                adoption = _Adoption(connection, run_id, dry_run, lost)
                for row in batch:
                    new = adoption.add(row)
                    added += new
                    duplicates += 0 if dry_run else len(row.images) - new
            imported += sum(row.status == "imported" for row in batch)
            skipped += sum(row.status == "skipped" for row in batch)
        arrange(self._db)
        self._db.checkpoint()
        return ImportCounts(imported, skipped, added, duplicates)

    def ledger(
        self, *, status: str | None = None, code: str | None = None, limit: int | None = None, offset: int = 0
    ) -> list[LedgerEntry]:
        """What became of each file, in the order in which files were first seen; filtered by status and code."""
        rows = self._db.rows(
            """SELECT path, status, code, reason, hint, images, dry FROM ledger JOIN locations USING (location_id)
               WHERE (?1 IS NULL OR status = ?1) AND (?2 IS NULL OR code = ?2)
               ORDER BY location_id LIMIT ?3 OFFSET ?4""",
            (status, code, -1 if limit is None else limit, offset),
        )
        return [ledger_entry(*row) for row in rows]

    def ledger_counts(self) -> dict[str, int]:
        """How many files have each code."""
        return dict(self._db.rows("SELECT code, count(*) FROM ledger GROUP BY code ORDER BY code"))


def ledger_entry(path: str, status: str, code: str, reason: str, hint: str, images: int, dry: int) -> LedgerEntry:
    """One row for the screen from a stored path."""
    pure = PurePath(path)
    return LedgerEntry(pure.name, str(pure.parent), status, code, reason, hint, images, bool(dry))


class _Adoption:
    """One transaction's worth of rows, with the group ids it has looked up already."""

    def __init__(self, connection: sqlite3.Connection, run_id: str, dry_run: bool, lost: Collection[str]) -> None:
        self._connection = connection
        self._run_id = run_id
        self._dry_run = dry_run
        self._lost = lost
        self._series: dict[tuple[str, str, str], int] = {}

    def add(self, row: LedgerRow) -> int:
        """Store one file; returns how many of its images are new."""
        location = self._id(
            """INSERT INTO locations (path, size, modified_ns) VALUES (?, ?, ?)
               ON CONFLICT (path) DO UPDATE SET size = excluded.size, modified_ns = excluded.modified_ns
               RETURNING location_id""",
            (row.path, row.size, row.modified_ns),
        )
        self._connection.execute(
            f"""INSERT OR {"IGNORE" if self._dry_run else "REPLACE"} INTO ledger VALUES (?, ?, ?, ?, ?, ?, ?, ?)""",
            (location, self._run_id, row.status, row.code, row.reason, row.hint, len(row.images), self._dry_run),
        )
        if self._dry_run:
            return 0
        self._connection.execute("DELETE FROM image_locations WHERE location_id = ?", (location,))
        return sum(self._add_image(image, location) for image in row.images)

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

    def _place_pixels(self, image_id: int, image: FoundImage) -> None:
        pixels = _pixels_of(image)
        self._connection.execute(
            """UPDATE images SET shard = ?, "offset" = ?, height = ?, width = ?, channels = ?, dtype = ?,
               slope = ?, intercept = ?, low = ?, high = ? WHERE image_id = ?""",
            (
                pixels.shard, pixels.offset, pixels.height, pixels.width, pixels.channels, pixels.dtype,
                image.slope, image.intercept, image.low, image.high, image_id,
            ),
        )  # fmt: skip

    def _insert(self, image: FoundImage) -> int:
        pixels = _pixels_of(image)
        names = (
            "digest", "frame", "pixel_digest", "series_id", *_FACT_COLUMNS, "columns", "shard", '"offset"', "height",
            "width", "channels", "dtype", "run_id",
        )  # fmt: skip
        values = (
            image.digest, image.frame, image.pixel_digest, self._series_id(image), *_facts(image), pixels.shard,
            pixels.offset, pixels.height, pixels.width, pixels.channels, pixels.dtype, self._run_id,
        )  # fmt: skip
        return self._id(
            f"INSERT INTO images ({', '.join(names)}) VALUES ({', '.join('?' * len(values))}) RETURNING image_id",
            values,
        )

    def _series_id(self, image: FoundImage) -> int:
        key = (image.subject, image.study, image.series)
        if key not in self._series:
            subject = self._id(
                """INSERT INTO subjects (pseudonym) VALUES (?) ON CONFLICT (pseudonym)
                   DO UPDATE SET pseudonym = pseudonym RETURNING subject_id""",
                (image.subject,),
            )
            study = self._id(
                """INSERT INTO studies (subject_id, pseudonym) VALUES (?, ?) ON CONFLICT (subject_id, pseudonym)
                   DO UPDATE SET pseudonym = pseudonym RETURNING study_id""",
                (subject, image.study),
            )
            self._series[key] = self._id(
                """INSERT INTO series (study_id, pseudonym) VALUES (?, ?) ON CONFLICT (study_id, pseudonym)
                   DO UPDATE SET pseudonym = pseudonym RETURNING series_id""",
                (study, image.series),
            )
        return self._series[key]

    def _id(self, sql: str, parameters: Sequence[object]) -> int:
        cursor = self._connection.execute(sql, parameters)
        (found,) = cursor.fetchone()
        cursor.close()
        return int(found)


def _facts(image: FoundImage) -> list[object]:
    """The values of `_FACT_COLUMNS`, then `columns` as JSON."""
    return [getattr(image, name) for name in _FACT_COLUMNS] + [json.dumps(image.columns, sort_keys=True)]


def _pixels_of(image: FoundImage) -> PixelLocation:
    if image.pixels is None:
        raise ValueError("Only a dry run may leave out where the pixels lie.")
    return image.pixels
