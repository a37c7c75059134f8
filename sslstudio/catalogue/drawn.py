"""Cases that the queue drew at random, and the patients who are therefore kept to test.

A draw is noted once and stays. Whether its patient is kept follows from the labels as they are now: who was drawn and
then labelled by hand tests and never trains, so undo, redo and a damaged database that is repaired need nothing more.
"""

from __future__ import annotations

from dataclasses import dataclass

from sslstudio.catalogue.database import Database
from sslstudio.catalogue.runs import now

LEARN_FROM_DRAWN = "learn_from_drawn"
"""The setting by which patients drawn at random are learned from like all others (True)."""
BY_PERSON = ("hand", "adjudication")
"""Origins of labels that a person gave to the very image: only these make a drawn case a test case."""

_PEOPLE = ", ".join(f"'{origin}'" for origin in BY_PERSON)
DRAWN_IMAGES = f"""SELECT d.image_id FROM draws d JOIN labels dl USING (image_id) WHERE dl.origin IN ({_PEOPLE})
    AND NOT EXISTS (SELECT 1 FROM settings WHERE key = '{LEARN_FROM_DRAWN}' AND value = 'true')"""
"""Images that were drawn and labelled by hand, while they are kept; SQL."""
DRAWN_SUBJECTS = f"""SELECT dt.subject_id FROM images di JOIN series ds USING (series_id)
    JOIN studies dt USING (study_id) WHERE di.image_id IN ({DRAWN_IMAGES})"""
"""Their patients; SQL."""
SIDE = f"CASE WHEN u.subject_id IN ({DRAWN_SUBJECTS}) THEN 'test' ELSE u.part END"
"""The side of a patient of ``subjects u``: the part, but for those drawn at random; SQL."""


@dataclass(frozen=True, slots=True)
class Draw:
    """An image that was drawn at random at the moment `at`, from `images` images of `subjects` patients."""

    image_id: int
    at: str
    images: int
    subjects: int


class DrawnTables:
    """The part of the catalogue that knows what was drawn at random."""

    _db: Database

    def note_draw(self, image_id: int, images: int, subjects: int) -> Draw:
        """Note that an image was drawn from so many images of so many patients; the first draw of an image stands."""
        with self._db.transaction() as connection:
            connection.execute(
                "INSERT OR IGNORE INTO draws VALUES (?, ?, ?, ?)", (image_id, now(), images, subjects)
            )  # fmt: skip
        return Draw(*self._db.rows("SELECT * FROM draws WHERE image_id = ?", (image_id,))[0])

    def draws(self) -> dict[int, Draw]:
        """All that was drawn, by image id."""
        return {row[0]: Draw(*row) for row in self._db.rows("SELECT * FROM draws ORDER BY at, image_id")}

    def drawn_images(self) -> set[int]:
        """Images that were drawn at random and labelled by hand; empty while these are learned from."""
        return {image_id for (image_id,) in self._db.rows(DRAWN_IMAGES)}

    def drawn_subjects(self) -> set[str]:
        """Pseudonyms of the patients who are kept to test because they were drawn at random."""
        return {
            name for (name,) in self._db.rows(f"SELECT pseudonym FROM subjects WHERE subject_id IN ({DRAWN_SUBJECTS})")
        }
