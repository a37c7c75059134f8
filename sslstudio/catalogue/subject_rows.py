"""Telling subjects apart anew: images move to other subjects, studies and series; labels stay with the images.

One transaction for the whole change, so that no crash leaves a subject on both sides of the split.
"""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sslstudio.catalogue.arranging import arrange
from sslstudio.catalogue.database import Database
from sslstudio.catalogue.groups import Place, series_number
from sslstudio.catalogue.runs import now
from sslstudio.domain.items import Part
from sslstudio.errors import SSLStudioError
from sslstudio.importers.path_text import below, common_folder

IDENTITY = "identity"
"""The setting that keeps how subjects are told apart."""

_KEPT = 5
_LONE = "SELECT min(path), max(path) FROM locations WHERE source_id IS NULL"
_OWNERS = """SELECT i.image_id, u.pseudonym, t.pseudonym, s.pseudonym, i.digest, u.part, l.path,
        coalesce(o.path, ''), coalesce(g.patient, ''), coalesce(g.study, ''),
        EXISTS (SELECT 1 FROM labels WHERE labels.image_id = i.image_id)
    FROM images i JOIN series s USING (series_id) JOIN studies t USING (study_id) JOIN subjects u USING (subject_id)
    LEFT JOIN locations l ON l.location_id =
        (SELECT min(location_id) FROM image_locations p WHERE p.image_id = i.image_id)
    LEFT JOIN ledger g ON g.location_id = l.location_id LEFT JOIN sources o ON o.source_id = l.source_id
    ORDER BY i.image_id"""


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose an image is now, and what its file says: `relative` path and header pseudonyms ("" where not known)."""

    image_id: int
    place: Place
    digest: str
    part: Part
    relative: str
    patient: str
    study: str
    labelled: bool


@dataclass(frozen=True, slots=True)
class SubjectEffect:
    """What telling subjects apart anew does. `re_dealt` subjects stood on both sides and now train."""

    images: int = 0
    moved: int = 0
    labelled: int = 0
    before: int = 0
    after: int = 0
    re_dealt: int = 0


class SubjectTables:
    """The part of the catalogue that moves images between subjects."""

    _db: Database

    def owners(self) -> Iterator[Owner]:
        """All images with their owners and what their first file says."""
        with self._db.reading() as connection:
            root = common_folder(connection.execute(_LONE).fetchone())
            for row in connection.execute(_OWNERS):
                image_id, subject, study, series, digest, part, path, source, patient, header_study, labelled = row
                relative = (below(path, source or root) or path) if path else ""
                place = (subject, study, series)
                yield Owner(image_id, place, digest, part, relative, patient, header_study, bool(labelled))

    def move_images(
        self, places: Mapping[int, Place], parts: Mapping[str, Part], text: str, identity: Mapping[str, Any]
    ) -> None:
        """Move images to other subjects, studies and series; `parts` are those of all subjects that get an image.

        `identity` is kept as the way subjects are told apart from now on. `undo_subjects` takes it back. Raises
        SSLStudioError (code "frozen_test") if patients of the frozen test set would lose or get images.
        """
        with self._db.transaction() as connection:
            self._leave_frozen(connection, places)
            before = self._snapshot(connection, places, parts)
            self._place(connection, places, parts)
            arrange(self._db)
            old = self._db.value("SELECT value FROM settings WHERE key = ?", (IDENTITY,))
            connection.execute(
                "INSERT INTO subject_changes (at, text, identity, before) VALUES (?, ?, ?, ?)",
                (now(), text, old or "", before),
            )
            connection.execute("INSERT OR REPLACE INTO settings VALUES (?, ?)", (IDENTITY, json.dumps(identity)))
            connection.execute(
                "DELETE FROM subject_changes WHERE change_id <= (SELECT max(change_id) - ? FROM subject_changes)",
                (_KEPT,),
            )

    def subject_change(self) -> str:
        """What the latest change of subjects was, for "Undo"; "" when there is none to take back."""
        return self._db.value("SELECT text FROM subject_changes ORDER BY change_id DESC LIMIT 1") or ""

    def undo_subjects(self) -> int:
        """Take back the latest change of subjects; returns how many images moved back. 0 when there was none."""
        with self._db.transaction() as connection:
            row = self._db.row(
                "SELECT change_id, identity, before FROM subject_changes ORDER BY change_id DESC LIMIT 1"
            )
            if row is None:
                return 0
            change, identity, data = row
            content = json.loads(zlib.decompress(data))
            places = {int(image): tuple(place) for image, place in content["places"].items()}
            self._leave_frozen(connection, places)
            self._place(connection, places, content["parts"])
            arrange(self._db)
            connection.execute("DELETE FROM subject_changes WHERE change_id = ?", (change,))
            connection.execute("DELETE FROM settings WHERE key = ?", (IDENTITY,))
            if identity:
                connection.execute("INSERT INTO settings VALUES (?, ?)", (IDENTITY, identity))
            return len(places)

    def _leave_frozen(self, connection: sqlite3.Connection, places: Mapping[int, Place]) -> None:
        held = {name for (name,) in connection.execute("SELECT pseudonym FROM subjects WHERE held")}
        if not held:
            return
        rows = connection.execute(
            """SELECT image_id FROM images JOIN series USING (series_id) JOIN studies USING (study_id)
               JOIN subjects USING (subject_id) WHERE held"""
        )
        if any(place[0] in held for place in places.values()) or any(image in places for (image,) in rows):
            raise SSLStudioError(
                "The test set is frozen, and this change would move images of its patients.",
                "Thaw it first, on the Classify page.",
                code="frozen_test",
            )

    def _snapshot(
        self, connection: sqlite3.Connection, places: Mapping[int, Place], receiving: Mapping[str, Part]
    ) -> bytes:
        """The places of these images as they are, with the parts of their subjects and of those that receive any."""
        found: dict[int, Place] = {}
        parts: dict[str, Part] = {}
        rows = connection.execute(
            """SELECT image_id, u.pseudonym, t.pseudonym, s.pseudonym, u.part FROM images
               JOIN series s USING (series_id) JOIN studies t USING (study_id) JOIN subjects u USING (subject_id)"""
        )
        for image_id, subject, study, series, part in rows:
            if image_id in places:
                found[image_id] = (subject, study, series)
            if image_id in places or subject in receiving:
                parts[subject] = part
        return zlib.compress(json.dumps({"places": found, "parts": parts}).encode())

    def _place(self, connection: sqlite3.Connection, places: Mapping[int, Place], parts: Mapping[str, Part]) -> None:
        by_place: dict[Place, list[int]] = defaultdict(list)
        for image_id, place in places.items():
            by_place[place].append(image_id)
        for place, images in by_place.items():
            number = series_number(connection, place)
            connection.executemany(
                "UPDATE images SET series_id = ?, place = NULL WHERE image_id = ?",
                [(number, image_id) for image_id in images],
            )
        connection.executemany(
            "UPDATE subjects SET part = ? WHERE pseudonym = ?", [(part, subject) for subject, part in parts.items()]
        )
        for table, below_it, key in (
            ("series", "images", "series_id"),
            ("studies", "series", "study_id"),
            ("subjects", "studies", "subject_id"),
        ):
            connection.execute(f"DELETE FROM {table} WHERE {key} NOT IN (SELECT {key} FROM {below_it})")


Assign = Callable[[Owner], Place]


def plan(owners: Iterator[Owner], assign: Assign) -> tuple[dict[int, Place], dict[str, Part], SubjectEffect]:
    """Where each image goes that does not stay, the part of each subject that gets one, and what that does.

    A new subject takes the part of the subjects that its images come from. Where these stand on both sides it goes to
    the training side, which makes no claims.
    """
    places: dict[int, Place] = {}
    sides: dict[str, set[Part]] = defaultdict(set)
    touched: set[str] = set()
    before: set[str] = set()
    images = labelled = 0
    for owner in owners:
        images += 1
        before.add(owner.place[0])
        place = assign(owner)
        sides[place[0]].add(owner.part)
        if place != owner.place:
            places[owner.image_id] = place
            touched.add(place[0])
            labelled += owner.labelled
    parts: dict[str, Part] = {}
    re_dealt = 0
    for subject in touched:
        known = sides[subject] - {""}
        parts[subject] = "train" if len(known) > 1 else next(iter(known), "")
        re_dealt += len(known) > 1
    return places, parts, SubjectEffect(images, len(places), labelled, len(before), len(sides), re_dealt)
