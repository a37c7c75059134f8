"""Subjects, studies, series and images: reading of rows, and exclusion. What imports bring comes by `adoption`."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterable, Sequence
from pathlib import PurePath
from typing import Any

from sslstudio.catalogue.arranging import SAME_IDENTITY
from sslstudio.catalogue.browse import READING_ORDER
from sslstudio.catalogue.database import Database
from sslstudio.catalogue.drawn import SIDE
from sslstudio.catalogue.rows import Counts, ImageDetail, LabelEvent, Surroundings, TreeRow
from sslstudio.domain.findings import TEXT_SUSPECTED
from sslstudio.domain.items import FIELDS, Item
from sslstudio.domain.rendering import Rendering
from sslstudio.errors import SSLStudioError
from sslstudio.importers.rendering import GREY_NAMES, Finder, Grey, grey, original_window

_ITEM_COLUMNS = f"""i.image_id, u.pseudonym AS subject, t.pseudonym AS study, s.pseudonym AS series, i.modality,
    i.scanner, i.shard, i."offset", i.height, i.width, i.channels, i.dtype,
    coalesce(c.name, '') AS label, {SIDE} AS part, i.site"""
_ITEM_TABLES = """images i JOIN series s USING (series_id) JOIN studies t USING (study_id)
    JOIN subjects u USING (subject_id) LEFT JOIN labels l ON l.image_id = i.image_id
    LEFT JOIN classes c ON c.class_id = l.class_id"""
MANY_IMAGES = 50_000
_ELSEWHERE = {"windows", "bag", "place", "day"}
_ITEM_FIELDS = tuple(name for name in FIELDS if name not in _ELSEWHERE)
_GREY_COLUMNS = ", ".join(f"i.{name}" for name in GREY_NAMES)
_DETAIL_COLUMNS = (
    "body_part", "laterality", "view", "bits", "slope", "intercept", "frame", "excluded", "instance_number",
    "slice_position", "sop", "source_series", "kind", "unit", "day", "phase", "row_spacing", "column_spacing",
    "columns",
)  # fmt: skip


class ImageTables:
    """The part of the catalogue that knows images. Everything is read and written in short transactions."""

    _db: Database
    rendering: Callable[[], Rendering]

    def some_items(self, count: int, seed: int) -> list[Item]:
        """At most `count` included images, each of another subject while there are such, drawn by `seed`."""
        (low, high), chooser = self._db.rows("SELECT min(image_id), max(image_id) FROM images")[0], random.Random(seed)
        if low is None:
            return []
        drawn: dict[int, int] = {}
        for _ in range(16 * count):
            row = self._db.row(
                """SELECT i.image_id, t.subject_id FROM images i JOIN series s USING (series_id)
                   JOIN studies t USING (study_id) WHERE i.image_id >= ? AND i.excluded IS NULL
                   ORDER BY i.image_id LIMIT 1""",
                (chooser.randint(low, high),),
            )
            if row is not None:
                drawn.setdefault(*row)
        first: dict[int, int] = {}
        for image_id, subject in drawn.items():
            first.setdefault(subject, image_id)
        alone = list(first.values())
        chosen = (alone + [image_id for image_id in drawn if image_id not in alone])[:count]
        finder = Finder(self.rendering())
        where = f"WHERE i.image_id IN ({', '.join('?' * len(chosen))})"
        rows = self._db.rows(f"SELECT {_ITEM_COLUMNS}, {_GREY_COLUMNS} FROM {_ITEM_TABLES} {where}", chosen)
        return [Item.model_validate(_known(row, finder)) for row in rows]

    def counts(self) -> Counts:
        """How many images, subjects, studies and series there are, and how many images are labelled or excluded."""
        row = self._db.slow_row(
            """SELECT (SELECT count(*) FROM images), (SELECT count(*) FROM subjects),
                      (SELECT count(*) FROM labels WHERE class_id IS NOT NULL),
                      (SELECT count(*) FROM images WHERE excluded IS NOT NULL),
                      (SELECT count(*) FROM series), (SELECT count(*) FROM studies),
                      (SELECT count(*) FROM images WHERE excluded = ?)""",
            (TEXT_SUSPECTED,),
        )
        return Counts(*row)

    def images_of_run(self, run_id: str) -> int:
        """How many images an import has brought that are no copies of others."""
        return int(self._db.value("SELECT count(*) FROM images WHERE run_id = ?", (run_id,)) or 0)

    def items(self, *, include_excluded: bool = False, rendering: Rendering | None = None) -> list[Item]:
        """All images in the order of their ids, with the current class name ("" if none) and the part.

        Their windows are those of `rendering`, or of the project's.
        """
        where = "" if include_excluded else "WHERE i.excluded IS NULL"
        finder = Finder(rendering or self.rendering())
        rows = self._db.rows(f"SELECT {_ITEM_COLUMNS}, {_GREY_COLUMNS} FROM {_ITEM_TABLES} {where} ORDER BY i.image_id")
        return [Item.model_validate(_known(row, finder)) for row in rows]

    def items_of(self, image_ids: Sequence[int]) -> list[Item]:
        """These images in the order of their ids, excluded ones too; unknown ids are left out."""
        finder = Finder(self.rendering())
        rows = self._db.long_rows(
            f"""SELECT {_ITEM_COLUMNS}, {_GREY_COLUMNS} FROM {_ITEM_TABLES}
                WHERE i.image_id IN (SELECT value FROM json_each(?)) ORDER BY i.image_id""",
            (json.dumps([int(key) for key in image_ids]),),
        )
        return [Item.model_validate(_known(row, finder)) for row in rows]

    def long_series(self, least: int) -> list[int]:
        """The ids of all series with at least so many included images."""
        rows = self._db.long_rows(
            "SELECT series_id FROM images WHERE excluded IS NULL GROUP BY 1 HAVING count(*) >= ? ORDER BY 1", (least,)
        )
        return [series for (series,) in rows]

    def series_items(self, series: Sequence[int]) -> list[Item]:
        """The included images of a few series with their places, in reading order."""
        finder = Finder(self.rendering())
        rows = self._db.rows(
            f"""SELECT {_ITEM_COLUMNS}, {_GREY_COLUMNS}, i.excluded, i.series_id, i.phase, i.slice_position
                FROM {_ITEM_TABLES} WHERE i.series_id IN ({", ".join("?" * len(series))}) ORDER BY {READING_ORDER}""",
            list(series),
        )
        places = _places([row[-3:] for row in rows])
        return [
            Item.model_validate(_known(row, finder) | {"place": place})
            for place, row in zip(places, rows, strict=True)
            if row[-4] is None
        ]

    def surroundings(self) -> dict[int, Surroundings]:
        """Where each image stands in its series, when it was made and what it is, by image id; excluded ones too."""
        rows = self._db.rows(
            f"""SELECT i.image_id, i.series_id, i.phase, i.slice_position, i.day,
                       i.laterality, i.view, i.body_part, i.modality, i.columns
                FROM images i ORDER BY {READING_ORDER}"""
        )
        places = _places([row[1:4] for row in rows])
        return {row[0]: _surroundings(place, *row[4:]) for place, row in zip(places, rows, strict=True)}

    def image_ids(self) -> list[int]:
        """The ids of all images, excluded ones too, ascending."""
        return [row[0] for row in self._db.rows("SELECT image_id FROM images ORDER BY image_id")]

    def has_many_images(self) -> bool:
        """True when there are so many images that reading them all takes a second or more; answered at once."""
        return int(self._db.value("SELECT max(image_id) FROM images") or 0) > MANY_IMAGES

    def has_image(self, image_id: int) -> bool:
        """True when the project holds this image."""
        return self._db.row("SELECT 1 FROM images WHERE image_id = ?", (image_id,)) is not None

    def pixel_places(self, image_ids: Sequence[int]) -> dict[int, tuple[str, int]]:
        """Shard and byte offset of the pixels of at most some hundred images; unknown ids are left out."""
        rows = self._db.rows(
            f"""SELECT image_id, shard, "offset" FROM images WHERE image_id IN ({", ".join("?" * len(image_ids))})""",
            list(image_ids),
        )
        return {image_id: (shard, offset) for image_id, shard, offset in rows}

    def image(self, image_id: int) -> ImageDetail:
        """All that is known of one image; raises SSLStudioError (code "unknown_image")."""
        with self._db.lock:
            columns = ", ".join(f"i.{name}" for name in _DETAIL_COLUMNS)
            row = self._db.row(
                f"SELECT {_ITEM_COLUMNS}, {_GREY_COLUMNS}, {columns} FROM {_ITEM_TABLES} WHERE i.image_id = ?",
                (image_id,),
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
                """SELECT at, author, how, origin, mark, class_name, note, source FROM label_changes
                   WHERE image_id = ? ORDER BY seq""",
                (image_id,),
            )
        path = PurePath(paths[0][0]) if paths else PurePath()
        known = _known(row, Finder(self.rendering()))
        known |= dict(zip(_DETAIL_COLUMNS, row[-len(_DETAIL_COLUMNS) :], strict=True))
        known["original"] = original_window(_grey(row))
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

    def prior_study(self, image_id: int, most: int = 4) -> tuple[list[int], int | None]:
        """Images of the same patient's study before that of an image, and how many days lie between.

        Those of the same view come first. Where no day is known it is any other study, and the days are None. Empty
        when the patient has no other study, or none earlier.
        """
        rows = self._db.rows(
            """SELECT o.image_id, t.study_id, o.day, m.day,
                      (o.view = m.view) + (o.body_part = m.body_part) + (o.modality = m.modality) AS alike
               FROM images m JOIN series ms ON ms.series_id = m.series_id JOIN studies mt ON mt.study_id = ms.study_id
               JOIN studies t ON t.subject_id = mt.subject_id AND t.study_id != mt.study_id
               JOIN series s ON s.study_id = t.study_id JOIN images o ON o.series_id = s.series_id
               WHERE m.image_id = ? AND o.excluded IS NULL AND (o.day IS NULL OR m.day IS NULL OR o.day < m.day)
               ORDER BY o.day IS NULL, o.day DESC, t.study_id, alike DESC, o.image_id""",
            (image_id,),
        )
        if not rows:
            return [], None
        _, study, day, mine, _ = rows[0]
        between = mine - day if day is not None and mine is not None else None
        return [int(row[0]) for row in rows if row[1] == study][:most], between

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


def _places(rows: Sequence[tuple[int, int | None, float | None]]) -> list[int]:
    """Numbers of images in reading order, given as (series, phase, position along the body), within their series.

    They have no gap within one pass over the series (one volume, or a film's frames), and one between two passes, so
    that the first image of a pass never seems to follow the last one of the pass before.
    """
    places: list[int] = []
    before: tuple[int, int | None, float | None] | None = None
    for row in rows:
        series, phase, position = row
        if before is None or before[0] != series:
            places.append(0)
        else:
            back = position is not None and before[2] is not None and position < before[2]
            places.append(places[-1] + (2 if back or phase != before[1] else 1))
        before = row
    return places


def _surroundings(
    place: int, day: int | None, laterality: str, view: str, body_part: str, modality: str, columns: str
) -> Surroundings:
    facts = {"laterality": laterality, "view": view, "body_part": body_part, "modality": modality}
    sequence = str(json.loads(columns).get("sequence", "")) if columns != "{}" else ""
    return Surroundings(place, day, facts | {"sequence": sequence})


def _known(row: Sequence[Any], finder: Finder) -> dict[str, Any]:
    """The fields of an item from a row of `_ITEM_COLUMNS` and `_GREY_COLUMNS`."""
    known = dict(zip(_ITEM_FIELDS, row, strict=False))
    known["windows"] = finder.windows(_grey(row))
    return known


def _grey(row: Sequence[Any]) -> Grey:
    return grey(*row[len(_ITEM_FIELDS) : len(_ITEM_FIELDS) + len(GREY_NAMES)])
