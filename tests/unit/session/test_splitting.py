"""Ways of dividing a project: by patients, sites, dates and collections; previews, reasons, scores, the test set."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from sslstudio.domain.items import PixelLocation
from sslstudio.domain.ledger import FoundImage
from sslstudio.domain.split_plans import WAYS, SplitPlan
from sslstudio.errors import SSLStudioError
from sslstudio.importers.days import date_of
from sslstudio.session import Project, Session, judging, splitting
from sslstudio.session import tested as kept
from tests.fakes.catalogue_rows import digest, row
from tests.fakes.project_runs import embedded

DAY = 40_000


def found(patient: int, number: int, **facts: object) -> FoundImage:
    content = f"{patient}-{number}"
    return FoundImage(
        digest=digest("file", content), pixel_digest=digest("pixels", content), subject=digest("s", patient)[:16],
        study=digest("t", patient)[:16], series=digest("u", patient)[:16], modality="MR",
        pixels=PixelLocation(
            shard="x.bin", offset=64 * number, height=8, width=8, channels=1, dtype="uint8",
        ),
    ).model_copy(update=facts)  # fmt: skip


def vector(image_id: int) -> np.ndarray:
    odd = (image_id - 1) // 2 % 2
    return np.array([2.0 * odd - 1.0, 0, 0, 0]) + np.random.default_rng(image_id).normal(0, 0.3, 4)


@pytest.fixture
def hospital(project: Project) -> Project:
    """24 patients with two images each: two sites, three years, two imports; patients in turn of two classes."""
    for run in (1, 2):
        rows = []
        for patient in range(12 * (run - 1), 12 * run):
            facts = {"site": "north" if patient % 4 < 2 else "south", "day": DAY + 365 * (patient % 3)}
            rows += [row(f"/d{run}/{patient}-{n}.png", found(patient, 2 * patient + n, **facts)) for n in (0, 1)]
        project.catalogue.adopt_import(f"import-{run}", rows)
    session = Session(project)
    a, b = session.add_class("glioma"), session.add_class("none")
    for image_id in project.catalogue.image_ids():
        session.label_images([image_id], (a, b)[(image_id - 1) // 2 % 2].class_id)
    embedded(project, vector)
    return project


def test_every_way_is_offered_or_says_why_not(hospital: Project, filled: Project) -> None:
    told = {choice.way: choice.reason for choice in splitting.choices(hospital)}
    assert [way for way in WAYS if told[way]] == ["drawn"] and "at random" in told["drawn"]
    hospital.catalogue.note_draw(1, 48, 24)
    offered = {choice.way: choice for choice in splitting.choices(hospital)}
    assert tuple(offered) == WAYS and not any(choice.reason for choice in offered.values())
    (site, *_), (days, *_) = offered["by_value"].columns, offered["from_date"].columns
    assert [(value.images, value.patients) for value in site.values] == [(24, 12), (24, 12)]
    assert days.key == "day" and days.numbers == (DAY, DAY + 730)
    assert [value.key for value in offered["external"].columns[0].values] == ["import-1", "import-2"]


def test_what_cannot_be_is_explained(filled: Project) -> None:
    session = Session(filled)
    assert all(choice.reason for choice in splitting.choices(filled) if choice.way != "hold_out")
    session.label_images([1], session.add_class("a").class_id)
    told = {choice.way: choice.reason for choice in splitting.choices(filled)}
    assert "one patient" in told["cross"] and "site is stated for no image" in told["by_value"]
    assert "order of time" in told["from_date"] and "one import" in told["external"]


def test_a_preview_counts_both_sides_and_advises(hospital: Project) -> None:
    assert "dealt by chance" in splitting.preview(hospital, SplitPlan()).notes[0]
    hospital.catalogue.split_by_subject(0.25)
    seen = splitting.preview(hospital, SplitPlan())
    assert (seen.train.images, seen.test.images) == (36, 12) and seen.test.patients == 6
    assert "6 labelled patients" in seen.advice and "tests all 24" in seen.advice
    south = splitting.preview(hospital, SplitPlan(way="by_value", column="site", values=("south",)))
    assert (south.train.patients, south.test.patients, south.reason) == (12, 12, "")
    assert dict(south.test.classes) == {"glioma": 12, "none": 12}
    late = SplitPlan(way="from_date", column="day", since=DAY + 700)
    assert splitting.preview(hospital, late).test.patients == 8
    assert splitting.preview(hospital, SplitPlan(way="from_date", column="day")).reason
    nothing = SplitPlan(way="from_date", column="day", since=DAY + 9999)
    assert "Nothing would be left to test" in splitting.preview(hospital, nothing).reason
    with pytest.raises(SSLStudioError, match="no such column"):
        splitting.preview(hospital, SplitPlan(way="by_value", column="column:none", values=("1",)))


def test_dates_are_entered_and_shown_as_dates(hospital: Project) -> None:
    number = splitting.number_of(hospital, "day", "2021-03-01")
    assert splitting.text_of(hospital, "day", number) == "2021-03-01"
    assert splitting.number_of(hospital, "day", "2021") == splitting.number_of(hospital, "day", "2021-01-01")
    assert date_of(int(number), hospital.pseudonym_key).year == 2021
    with pytest.raises(SSLStudioError, match="no date"):
        splitting.number_of(hospital, "day", "spring")


@pytest.mark.parametrize(
    ("plan", "tested", "folds"),
    [
        (SplitPlan(way="cross", folds=4, repeats=2), 48, 8),
        (SplitPlan(way="by_value", column="site", values=("south",)), 24, 1),
        (SplitPlan(way="leave_one_out", column="site"), 48, 2),
        (SplitPlan(way="from_date", column="day", since=DAY + 700), 16, 1),
        (SplitPlan(way="external", column="import", values=("import-2",)), 24, 1),
    ],
)
def test_each_way_scores_images_whose_patients_were_not_learned_from(
    hospital: Project, plan: SplitPlan, tested: int, folds: int
) -> None:
    model_id = judging.fit(hospital, "random", plan)
    scores = hospital.catalogue.model(model_id).scores
    assert scores is not None
    assert scores["n_images"] == tested and scores["split"]["folds"] == folds
    assert scores["balanced_accuracy"]["value"] > 0.9 and scores["balanced_accuracy"]["low"] < 1
    folder = hospital.models_dir / model_id
    assert kept.read(folder).proba.shape == (tested, 2)
    with np.load(folder / "head.npz") as head:
        assert (set(head["train_ids"].tolist()) & set(outcomes_ids(folder)) == set()) == (folds == 1)
    written = (folder / "model.json").read_text() + (folder / "scores.json").read_text()
    for secret in ("south", "north", str(DAY), str(DAY + 700)):
        assert secret not in written, "institutions and dates stay in the catalogue"
    assert hospital.catalogue.model_split(model_id) == plan
    again = judging.evaluate(hospital, model_id)
    assert again["balanced_accuracy"] == scores["balanced_accuracy"]
    if plan.way == "leave_one_out":
        assert [one["n_images"] for one in scores["folds"]] == [24, 24]
        assert len(splitting.fold_names(hospital, plan, "random")) == 2


def outcomes_ids(folder: Path) -> list[int]:
    return [int(one) for one in kept.read(folder).ids]


def test_a_training_can_be_stopped_and_leaves_nothing(hospital: Project) -> None:
    def stop(done: int, total: int) -> None:
        if done == 2:
            raise SSLStudioError("Stopped.", code="cancelled")

    with pytest.raises(SSLStudioError, match="Stopped"):
        judging.fit(hospital, "random", SplitPlan(way="cross"), progress=stop)
    assert not hospital.catalogue.models() and not list(hospital.models_dir.iterdir())


def test_the_frozen_test_set_trains_by_no_way_and_looks_are_counted(hospital: Project) -> None:
    catalogue = hospital.catalogue
    catalogue.split_by_subject(0.25)
    catalogue.freeze_test()
    held = {key for key, part in catalogue.parts().items() if part == "test"}
    plans = [
        SplitPlan(), SplitPlan(way="cross"), SplitPlan(way="leave_one_out", column="site"),
        SplitPlan(way="by_value", column="site", values=("south",)),
        SplitPlan(way="from_date", column="day", since=DAY + 700),
        SplitPlan(way="external", column="import", values=("import-2",)),
    ]  # fmt: skip
    for plan in plans:
        model_id = judging.fit(hospital, "random", plan)
        with np.load(hospital.models_dir / model_id / "head.npz") as head:
            assert held.isdisjoint(head["train_ids"].tolist()), plan.way
        if plan.way != "hold_out":
            assert held.isdisjoint(outcomes_ids(hospital.models_dir / model_id)), "only the hold-out looks at it"
    assert catalogue.frozen_test().looks == 0
    assert [judging.evaluate(hospital, "linear-1")["looks"] for _ in range(3)] == [1, 2, 3]
    catalogue.thaw_test("the scanner was replaced")
    assert json.dumps(catalogue.test_history()).count("evaluated") == 3
    assert judging.evaluate(hospital, "linear-1")["looks"] == 0
