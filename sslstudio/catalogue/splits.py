"""Training and test parts, by subject: a subject has one part, so its images cannot stand on both sides."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable, Mapping, Set

from sslstudio.catalogue.database import Database
from sslstudio.catalogue.drawn import DRAWN_SUBJECTS, SIDE
from sslstudio.domain.items import Part
from sslstudio.errors import SSLStudioError


class SplitTables:
    """The part of the catalogue that knows who trains and who tests."""

    _db: Database

    def parts(self) -> dict[int, Part]:
        """The part of each image ("" while its subject has none), by image id; who was drawn at random tests."""
        return dict(
            self._db.rows(
                f"""SELECT image_id, {SIDE} FROM images JOIN series USING (series_id) JOIN studies USING (study_id)
                    JOIN subjects u USING (subject_id) ORDER BY image_id"""
            )
        )

    def split_by_subject(self, test_fraction: float = 0.25, seed: int = 0, *, keep: bool = False) -> None:
        """Deal all subjects anew into training and test; with `keep`, only those that have no part yet.

        Subjects that share an identical or nearly identical image are dealt together. Groups are stratified by their
        most frequent class where labels exist; those drawn at random are the first of the test part. `test_fraction`
        is the wanted share of groups in the test part, between 0 and 1. While the test set is frozen it stays as it
        is: newcomers train, but for those who share a picture with it; dealing all anew raises SSLStudioError (code
        "frozen_test").
        """
        if not 0 < test_fraction < 1:
            raise SSLStudioError(
                "The test share must lie between 0 and 1.", "A quarter (0.25) is usual.", code="bad_fraction"
            )
        with self._db.transaction() as connection:
            part_of: dict[int, Part] = dict(self._db.rows("SELECT subject_id, part FROM subjects ORDER BY subject_id"))
            held = {subject for (subject,) in self._db.rows("SELECT subject_id FROM subjects WHERE held")}
            if held and not keep:
                raise _frozen("Patients cannot be dealt anew")
            drawn = {subject for (subject,) in self._db.rows(DRAWN_SUBJECTS)}
            groups = _joined(part_of, self._twins())
            dealt: dict[int, Part] = {}
            waiting: list[list[int]] = []
            for group in groups:
                standing = {part_of[subject] for subject in group if part_of[subject]} if keep else set()
                if held:
                    newcomers: Part = "train" if held.isdisjoint(group) else "test"
                    dealt |= {subject: part_of[subject] or newcomers for subject in group}
                elif not standing:
                    waiting.append(group)
                elif len(standing) == 1:
                    dealt |= dict.fromkeys(group, standing.pop())
                else:  # a split given by the user; newcomers join the training side, which makes no claims
                    dealt |= {subject: part_of[subject] or "train" for subject in group}
            dealt |= deal(waiting, self._classes_of_subjects(), test_fraction, seed, drawn)
            connection.executemany(
                "UPDATE subjects SET part = ? WHERE subject_id = ?",
                [(part, subject) for subject, part in dealt.items() if part != part_of[subject]],
            )

    def assign_parts(self, parts: Mapping[int, Part]) -> None:
        """Give the subjects of these images their part; images with "" are left out.

        Raises SSLStudioError and changes nothing: "leaky_split" if a subject stands on both sides, "frozen_test" if the
        frozen test set would be another.
        """
        with self._db.transaction() as connection:
            subject_of: dict[int, int] = dict(
                self._db.rows(
                    """SELECT image_id, subject_id FROM images JOIN series USING (series_id)
                       JOIN studies USING (study_id)"""
                )
            )
            sides: dict[int, Part] = {}
            torn: set[int] = set()
            for image_id, part in parts.items():
                if image_id not in subject_of:
                    raise SSLStudioError("An image is not in the project.", "Import it first.", code="unknown_image")
                if part and sides.setdefault(subject_of[image_id], part) != part:
                    torn.add(subject_of[image_id])
            if torn:
                count = f"{len(torn):,} patient" + ("s stand" if len(torn) > 1 else " stands")
                raise SSLStudioError(
                    f"This split is leaky: {count} on both sides.",
                    "Put all images of a patient on one side, or let SSL Studio split by patient.",
                    code="leaky_split",
                )
            self._keep_frozen(sides)
            connection.executemany(
                "UPDATE subjects SET part = ? WHERE subject_id = ?", [(part, key) for key, part in sides.items()]
            )

    def put_together(self, subjects: Mapping[str, Part]) -> None:
        """Give patients, by pseudonym, these parts; raises as `assign_parts` does when the test set is frozen."""
        with self._db.transaction() as connection:
            known: dict[str, int] = dict(self._db.rows("SELECT pseudonym, subject_id FROM subjects"))
            sides = {known[name]: part for name, part in subjects.items() if name in known}
            self._keep_frozen(sides)
            connection.executemany(
                "UPDATE subjects SET part = ? WHERE subject_id = ?", [(part, key) for key, part in sides.items()]
            )

    def _keep_frozen(self, sides: Mapping[int, Part]) -> None:
        rows = self._db.rows("SELECT subject_id, held FROM subjects")
        held = {subject for subject, is_held in rows if is_held}
        if held and any((part == "test") != (subject in held) for subject, part in sides.items()):
            raise _frozen("These parts would change it")

    def _twins(self) -> list[tuple[int, int]]:
        """Pairs of subjects that share an image: with identical pixels, or a near-duplicate nobody has dismissed."""
        rows = self._db.rows(
            """SELECT DISTINCT pixel_digest, subject_id FROM images JOIN series USING (series_id)
               JOIN studies USING (study_id)
               WHERE pixel_digest IN (SELECT pixel_digest FROM images GROUP BY pixel_digest HAVING count(*) > 1)
               ORDER BY pixel_digest, subject_id"""
        ) + self._db.rows(
            """SELECT DISTINCT 'group ' || "group", subject_id FROM findings JOIN images USING (image_id)
               JOIN series USING (series_id) JOIN studies USING (study_id)
               WHERE findings.kind = 'duplicate' AND state <> 'dismissed' ORDER BY 1, 2"""
        )
        for end in ("left_id", "right_id"):
            rows += self._db.rows(
                f"""SELECT 'pair ' || left_id || ' ' || right_id, subject_id FROM copies
                    JOIN images ON image_id = {end} JOIN series USING (series_id) JOIN studies USING (study_id)
                    WHERE state = 'same' ORDER BY left_id, right_id"""
            )
        first: dict[str, int] = {}
        return [(first.setdefault(shared, subject), subject) for shared, subject in rows]

    def _classes_of_subjects(self) -> dict[int, int]:
        """The most frequent class of each subject that has labels; the lower class id at a tie."""
        rows = self._db.rows(
            """SELECT subject_id, class_id, count(*) FROM labels JOIN images USING (image_id)
               JOIN series USING (series_id) JOIN studies USING (study_id)
               WHERE class_id IS NOT NULL GROUP BY subject_id, class_id ORDER BY count(*), class_id DESC"""
        )
        return {subject: class_id for subject, class_id, _ in rows}


def _frozen(what: str) -> SSLStudioError:
    return SSLStudioError(
        f"The test set is frozen. {what}.", "Thaw it first, on the Classify page or by `test-set`.", code="frozen_test"
    )


def deal(
    groups: Iterable[list[int]],
    class_of: Mapping[int, int],
    test_fraction: float,
    seed: int,
    first: Set[int] = frozenset(),
) -> dict[int, Part]:
    """The part of each subject: groups shuffled within their class, a share of each class to the test part.

    A class with four groups or more has at least one on each side; a lone group trains. Groups with one of `first` go
    to the test part in any case, and count towards its share.
    """
    strata: dict[int, list[list[int]]] = defaultdict(list)
    for group in groups:
        classes = sorted(class_of[subject] for subject in group if subject in class_of)
        strata[classes[0] if classes else -1].append(group)
    dealt: dict[int, Part] = {}
    for stratum in sorted(strata):
        members = strata[stratum]
        random.Random(f"{seed}/{stratum}").shuffle(members)
        count = round(len(members) * test_fraction)
        if len(members) >= 4:
            count = min(max(count, 1), len(members) - 1)
        members.sort(key=first.isdisjoint)
        count = max(count, sum(not first.isdisjoint(group) for group in members))
        for place, group in enumerate(members):
            dealt |= dict.fromkeys(group, "test" if place < count else "train")
    return dealt


def _joined(subjects: Iterable[int], pairs: Iterable[tuple[int, int]]) -> list[list[int]]:
    """The connected groups of subjects under `pairs`, each sorted, in the order of their first member."""
    leader = {subject: subject for subject in subjects}

    def find(subject: int) -> int:
        while leader[subject] != subject:
            leader[subject] = leader[leader[subject]]
            subject = leader[subject]
        return subject

    for left, right in pairs:
        a, b = sorted((find(left), find(right)))
        leader[b] = a
    groups: dict[int, list[int]] = defaultdict(list)
    for subject in leader:
        groups[find(subject)].append(subject)
    return list(groups.values())
