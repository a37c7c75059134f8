"""Pairs of images of different patients that were compared: what the comparison said, and what the user said of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from sslstudio.catalogue.database import Database

PairState = Literal["open", "same", "differ"]


@dataclass(frozen=True, slots=True)
class ComparedPair:
    """Two images, the lower id first; `same` says that they show the same picture, as far as a comparison can."""

    left: int
    right: int
    score: float
    same: bool
    state: PairState = "open"

    @property
    def leaks(self) -> bool:
        """Whether they may not stand on two sides."""
        return self.state == "same" or (self.same and self.state == "open")


_IDENTICAL = """SELECT pixel_digest, u.pseudonym FROM images i JOIN series s USING (series_id)
    JOIN studies t USING (study_id) JOIN subjects u USING (subject_id)
    WHERE i.excluded IS NULL AND pixel_digest IN (
        SELECT pixel_digest FROM images WHERE excluded IS NULL GROUP BY pixel_digest HAVING count(*) > 1)"""
_ALIKE = """SELECT f."group", u.pseudonym FROM findings f JOIN images i USING (image_id) JOIN series s USING (series_id)
    JOIN studies t USING (study_id) JOIN subjects u USING (subject_id)
    WHERE f.kind = 'duplicate' AND f.state <> 'dismissed' AND i.excluded IS NULL"""
_COMPARED = """SELECT a.pseudonym, b.pseudonym FROM copies c
    JOIN images i ON i.image_id = c.left_id JOIN series s ON s.series_id = i.series_id
    JOIN studies t ON t.study_id = s.study_id JOIN subjects a ON a.subject_id = t.subject_id
    JOIN images j ON j.image_id = c.right_id JOIN series v ON v.series_id = j.series_id
    JOIN studies w ON w.study_id = v.study_id JOIN subjects b ON b.subject_id = w.subject_id
    WHERE c.state = 'same' AND i.excluded IS NULL AND j.excluded IS NULL"""


class CopyTables:
    """The part of the catalogue that knows which patients share a picture."""

    _db: Database

    def compared_pairs(self) -> dict[tuple[int, int], ComparedPair]:
        """All pairs that were compared, by their ids, the lower first."""
        rows = self._db.long_rows("SELECT left_id, right_id, score, same, state FROM copies")
        return {(row[0], row[1]): ComparedPair(row[0], row[1], row[2], bool(row[3]), row[4]) for row in rows}

    def add_compared(self, pairs: Iterable[ComparedPair]) -> None:
        """Keep what a comparison said; what the user said of a pair stays."""
        with self._db.transaction() as connection:
            connection.executemany(
                """INSERT INTO copies (left_id, right_id, score, same) VALUES (?, ?, ?, ?)
                   ON CONFLICT (left_id, right_id) DO UPDATE SET score = excluded.score, same = excluded.same""",
                [(min(p.left, p.right), max(p.left, p.right), p.score, p.same) for p in pairs],
            )

    def decide_pairs(self, pairs: Iterable[tuple[int, int]], state: PairState) -> None:
        """Say of pairs of images that they are the `same` or `differ`; near-duplicates that Review found follow.

        Of pairs that differ the second image leaves its group of near-duplicates, so that nothing links them.
        """
        with self._db.transaction() as connection:
            for one, other in pairs:
                connection.execute(
                    """INSERT INTO copies (left_id, right_id, score, same, state) VALUES (?, ?, 0, 0, ?)
                       ON CONFLICT (left_id, right_id) DO UPDATE SET state = excluded.state""",
                    (min(one, other), max(one, other), state),
                )
                if state == "differ":
                    connection.execute(
                        """UPDATE findings SET state = 'dismissed' WHERE image_id = ? AND kind = 'duplicate'
                           AND "group" = (SELECT "group" FROM findings WHERE image_id = ? AND kind = 'duplicate')""",
                        (other, one),
                    )

    def linked_subjects(self) -> list[tuple[str, str]]:
        """Pairs of patients who share a picture that is in use, by pseudonym: identical ones, those that Review found,
        and those of which the user said so."""
        first: dict[str, str] = {}
        found: set[tuple[str, str]] = set()
        for sql in (_IDENTICAL, _ALIKE):
            for shared, subject in self._db.long_rows(sql):
                other = first.setdefault(f"{sql[:12]}{shared}", subject)
                if other != subject:
                    found.add((other, subject))
        found.update((a, b) for a, b in self._db.long_rows(_COMPARED) if a != b)
        return sorted(found)
