"""The import list: what became of every file, adoption of imports chunk by chunk, what is known of files already.

A dry run is kept beside it, in a table of its own, until the next import or dry run.
"""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import PurePath
from typing import Any

from sslstudio.catalogue.adoption import FILE_CHANGED, Adoption
from sslstudio.catalogue.arranging import arrange
from sslstudio.catalogue.database import Database
from sslstudio.catalogue.rows import ImportCounts, LedgerEntry, LedgerQuery, TrialSummary
from sslstudio.domain.ledger import LedgerRow
from sslstudio.importers.chosen import ChosenSource
from sslstudio.importers.known import KnownFile
from sslstudio.importers.path_text import below, common_folder
from sslstudio.importers.subjects import FileFacts

FILES_PER_TRANSACTION = 500

_FETCH = 5000
_SORTS = {
    "": "{id}",
    "name": "name",
    "code": "code",
    "size": "size",
    "images": "images",
    "folder": "path",
    "modality": "modality",
}
_ENTRIES = {
    False: """SELECT location_id, path, status, code, reason, hint, images, 0, size, modality,
        (SELECT min(image_id) FROM image_locations i WHERE i.location_id = ledger.location_id)
        FROM ledger JOIN locations USING (location_id)""",
    True: "SELECT trial_id, path, status, code, reason, hint, images, 1, size, modality, NULL FROM trial",
}


class ImportListTables:
    """The part of the catalogue that knows files. Long reads have a connection of their own."""

    _db: Database
    _codes: tuple[dict[str, int], dict[str, int]] | None = None

    # -- adoption --------------------------------------------------------------------------------------------

    def adopt_import(
        self, run_id: str, rows: Iterable[LedgerRow], *, dry_run: bool = False, lost: Collection[str] = ()
    ) -> ImportCounts:
        """Take over what an import found; at most 500 files a transaction.

        An image is known by (file digest, frame): the same file found twice is one image with two locations, and
        adopting the same rows again changes nothing. A known image whose pixels stood in one of the `lost` shards
        gets its pixels from the new rows. A dry run enters the trial list alone.
        """
        total = ImportCounts(0, 0, 0, 0)
        stream = iter(rows)
        self.begin_adoption()
        while batch := list(islice(stream, FILES_PER_TRANSACTION)):
            some = self.adopt_rows(run_id, batch, dry_run=dry_run, lost=lost)
            total = ImportCounts(
                total.imported + some.imported,
                total.skipped + some.skipped,
                total.images + some.images,
                total.duplicates + some.duplicates,
            )
        self.settle_adoption()
        return total

    def begin_adoption(self) -> None:
        """Forget the dry run before: another import is taken over from its start."""
        with self._db.transaction() as connection:
            connection.execute("DELETE FROM trial")
        self._codes = None

    def adopt_rows(
        self,
        run_id: str,
        rows: Sequence[LedgerRow],
        *,
        dry_run: bool = False,
        lost: Collection[str] = (),
        up_to: int | None = None,
        relinked: bool = False,
    ) -> ImportCounts:
        """Take over some rows in one transaction; `up_to` is how many bytes of the ledger are then taken over.

        `relinked` says that the rows are those of files found again where their folder is now.
        """
        added = duplicates = 0
        with self._db.transaction() as connection:
            adoption = Adoption(connection, run_id, lost, relinked=relinked)
            for row in rows:
                if dry_run:
                    adoption.try_out(row)
                    continue
                new = adoption.add(row)
                added += new
                duplicates += len(row.images) - new
            if up_to is not None:
                connection.execute("INSERT OR REPLACE INTO settings VALUES (?, ?)", (f"adopted:{run_id}", str(up_to)))
        self._codes = None
        taken = sum(row.status == "imported" for row in rows)
        return ImportCounts(taken, len(rows) - taken, added, duplicates)

    def adopted_up_to(self, run_id: str) -> int:
        """How many bytes of a run's ledger have been taken over; 0 before the first and after `end_adoption`."""
        return int(self._db.value("SELECT value FROM settings WHERE key = ?", (f"adopted:{run_id}",)) or 0)

    def settle_adoption(self) -> None:
        """Give new images their places in their series, and move what was taken over into the database file."""
        arrange(self._db)
        self._db.checkpoint()

    def end_adoption(self, run_id: str) -> None:
        """The whole ledger has been taken over."""
        with self._db.transaction() as connection:
            connection.execute("DELETE FROM settings WHERE key = ?", (f"adopted:{run_id}",))
        self._db.checkpoint()

    # -- the list --------------------------------------------------------------------------------------------

    def ledger(
        self, *, status: str = "", code: str = "", limit: int | None = None, offset: int = 0, trial: bool = False
    ) -> list[LedgerEntry]:
        """What became of each file, in the order in which files were first seen; filtered by status and code."""
        ids = self.ledger_numbers(LedgerQuery(status=status, code=code, trial=trial))
        wanted = ids[offset : None if limit is None else offset + limit]
        return [
            entry
            for start in range(0, len(wanted), FILES_PER_TRANSACTION)
            for entry in self.ledger_entries(wanted[start : start + FILES_PER_TRANSACTION], trial=trial)
        ]

    def ledger_numbers(self, query: LedgerQuery) -> array[int]:
        """The numbers of the rows that `query` wants, in its order; eight bytes a file."""
        numbers = array("q")
        with self._db.reading() as connection:
            cursor = connection.execute(*_select(query))
            while some := cursor.fetchmany(_FETCH):
                numbers.extend(number for (number,) in some)
        return numbers

    def ledger_entries(self, numbers: Sequence[int], *, trial: bool = False) -> list[LedgerEntry]:
        """The rows with these numbers, in this order; a row that is gone is left out. At most some hundred at once."""
        key = "trial_id" if trial else "location_id"
        rows = self._db.rows(f"{_ENTRIES[trial]} WHERE {key} IN ({', '.join('?' * len(numbers))})", tuple(numbers))
        found = {row[0]: ledger_entry(*row) for row in rows}
        return [found[number] for number in numbers if number in found]

    def ledger_counts(self, *, trial: bool = False) -> dict[str, int]:
        """How many files have each code; counted once and kept until something changes."""
        codes = self._codes  # another thread may forget them meanwhile
        if codes is None:
            with self._db.reading() as connection:
                ledger, dry = (
                    dict(connection.execute(f"SELECT code, count(*) FROM {table} GROUP BY code ORDER BY code"))
                    for table in ("ledger", "trial")
                )
            codes = self._codes = (ledger, dry)
        return dict(codes[trial])

    def ledger_rows(self, query: LedgerQuery) -> Iterator[LedgerEntry]:
        """All rows that `query` wants, for a table to write."""
        numbers = self.ledger_numbers(query)
        for start in range(0, len(numbers), FILES_PER_TRANSACTION):
            yield from self.ledger_entries(numbers[start : start + FILES_PER_TRANSACTION], trial=query.trial)

    def trial_summary(self) -> TrialSummary:
        """What the latest dry run found."""
        with self._db.reading() as connection:
            files, imported, images = connection.execute(
                """SELECT count(*), coalesce(sum(code = 'ready'), 0), coalesce(sum(images * (code = 'ready')), 0)
                   FROM trial"""
            ).fetchone()
            studies = connection.execute(
                "SELECT count(DISTINCT study) FROM trial WHERE code = 'ready' AND study <> ''"
            ).fetchone()[0]
            modalities = connection.execute(
                "SELECT modality, sum(images) FROM trial WHERE code = 'ready' GROUP BY modality ORDER BY 2 DESC"
            ).fetchall()
        return TrialSummary(files, imported, images, studies, dict(modalities))

    # -- what is known of files ------------------------------------------------------------------------------

    def chosen_sources(self) -> list[ChosenSource]:
        """What files were imported from, as the user chose it; local paths."""
        rows = self._db.rows(
            "SELECT path, kind, image_column, subject_column FROM sources WHERE kind <> '' ORDER BY source_id"
        )
        return [ChosenSource(*row) for row in rows]

    def remember_sources(self, sources: Iterable[ChosenSource]) -> None:
        """Keep what the user chose. A table that stands in the import list itself named no files: it is one of them."""
        with self._db.transaction() as connection:
            for one in sources:
                connection.execute(
                    """INSERT INTO sources (path, kind, image_column, subject_column)
                       VALUES (?1, iif(?2 = 'table' AND EXISTS (SELECT 1 FROM locations WHERE path = ?1), 'file', ?2),
                           ?3, ?4)
                       ON CONFLICT (path) DO UPDATE SET kind = excluded.kind, image_column = excluded.image_column,
                           subject_column = excluded.subject_column""",
                    (one.text, one.kind, one.image_column, one.subject_column),
                )

    def known_files(self, lost: Collection[str] = ()) -> Iterator[KnownFile]:
        """All files of the import list; those whose pixels stood in a `lost` shard, or whose facts are those of an
        older version, are not complete."""
        marks = ", ".join("?" * len(lost))
        with self._db.reading() as connection:
            cursor = connection.execute(
                f"""SELECT l.path, l.size, l.modified_ns, l.digest, g.status, g.code, s.path, NOT EXISTS (
                        SELECT 1 FROM image_locations i JOIN images USING (image_id)
                        WHERE i.location_id = l.location_id AND (
                            shard IN ({marks}) OR (images.modality <> '' AND sop = '' AND columns = '{{}}')))
                    FROM ledger g JOIN locations l USING (location_id) LEFT JOIN sources s USING (source_id)""",
                tuple(lost),
            )
            for path, size, modified, digest, status, code, source, complete in cursor:
                relative = below(path, source) if source else None
                yield KnownFile(path, size, modified, digest, status, code, relative or "", bool(complete))

    def originals(self, most: int) -> tuple[list[tuple[str, str, str, int]], int]:
        """At most `most` files that gave images, as (path, chosen folder or "", SHA-256, size), and how many there are.

        The first file of every patient comes first, then the second of each; local paths, never to be exported.
        """
        count = self._db.rows("SELECT count(DISTINCT location_id) FROM image_locations")[0][0]
        rows = self._db.long_rows(
            """SELECT path, source, digest, size FROM (
                   SELECT l.path, coalesce(s.path, '') AS source, l.digest, l.size, location_id,
                          row_number() OVER (PARTITION BY t.subject_id ORDER BY i.series_id, location_id) AS turn
                   FROM image_locations p JOIN locations l USING (location_id) JOIN images i USING (image_id)
                   JOIN series r USING (series_id) JOIN studies t USING (study_id) LEFT JOIN sources s USING (source_id)
                   GROUP BY location_id)
               ORDER BY turn, location_id LIMIT ?""",
            (most,),
        )
        return [(path, source, digest, size) for path, source, digest, size in rows], int(count)

    def file_facts(self, *, trial: bool = False) -> Iterator[FileFacts]:
        """What telling patients apart needs, of each file that gave images or, with `trial`, would give some."""
        with self._db.reading() as connection:
            root = common_folder(connection.execute(_LONE).fetchone())
            sql = (
                "SELECT path, source, patient, study, images, path, modality FROM trial WHERE code = 'ready'"
                if trial
                else """SELECT l.path, coalesce(s.path, ''), patient, study, images, l.digest, modality
                        FROM ledger g JOIN locations l USING (location_id) LEFT JOIN sources s USING (source_id)
                        WHERE g.status = 'imported' ORDER BY location_id"""
            )
            for path, source, patient, study, images, key, modality in connection.execute(sql):
                relative = below(path, source or root) or path
                yield FileFacts(relative, patient, study, images, key, bool(modality))

    def keep_changed(self, numbers: Iterable[int]) -> None:
        """Changed files of the list: the images stay as they were imported, and count again."""
        with self._db.transaction() as connection:
            for number in numbers:
                connection.execute(
                    """UPDATE ledger SET status = 'imported', code = 'imported', reason = '', hint = ''
                       WHERE location_id = ? AND code = 'changed'""",
                    (number,),
                )
                connection.execute(
                    """UPDATE images SET excluded = NULL WHERE excluded = ? AND image_id IN
                       (SELECT image_id FROM image_locations WHERE location_id = ?)""",
                    (FILE_CHANGED, number),
                )
        self._codes = None

    def chosen_files(self, numbers: Sequence[int], *, trial: bool = False) -> list[tuple[str, str]]:
        """(source, path) of rows of the list, to read just these files again."""
        found: list[tuple[str, str]] = []
        for start in range(0, len(numbers), FILES_PER_TRANSACTION):
            some = tuple(numbers[start : start + FILES_PER_TRANSACTION])
            marks = ", ".join("?" * len(some))
            sql = (
                f"SELECT source, path FROM trial WHERE trial_id IN ({marks})"
                if trial
                else f"""SELECT coalesce(s.path, ''), l.path FROM locations l LEFT JOIN sources s USING (source_id)
                         WHERE location_id IN ({marks}) ORDER BY location_id"""
            )
            found += [(source, path) for source, path in self._db.rows(sql, some)]
        return found


_LONE = "SELECT min(path), max(path) FROM locations WHERE source_id IS NULL"


def _select(query: LedgerQuery) -> tuple[str, list[Any]]:
    number = "trial_id" if query.trial else "location_id"
    conditions, parameters = ["1"], []
    if query.status:
        conditions.append("status = ?")
        parameters.append(query.status)
    if query.code:
        conditions.append("code = ?")
        parameters.append(query.code)
    if query.text:
        escaped = query.text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        conditions.append(f"{'path' if '/' in query.text else 'name'} LIKE ? ESCAPE '\\'")
        parameters.append(f"%{escaped}%")
    tables = "trial" if query.trial else "ledger"
    if not query.trial and (query.sort in ("name", "size", "folder") or query.text):
        tables = "locations JOIN ledger USING (location_id)"
    direction = "DESC" if query.descending else "ASC"
    order = ", ".join(
        f"{column} {direction}" for column in dict.fromkeys((_SORTS[query.sort].format(id=number), number))
    )
    return f"SELECT {number} FROM {tables} WHERE {' AND '.join(conditions)} ORDER BY {order}", parameters


def ledger_entry(
    number: int, path: str, status: str, code: str, reason: str, hint: str, images: int, dry: int, size: int,
    modality: str, image_id: int | None,
) -> LedgerEntry:  # fmt: skip
    """One row for the screen from a stored path."""
    pure = PurePath(path)
    return LedgerEntry(
        pure.name, str(pure.parent), status, code, reason, hint, images, bool(dry), number, size, modality, image_id,
        path,
    )  # fmt: skip
