"""Tries, pauses, partial failures and the account, on an archive that fails to order."""

from __future__ import annotations

from pathlib import Path

import pytest

from sslstudio.errors import SSLStudioError
from sslstudio.pacs.files import ReceivingFolder
from sslstudio.pacs.retrieving import Outcome, Patience, Retrieval
from sslstudio.pacs.rows import Wish
from tests.fakes.archives import FakeArchive

STUDY = (Wish(study="1.2"),)


def run(archive: FakeArchive, folder: Path, wishes: tuple[Wish, ...] = STUDY, tries: int = 3) -> Outcome:
    return Retrieval(
        archive, "Fake", ReceivingFolder(folder, "Fake"), lambda *_: None, lambda: None, Patience(tries, 0.0)
    ).run(wishes)


def test_what_is_wished_twice_comes_once(tmp_path: Path) -> None:
    archive = FakeArchive.filled(tmp_path / "held", 3, 2)
    outcome = run(archive, tmp_path / "in", (Wish(study="1.2", series="1.2.2"), *STUDY))
    assert outcome.received == 5 and outcome.series == 2 and len(archive.fetched) == 2


def test_only_the_wished_series_comes(tmp_path: Path) -> None:
    outcome = run(FakeArchive.filled(tmp_path / "held", 3, 2), tmp_path / "in", (Wish(study="1.2", series="1.2.2"),))
    assert outcome.received == 2
    assert [path.name for path in (tmp_path / "in").iterdir()] == ["1.2.2"]


def test_a_passing_fault_is_tried_again_and_only_what_is_missing_is_asked_for(tmp_path: Path) -> None:
    archive = FakeArchive.filled(tmp_path / "held", 4)
    archive.faults = ["lost", "timeout", "busy", "lost"]
    outcome = run(archive, tmp_path / "in", tries=2)
    assert outcome.received == 4 and not outcome.problems
    assert [len(asked) for asked in archive.fetched] == [
        4,
        3,
        2,
        1,
    ][: len(archive.fetched)]


def test_an_archive_that_stays_away_ends_it_and_says_how_far_it_came(tmp_path: Path) -> None:
    archive = FakeArchive.filled(tmp_path / "held", 4, 4)
    archive.faults = ["", "refused", "refused", "refused"]
    archive.before = 0
    with pytest.raises(SSLStudioError) as error:
        run(archive, tmp_path / "in")
    assert error.value.code == "lost" and "4 of 8 images are here" in error.value.message
    assert "not fetched twice" in error.value.hint
    again = run(FakeArchive(archive.held), tmp_path / "in")
    assert (again.received, again.already) == (4, 4)


@pytest.mark.parametrize("code", ["login", "forbidden", "unknown_destination", "disk_full"])
def test_what_will_not_pass_is_not_tried_again(tmp_path: Path, code: str) -> None:
    archive = FakeArchive.filled(tmp_path / "held", 2)
    archive.faults = [code]
    with pytest.raises(SSLStudioError) as error:
        run(archive, tmp_path / "in")
    assert error.value.code == code and len(archive.fetched) == 1


def test_a_series_that_fails_does_not_stop_the_others_and_is_listed(tmp_path: Path) -> None:
    archive = FakeArchive.filled(tmp_path / "held", 2, 3, 2)
    archive.unsent = frozenset({"1.2.2.2", "1.2.2.3"})
    outcome = run(archive, tmp_path / "in")
    assert (outcome.received, outcome.missing) == (5, 2)
    (found,) = outcome.problems
    assert (found.place, found.of, found.missing, found.expected, found.code) == (2, 3, 2, 3, "not_sent")
    sentence = found.sentence("Fake")
    assert sentence.startswith("Series 2 of 3 (CT): 2 of 3 images are missing.") and "1.2.2" not in sentence


def test_identifiers_that_break_the_rules_are_counted_and_never_asked_for(tmp_path: Path) -> None:
    archive = FakeArchive.filled(tmp_path / "held", 2)
    archive.extra = ("../../x", "", "1" * 65)
    outcome = run(archive, tmp_path / "in")
    assert (outcome.received, outcome.missing) == (2, 3) and outcome.problems[0].code == "unusable_uid"
    assert archive.fetched == [("1.2.1.1", "1.2.1.2")]


def test_nothing_at_all_is_an_error(tmp_path: Path) -> None:
    archive = FakeArchive.filled(tmp_path / "held", 2)
    archive.unsent = frozenset(archive.held["1.2.1"])
    with pytest.raises(SSLStudioError) as error:
        run(archive, tmp_path / "in")
    assert error.value.code == "not_sent"


def test_a_pause_between_tries_ends_when_it_is_stopped(tmp_path: Path) -> None:
    class Stop(Exception):  # noqa: N818 - as the cancel of a job
        pass

    archive = FakeArchive.filled(tmp_path / "held", 2)
    archive.faults, archive.before = ["lost"], 0
    looks = 0

    def check() -> None:
        nonlocal looks
        looks += 1
        if archive.fetched and looks > 5:
            raise Stop

    into = ReceivingFolder(tmp_path / "in", "Fake")
    with pytest.raises(Stop):
        Retrieval(archive, "Fake", into, lambda *_: None, check, Patience(3, 3600.0)).run(STUDY)
    assert not into.parts.exists()


def test_a_modality_that_is_none_is_not_repeated(tmp_path: Path) -> None:
    archive = FakeArchive.filled(tmp_path / "held", 2)
    archive.unsent = frozenset({"1.2.1.1"})
    rows = archive.series("1.2")
    archive.series = lambda study: tuple(row.model_copy(update={"modality": "Doe^Jane"}) for row in rows)
    assert "Doe" not in run(archive, tmp_path / "in").model_dump_json()
