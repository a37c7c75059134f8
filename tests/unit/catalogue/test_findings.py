"""Findings are adopted once, quarantine holds until somebody looks, and no later look changes a decision."""

from __future__ import annotations

from pathlib import Path

import pytest

from sslstudio.catalogue import Catalogue
from sslstudio.catalogue.findings import kept, left_out
from sslstudio.catalogue.rows import FindingRow
from sslstudio.domain.findings import TEXT_SUSPECTED, Box, Finding, FindingKind, Look
from tests.fakes.catalogue_rows import found, row

HASHES = "0123456789abcdef" * 2


def look(image_id: int, *kinds: FindingKind, score: float = 0.9) -> Look:
    boxes = (Box(left=0.1, top=0.0, width=0.5, height=0.1),)
    findings = tuple(Finding(image_id=image_id, kind=kind, score=score, why="Why.", boxes=boxes) for kind in kinds)
    return Look(image_id=image_id, hashes=HASHES, border=3, middle=90, findings=findings)


def copies(*ids: int, group: str = "d1") -> list[Finding]:
    return [
        Finding(image_id=key, kind="duplicate", score=0.98, why="Why.", group=group, representative=key == ids[0])
        for key in ids
    ]


def reasons(catalogue: Catalogue) -> dict[int, str]:
    return catalogue.excluded()


def only(catalogue: Catalogue, kind: FindingKind) -> FindingRow:
    (one,) = catalogue.findings(kind, state=None)
    return one


def test_findings_come_back_as_they_were_found(catalogue: Catalogue) -> None:
    assert catalogue.images_not_looked_at() == 24
    assert catalogue.adopt_looks("triage-1", [look(1, "blank"), look(2), look(9999, "blank")]) == 3
    one = only(catalogue, "blank")
    assert (one.image_id, one.state, one.score, one.excluded) == (1, "open", 0.9, None)
    assert one.boxes == look(1, "blank").findings[0].boxes
    assert catalogue.images_not_looked_at() == 22 and catalogue.images_not_searched() == 2
    known = {known.image_id: known for known in catalogue.known_images()}
    assert (known[1].hashes, known[1].border, known[1].middle, known[1].searched) == (HASHES, 3, 90, False)
    catalogue.adopt_compared("triage-1", copies(1, 2), [1, 2])
    assert catalogue.images_not_searched() == 0
    assert [one.group for one in catalogue.known_images()] == ["d1", "d1"]
    counts = {count.kind: count for count in catalogue.finding_counts()}
    assert (counts["duplicate"].open, counts["duplicate"].open_groups, counts["blank"].open_groups) == (2, 1, 0)


def test_suspected_text_is_left_out_until_somebody_looks(catalogue: Catalogue) -> None:
    catalogue.set_excluded([3], "Poor quality")
    catalogue.adopt_looks("triage-1", [look(1, "text"), look(2, "marker"), look(3, "text")])
    assert reasons(catalogue) == {1: TEXT_SUSPECTED, 3: "Poor quality"}
    assert catalogue.quarantined() == 1 and 1 not in {item.image_id for item in catalogue.items()}
    first, third = catalogue.findings("text")
    inverse = catalogue.decide([kept(first), left_out(third)])
    assert reasons(catalogue) == {3: "Poor quality"} and catalogue.findings("text") == []
    catalogue.decide(inverse)
    assert reasons(catalogue) == {1: TEXT_SUSPECTED, 3: "Poor quality"} and len(catalogue.findings("text")) == 2
    catalogue.decide([left_out(first)])
    assert reasons(catalogue)[1] == "Burned-in text"
    catalogue.decide([kept(only_of(catalogue, 1))])
    assert 1 not in reasons(catalogue)


def only_of(catalogue: Catalogue, image_id: int) -> FindingRow:
    (one,) = catalogue.findings_of(image_id)
    return one


@pytest.mark.parametrize("again", [look(1, "text", score=0.5), look(1)])
def test_a_later_look_never_overrides_a_decision(catalogue: Catalogue, again: Look) -> None:
    catalogue.adopt_looks("triage-1", [look(1, "text"), look(2, "text"), look(4, "text")])
    first, second, _ = catalogue.findings("text")
    catalogue.decide([kept(first), left_out(second)])
    catalogue.adopt_looks("triage-2", [again, look(2)])
    assert [(one.state, one.score) for one in catalogue.findings_of(1)] == [("dismissed", 0.9)]
    assert [one.state for one in catalogue.findings_of(2)] == ["confirmed"]
    assert reasons(catalogue) == {2: "Burned-in text", 4: TEXT_SUSPECTED}
    catalogue.adopt_looks("triage-2", [look(4)])  # nobody had decided: the suspicion is gone, and with it the exclusion
    assert catalogue.findings_of(4) == [] and 4 not in reasons(catalogue)


def test_taken_in_by_hand_stays_in(catalogue: Catalogue) -> None:
    catalogue.adopt_looks("triage-1", [look(1, "text")])
    catalogue.set_excluded([1], None)
    catalogue.adopt_looks("triage-2", [look(1, "text")])
    assert reasons(catalogue) == {}


def test_adopting_the_same_run_twice_changes_nothing(catalogue: Catalogue) -> None:
    for _ in range(2):
        catalogue.adopt_looks("triage-1", [look(1, "text", "screenshot"), look(2)])
        catalogue.adopt_compared("triage-1", copies(1, 2), [1, 2])
    assert {one.kind for one in catalogue.findings_of(1)} == {"text", "screenshot", "duplicate"}
    assert reasons(catalogue) == {1: TEXT_SUSPECTED}


def test_groups_come_whole_and_page_by_page(catalogue: Catalogue) -> None:
    catalogue.adopt_compared("triage-1", [*copies(5, 6, 7, group="d5"), *copies(1, 2, group="d1")], [])
    assert [one.image_id for one in catalogue.findings("duplicate")] == [1, 2, 5, 6, 7]
    assert [one.image_id for one in catalogue.findings("duplicate", limit=1, offset=1)] == [5, 6, 7]
    second = catalogue.findings_of(6)[0]
    catalogue.decide([left_out(second)])
    assert [one.image_id for one in catalogue.findings("duplicate", limit=1, offset=1)] == [5, 6, 7]
    catalogue.adopt_compared("triage-2", copies(1, 2, 5, 6, 7, 8, group="d1"), [])
    assert {one.group for one in catalogue.findings("duplicate", state=None)} == {"d1"}
    assert catalogue.findings_of(6)[0].state == "confirmed"
    catalogue.adopt_compared("triage-3", copies(1, 2), [], anew=True)
    assert [one.image_id for one in catalogue.findings("duplicate", state=None)] == [1, 2, 6]


def test_a_split_keeps_near_duplicates_on_one_side_unless_dismissed(tmp_path: Path) -> None:
    catalogue = Catalogue(tmp_path / "project.sqlite", create=True)
    catalogue.adopt_import("import-1", [row(f"/d/{n}.png", found(f"p{n}", n)) for n in range(40)])
    pairs = [copies(n, n + 1, group=f"d{n}") for n in range(1, 40, 2)]
    catalogue.adopt_compared("triage-1", [one for pair in pairs for one in pair], [])
    for seed in range(5):
        catalogue.split_by_subject(0.25, seed)
        parts = catalogue.parts()
        assert all(parts[n] == parts[n + 1] for n in range(1, 40, 2))
    catalogue.decide([kept(one) for one in catalogue.findings("duplicate")])
    torn = 0
    for seed in range(5):
        catalogue.split_by_subject(0.25, seed)
        parts = catalogue.parts()
        torn += sum(parts[n] != parts[n + 1] for n in range(1, 40, 2))
    assert torn
    catalogue.close()


def test_looks_are_adopted_in_short_transactions(catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sslstudio.catalogue.findings.IMAGES_PER_TRANSACTION", 10)
    held: list[int] = []
    transaction = catalogue._db.transaction

    def counted():
        held.append(1)
        return transaction()

    monkeypatch.setattr(catalogue._db, "transaction", counted)
    catalogue.adopt_looks("triage-1", [look(n) for n in catalogue.image_ids()])
    assert len(held) == 3
