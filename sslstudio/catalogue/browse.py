"""Reading many images at once for the screen: which fit a filter, in what order, and what there is to filter by.

These reads take a while in a project of a million images. They go through the database's second connection, so that
labels are stored and read meanwhile, and can be interrupted.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sslstudio.catalogue import filtering
from sslstudio.catalogue.database import Database, Row
from sslstudio.domain.filters import FURTHER, Filter
from sslstudio.errors import SSLStudioError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

READING_ORDER = "i.series_id, i.place, i.phase, i.slice_position, i.instance_number, i.frame, i.image_id"
"""Within a series: as `domain.volumes` puts them; without a place (projects of older versions) pass by pass, along the
body, then as numbered."""
MOST_VALUES = 1000
_MOST_IDS = 500
_MANY = 5_000
_MATCHES = "matches"


@dataclass(frozen=True, slots=True)
class GroupName:
    """What a row of the tree says of a patient, study or series. `day` is counted from the project's secret origin,
    `notes` says in sentences what is odd about a series."""

    pseudonym: str
    modality: str = ""
    view: str = ""
    sequence: str = ""
    kind: str = ""
    day: int | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Span:
    """Smallest and greatest number in a column, and how many images have one."""

    low: float
    high: float
    images: int


@dataclass(frozen=True, slots=True)
class ImageChunk:
    """Facts of some images, one list a fact, all in the same order."""

    image_ids: list[int]
    series_ids: list[int]
    modality: list[str]
    scanner: list[str]
    shard: list[str]
    offset: list[int]


class BrowseTables:
    """The part of the catalogue that galleries, trees and filters read."""

    _db: Database

    def matches(self, filter: Filter) -> npt.NDArray[np.int64]:
        """(N, 2): image id and series id of the images that fit, series by series, each in reading order."""
        import numpy as np

        found = filtering.condition(filter)
        rows = self._db.long_rows(
            f"SELECT i.image_id, i.series_id FROM {found.text} ORDER BY {READING_ORDER}", found.parameters, _MATCHES
        )
        flat = np.fromiter((number for row in rows for number in row), np.int64, 2 * len(rows))
        return flat.reshape(-1, 2)

    def first_images(self, series: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """What `matches` and `groups` give for the first `series` series of the project: soon, however many it has."""
        import numpy as np

        groups = self._db.long_rows(
            """SELECT series_id, study_id, subject_id FROM series JOIN studies USING (study_id)
               ORDER BY subject_id, study_id, series_id LIMIT ?""",
            (series,),
        )
        rows = self._db.long_rows(
            f"""SELECT i.image_id, i.series_id FROM images i
                WHERE i.series_id IN ({", ".join("?" * len(groups))}) ORDER BY {READING_ORDER}""",
            [group[0] for group in groups],
        )
        return np.asarray(rows, np.int64).reshape(-1, 2), np.asarray(groups, np.int64).reshape(-1, 3)

    def count_matches(self, filter: Filter) -> int:
        """How many images fit."""
        found = filtering.condition(filter)
        return int(self._db.long_rows(f"SELECT count(*) FROM {found.text}", found.parameters)[0][0])

    def groups(self) -> npt.NDArray[np.int64]:
        """(S, 3): series, study and subject id of every series, in the order of patients, studies and series."""
        import numpy as np

        rows = self._db.long_rows(
            """SELECT series_id, study_id, subject_id FROM series JOIN studies USING (study_id)
               ORDER BY subject_id, study_id, series_id"""
        )
        return np.asarray(rows, dtype=np.int64).reshape(-1, 3)

    def image_columns(self, after: int, limit: int) -> ImageChunk:
        """The next images after an id, ascending, column by column; ten times faster than row by row."""
        columns = ("image_id", "series_id", "modality", "scanner", "shard", '"offset"')
        asked = ", ".join(f"json_group_array({name})" for name in columns)
        ((*found,),) = self._db.long_rows(
            f"""SELECT {asked} FROM (SELECT {", ".join(columns)} FROM images
                WHERE image_id > ? ORDER BY image_id LIMIT ?)""",
            (after, limit),
        )
        return ImageChunk(*(json.loads(text) for text in found))

    def subjects(self) -> list[tuple[int, str, str]]:
        """Id, pseudonym and part of every patient."""
        return self._db.long_rows("SELECT subject_id, pseudonym, part FROM subjects ORDER BY subject_id")

    def images_a_subject(self) -> tuple[int, int]:
        """How many images the patient with the fewest has, and the one with the most; (0, 0) without images."""
        ((fewest, most),) = self._db.long_rows(
            """SELECT min(images), max(images) FROM (SELECT sum(n) AS images
               FROM (SELECT series_id, count(*) AS n FROM images GROUP BY series_id)
               JOIN series USING (series_id) JOIN studies USING (study_id) GROUP BY subject_id)"""
        )
        return int(fewest or 0), int(most or 0)

    def count_subjects(self, image_ids: Collection[int]) -> int:
        """How many patients these images come from."""
        if len(image_ids) > _MANY:
            import numpy as np

            rows, groups = self.matches(Filter()), self.groups()
            wanted = np.fromiter(image_ids, np.int64, len(image_ids))
            series = np.unique(rows[np.isin(rows[:, 0], wanted), 1])
            return len(np.unique(groups[np.isin(groups[:, 0], series), 2]))
        found = self._by_ids(
            """SELECT DISTINCT subject_id FROM images JOIN series USING (series_id) JOIN studies USING (study_id)
               WHERE image_id IN""",
            list(image_ids),
        )
        return len(set(found))

    def excluded(self) -> dict[int, str]:
        """The images left out of training, with the reason."""
        return dict(self._db.long_rows("SELECT image_id, excluded FROM images WHERE excluded IS NOT NULL"))

    def subject_names(self, subject_ids: Sequence[int]) -> dict[int, GroupName]:
        """Pseudonyms of patients by their id."""
        rows = self._by_ids("SELECT subject_id, pseudonym FROM subjects WHERE subject_id IN", subject_ids)
        return {key: GroupName(pseudonym) for key, pseudonym in rows}

    def study_names(self, study_ids: Sequence[int]) -> dict[int, GroupName]:
        """Pseudonyms of studies by their id, and the day of their first image."""
        rows = self._by_ids(
            """SELECT t.study_id, t.pseudonym, (SELECT min(i.day) FROM series s JOIN images i USING (series_id)
               WHERE s.study_id = t.study_id) FROM studies t WHERE t.study_id IN""",
            study_ids,
        )
        return {key: GroupName(pseudonym, day=day) for key, pseudonym, day in rows}

    def series_names(self, series_ids: Sequence[int]) -> dict[int, GroupName]:
        """Pseudonyms of series by their id, and what kind of images they hold, as their first one says."""
        rows = self._by_ids(
            """SELECT s.series_id, s.pseudonym, i.modality, coalesce(i.columns ->> '$.plane', i.view),
               coalesce(i.columns ->> '$.sequence', ''), i.kind, s.notes FROM series s JOIN images i ON i.image_id =
               (SELECT image_id FROM images WHERE series_id = s.series_id LIMIT 1) WHERE s.series_id IN""",
            series_ids,
        )
        return {
            row[0]: GroupName(row[1], row[2], row[3], row[4], row[5], None, tuple(json.loads(row[6]))) for row in rows
        }

    def values(self, column: str, filter: Filter) -> list[tuple[str, int]]:
        """The values of a column among the images that fit all other terms, with their counts, most frequent first.

        At most `MOST_VALUES`. Raises KeyError for a column that does not exist.
        """
        value = filtering.expression(column)
        found = filtering.condition(filter.without(column), value.joins)
        return [
            (str(text), int(images))
            for text, images in self._db.long_rows(
                f"SELECT {value.text} AS v, count(*) AS n FROM {found.text} GROUP BY v ORDER BY n DESC, v LIMIT ?",
                (*value.parameters, *found.parameters, MOST_VALUES),
            )
        ]

    def span(self, column: str, filter: Filter) -> Span | None:
        """The range of numbers in a column among the images that fit all other terms; None when there is none."""
        value = filtering.number(column)
        found = filtering.condition(filter.without(column), value.joins)
        ((low, high, images),) = self._db.long_rows(
            f"SELECT min(v), max(v), count(v) FROM (SELECT {value.text} AS v FROM {found.text})",
            (*value.parameters, *found.parameters),
        )
        return Span(low, high, images) if images else None

    def further_columns(self) -> list[str]:
        """Names of the further columns that any image carries, for `domain.filters`, in alphabetical order."""
        rows = self._db.long_rows(
            "SELECT DISTINCT key FROM (SELECT DISTINCT columns FROM images), json_each(columns) ORDER BY key"
        )
        return [FURTHER + str(key) for (key,) in rows]

    def locations(self, image_id: int) -> list[str]:
        """Where the file of an image lies on this computer; local paths, never to be exported."""
        rows = self._db.rows(
            """SELECT path FROM locations JOIN image_locations USING (location_id)
               WHERE image_id = ? ORDER BY location_id""",
            (image_id,),
        )
        return [path for (path,) in rows]

    def interrupt_matches(self) -> None:
        """Stop a call of `matches` that nobody waits for any more; it raises SSLStudioError (code "interrupted")."""
        self._db.interrupt(_MATCHES)

    def set_reasons(self, reasons: Sequence[tuple[int, str | None]]) -> None:
        """Leave each image out for a reason of its own, or take it in (None). Raises as `set_excluded` does."""
        if any(reason is not None and not reason.strip() for _, reason in reasons):
            raise SSLStudioError("An exclusion needs a reason.", "Say why in a few words.", code="no_reason")
        with self._db.transaction() as connection:
            connection.executemany(
                "UPDATE images SET excluded = ?2 WHERE image_id = ?1 AND excluded IS NOT ?2", reasons
            )

    def _by_ids(self, sql: str, ids: Sequence[int]) -> list[Row]:
        """Rows of a query that ends in ``IN``, for any number of ids."""
        found: list[Row] = []
        for first in range(0, len(ids), _MOST_IDS):
            part = [int(key) for key in ids[first : first + _MOST_IDS]]
            found += self._db.long_rows(f"{sql} ({', '.join('?' * len(part))})", part)
        return found
