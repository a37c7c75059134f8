"""Patients told apart anew: labels stay, the split never tears a patient, and it can be taken back."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from sslstudio.catalogue.subject_rows import Owner, plan
from sslstudio.domain.ledger import LedgerRow
from sslstudio.errors import SSLStudioError
from sslstudio.importers.identity import IdentityRules, compile_pattern, pseudonym
from sslstudio.importers.subjects import PATTERNS, FileFacts, group, suggest
from sslstudio.session import import_words
from sslstudio.session import subjects as telling_apart
from sslstudio.session.project import Project
from sslstudio.session.subjects import Identity
from tests.fakes.catalogue_rows import found

KEY = b"k" * 32
SUB = Identity(r"(?P<subject>sub-\d+)")


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    """24 images in one folder that names six people; imported as one patient."""
    made = Project.create(tmp_path / "p")
    key = made.pseudonym_key
    folder = pseudonym(key, "folder", "all")
    rows = []
    for number in range(24):
        image = found("x", number).model_copy(update={"subject": folder, "study": folder, "series": folder})
        path = f"/src/all/sub-{number // 4}_{number}.png"
        rows.append(LedgerRow(path=path, source="/src", status="imported", images=(image,), frames=1))
    made.catalogue.adopt_import("import-1", rows)
    yield made
    made.close()


def test_the_effect_is_told_and_then_carried_out_and_taken_back(project: Project) -> None:
    catalogue = project.catalogue
    before = [(item.image_id, item.subject, item.study, item.series) for item in catalogue.items()]
    told = telling_apart.effect(project, SUB)
    assert (told.moved, told.before, told.after) == (24, 1, 6)
    assert "1 patients become 6" in import_words.effect_line(told)
    assert [(item.image_id, item.subject, item.study, item.series) for item in catalogue.items()] == before
    assert telling_apart.change(project, SUB) == told
    assert catalogue.counts().subjects == 6 and catalogue.subject_change()
    subjects = {item.image_id: item.subject for item in catalogue.items()}
    assert len({subjects[n] for n in range(1, 5)}) == 1 and subjects[4] != subjects[5]
    assert telling_apart.effect(project, SUB).moved == 0
    assert telling_apart.kept_identity(project)["pattern"] == SUB.pattern
    assert telling_apart.undo(project) == 24
    assert [(item.image_id, item.subject, item.study, item.series) for item in catalogue.items()] == before
    assert telling_apart.undo(project) == 0 and telling_apart.kept_identity(project) == {}


def test_parts_follow_the_images_and_whoever_would_be_torn_trains(project: Project) -> None:
    catalogue = project.catalogue
    telling_apart.change(project, SUB)
    catalogue.assign_parts({n: "test" if n <= 4 else "train" for n in range(1, 25)})
    pairs = Identity(r"(?P<subject>_\d)")  # _0, _1, _10.., _2, _20..: crosses the six people
    told = telling_apart.change(project, pairs)
    assert told.re_dealt > 0 and "go to training" in import_words.effect_line(told)
    sides: dict[str, set[str]] = {}
    for item in catalogue.items():
        sides.setdefault(item.subject, set()).add(item.part)
    assert all(len(parts) == 1 for parts in sides.values())
    telling_apart.undo(project)
    parts = catalogue.parts()
    assert {n for n, part in parts.items() if part == "test"} == {1, 2, 3, 4}


def test_no_plan_ever_tears_a_patient() -> None:
    draw = random.Random(1)
    for _ in range(300):
        part = {f"s{n}": draw.choice(["", "train", "test"]) for n in range(5)}
        owners = [Owner(n, (s := f"s{draw.randrange(5)}", s, s), "", part[s], f"{n}", "", "", False) for n in range(12)]
        goes = {owner.image_id: f"s{draw.randrange(9)}" for owner in owners if draw.random() < 0.6}
        places, parts, told = plan(iter(owners), lambda o: (goes.get(o.image_id, o.place[0]),) * 3)  # noqa: B023
        now = part | parts
        for owner in owners:
            subject = places.get(owner.image_id, owner.place)[0]
            came_from = {o.part for o in owners if places.get(o.image_id, o.place)[0] == subject} - {""}
            assert now[subject] == ("train" if len(came_from) > 1 else next(iter(came_from), now[subject]))
        assert told.moved == len(places)


def test_a_bad_pattern_or_an_empty_project_changes_nothing(project: Project, tmp_path: Path) -> None:
    with pytest.raises(SSLStudioError, match="not a valid expression"):
        telling_apart.change(project, Identity("("))
    with Project.create(tmp_path / "empty") as empty, pytest.raises(SSLStudioError, match="no image"):
        telling_apart.change(empty, Identity())


def dicom(patient: str, study: str, name: str, images: int = 1) -> FileFacts:
    who = pseudonym(KEY, "subject", patient) if patient else ""
    return FileFacts(name, who, pseudonym(KEY, "study", study), images, name, True)


def test_blank_shared_and_placeholder_ids_are_seen_and_can_be_ignored() -> None:
    files = [dicom(f"P{n % 10}", f"s{n % 10}", f"a/{n}.dcm") for n in range(40)]
    files += [dicom("ANONYMOUS", f"anon-{n}", f"b/{n}.dcm") for n in range(3)]
    files += [dicom("77-1", f"many-{n}", f"c/{n}.dcm", 5) for n in range(12)]
    files += [dicom("", "lone", "d/x.dcm")]
    seen = group(files, IdentityRules(KEY))
    assert (seen.files, seen.subjects, seen.smallest, seen.largest, seen.blank) == (56, 13, 1, 60, 1)
    assert [(one.studies, one.known_word) for one in seen.placeholders] == [(12, False), (3, True)]
    assert seen.dominated and seen.by_source == {"header": 55, "study": 1}
    assert len(import_words.doubts(seen)) == 4
    ignored = frozenset(one.subject for one in seen.placeholders)
    assert group(files, IdentityRules(KEY, placeholders=ignored)).subjects == 10 + 3 + 12 + 1
    assert group(files, IdentityRules(KEY, order="study")).subjects == 26
    best = suggest(files, KEY)
    assert (best.way, best.pattern, best.ignore_placeholders) == ("header", "", True)
    assert "2 patient ids" in best.reason
    assert not suggest(files[:40], KEY).ignore_placeholders
    few = [dicom("ANONYMOUS", f"few-{n}", f"sub-{n:02}/x{n}.dcm") for n in range(2)]
    named = suggest([*few, *(FileFacts(f"sub-{n // 4:02}/{n}.png") for n in range(40))], KEY)
    assert named.way == "bids" and named.ignore_placeholders


@pytest.mark.parametrize(
    ("name", "way"),
    [
        ("sub-{p:02}/anat/scan{n}.nii", "bids"),
        ("all/patient_{p:03}_{n}.png", "word"),
        ("{p:04}/img{n}.png", "folder"),
        ("set/K{p}x_{n}.png", "name"),
        ("x/y/IM_{p:05}_{n}.png", "middle"),
    ],
)
def test_the_pattern_that_fits_is_suggested(name: str, way: str) -> None:
    files = [FileFacts(name.format(p=p, n=n)) for p in range(12) for n in range(4)]
    best = suggest(files, KEY)
    assert best.way == way and "12 patients" in best.reason and "4 images" in best.reason
    assert best.pattern == next(pattern for known, pattern, _ in PATTERNS if known == way)


def test_classes_are_not_taken_for_patients() -> None:
    files = [FileFacts(f"{kind}/{n}.png") for kind in ("glioma", "normal") for n in range(200)]
    assert suggest(files, KEY).pattern == ""


def test_the_order_of_rules() -> None:
    pattern = compile_pattern(r"(?P<subject>sub-\d+)")
    who = {"relative": "sub-1/a.dcm", "digest": "d", "patient": "PPP", "study": "SSS"}
    assert IdentityRules(KEY, pattern=pattern).find(**who).source == "header"
    assert IdentityRules(KEY, pattern=pattern, order="path").find(**who).source == "pattern"
    assert IdentityRules(KEY, pattern=pattern, order="study").find(**who).source == "study"
    blank = IdentityRules(KEY, placeholders=frozenset(["PPP"]))
    assert blank.find(**who).source == "study"
    assert blank.find("a/b.png", "d", "", "").words == "a" and blank.find("b.png", "d", "", "").source == "file"
