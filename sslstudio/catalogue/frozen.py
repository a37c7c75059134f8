"""The frozen test set, how often it was looked at, and how each model was split."""

from __future__ import annotations

from dataclasses import dataclass

from sslstudio.catalogue.database import Database
from sslstudio.catalogue.drawn import DRAWN_IMAGES, DRAWN_SUBJECTS, SIDE
from sslstudio.catalogue.runs import now
from sslstudio.domain.items import Part
from sslstudio.domain.split_plans import SplitPlan
from sslstudio.errors import SSLStudioError


@dataclass(frozen=True, slots=True)
class LabelledRow:
    """One labelled image that is not left out: whose it is, its class, and what tells it apart from copies.

    `person` is the pseudonym of the patient that its file's own header names, "" where there is none. `pixels` is the
    digest of its pixels, `copies` the group of near-duplicates that Review found it in, "" without one. `hand` says
    that a person labelled this very image. `drawn` marks an image that was drawn at random, `kept` the images of its
    patient, none of which trains.
    """

    image_id: int
    subject: str
    study: str
    class_id: int
    part: Part
    held: bool
    pixels: str
    copies: str
    person: str
    hand: bool
    drawn: bool = False
    kept: bool = False


@dataclass(frozen=True, slots=True)
class FrozenTest:
    """The test set as it is kept: `frozen` since `at`, `subjects` patients with `images` images, `looks` evaluations
    since then; `thaws` is how often a frozen set was given up in this project."""

    frozen: bool
    at: str = ""
    subjects: int = 0
    images: int = 0
    looks: int = 0
    thaws: int = 0


_LABELLED = f"""SELECT i.image_id, u.pseudonym, t.pseudonym, l.class_id, {SIDE}, u.held, i.pixel_digest,
        coalesce((SELECT f."group" FROM findings f WHERE f.image_id = i.image_id AND f.kind = 'duplicate'
                  AND f.state <> 'dismissed'), ''),
        coalesce((SELECT g.patient FROM image_locations p JOIN ledger g USING (location_id)
                  WHERE p.image_id = i.image_id ORDER BY p.location_id LIMIT 1), ''),
        l.origin = 'hand', i.image_id IN ({DRAWN_IMAGES}), u.subject_id IN ({DRAWN_SUBJECTS})
    FROM labels l JOIN images i USING (image_id) JOIN series s USING (series_id) JOIN studies t USING (study_id)
    JOIN subjects u USING (subject_id) WHERE l.class_id IS NOT NULL AND i.excluded IS NULL ORDER BY i.image_id"""


class FrozenTables:
    """The part of the catalogue that keeps the test set."""

    _db: Database

    def labelled_rows(self) -> list[LabelledRow]:
        """All images with a class that are not left out, in the order of their ids."""
        found = []
        for *told, held, pixels, copies, person, hand, drawn, kept in self._db.long_rows(_LABELLED):
            image_id, subject, study, class_id, part = told
            whose = (image_id, subject, study, class_id, part, bool(held))
            found.append(LabelledRow(*whose, pixels, copies, person, bool(hand), bool(drawn), bool(kept)))
        return found

    def frozen_test(self) -> FrozenTest:
        """How the test set stands."""
        last = self._db.row(
            """SELECT event_id, at, kind FROM test_events WHERE kind <> 'evaluated' ORDER BY event_id DESC LIMIT 1"""
        )
        thaws = int(self._db.value("SELECT count(*) FROM test_events WHERE kind = 'thawed'"))
        if last is None or last[2] != "frozen":
            return FrozenTest(False, thaws=thaws)
        subjects, images = self._db.rows(
            """SELECT count(DISTINCT subject_id), count(*) FROM images JOIN series USING (series_id)
               JOIN studies USING (study_id) JOIN subjects USING (subject_id) WHERE held"""
        )[0]
        looks = self._db.value("SELECT count(*) FROM test_events WHERE kind = 'evaluated' AND event_id > ?", (last[0],))
        return FrozenTest(True, last[1], int(subjects), int(images), int(looks), thaws)

    def held_subjects(self) -> set[str]:
        """Pseudonyms of the patients of the frozen test set; empty when none is frozen."""
        return {name for (name,) in self._db.rows("SELECT pseudonym FROM subjects WHERE held")}

    def freeze_test(self) -> FrozenTest:
        """From now on patients of the test part, and those drawn at random so far, never train.

        Raises SSLStudioError "no_test_part", "frozen_test".
        """
        if self.frozen_test().frozen:
            raise SSLStudioError("The test set is frozen already.", code="frozen_test")
        with self._db.transaction() as connection:
            connection.execute(f"UPDATE subjects AS u SET held = 1, part = 'test' WHERE {SIDE} = 'test'")
            subjects, images = self._db.rows(
                """SELECT count(DISTINCT subject_id), count(*) FROM images JOIN series USING (series_id)
                   JOIN studies USING (study_id) JOIN subjects USING (subject_id) WHERE held"""
            )[0]
            if not subjects:
                raise SSLStudioError(
                    "There is no test part to freeze.", "Deal the patients into two parts first.", code="no_test_part"
                )
            self._note("frozen", images=int(images), subjects=int(subjects))
        return self.frozen_test()

    def thaw_test(self, why: str) -> None:
        """Give the frozen test set up: its patients may train again. `why` is kept.

        Raises SSLStudioError: "not_frozen", "no_reason".
        """
        standing = self.frozen_test()
        if not standing.frozen:
            raise SSLStudioError("The test set is not frozen.", code="not_frozen")
        if not why.strip():
            raise SSLStudioError("Thawing needs a reason, which is kept.", "Say why in a few words.", code="no_reason")
        with self._db.transaction() as connection:
            connection.execute("UPDATE subjects SET held = 0 WHERE held")
            self._note("thawed", images=standing.images, subjects=standing.subjects, why=why.strip())

    def count_look(self, model_id: str, images: int, subjects: int) -> int:
        """Note an evaluation on the frozen test set; returns how many there were since it was frozen, 0 without one."""
        if not self.frozen_test().frozen:
            return 0
        with self._db.transaction():
            self._note("evaluated", model_id, images, subjects)
        return self.frozen_test().looks

    def test_history(self) -> list[tuple[str, str, str, int, int, str]]:
        """What was done with the test set, oldest first: (time, kind, model, images, patients, why)."""
        rows = self._db.rows("SELECT at, kind, model_id, images, subjects, why FROM test_events ORDER BY event_id")
        return [(at, kind, model, int(images), int(subjects), why) for at, kind, model, images, subjects, why in rows]

    def set_model_split(self, model_id: str, plan: SplitPlan) -> None:
        """Keep how the images of a model were divided."""
        with self._db.transaction() as connection:
            connection.execute("INSERT OR REPLACE INTO model_splits VALUES (?, ?)", (model_id, plan.model_dump_json()))

    def model_split(self, model_id: str) -> SplitPlan:
        """How the images of a model were divided; by the two parts where nothing else was said."""
        text = self._db.value("SELECT plan FROM model_splits WHERE model_id = ?", (model_id,))
        return SplitPlan() if text is None else SplitPlan.model_validate_json(text)

    def origins(self) -> tuple[dict[int, str], dict[int, str]]:
        """By image: which import brought it, and the number of the chosen folder or file ("" where not known)."""
        rows = self._db.long_rows(
            """SELECT i.image_id, i.run_id, coalesce((SELECT l.source_id FROM image_locations p
                   JOIN locations l USING (location_id) WHERE p.image_id = i.image_id ORDER BY location_id LIMIT 1), '')
               FROM labels b JOIN images i USING (image_id) WHERE b.class_id IS NOT NULL"""
        )
        return {row[0]: row[1] for row in rows}, {row[0]: str(row[2]) for row in rows}

    def source_names(self) -> dict[str, str]:
        """The chosen folders and files by their number; local paths, for the screen of this computer only."""
        return {str(number): path for number, path in self._db.rows("SELECT source_id, path FROM sources")}

    def _note(self, kind: str, model_id: str = "", images: int = 0, subjects: int = 0, why: str = "") -> None:
        with self._db.transaction() as connection:
            connection.execute(
                "INSERT INTO test_events (at, kind, model_id, images, subjects, why) VALUES (?, ?, ?, ?, ?, ?)",
                (now(), kind, model_id, images, subjects, why),
            )
