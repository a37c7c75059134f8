"""The sharing check finds what was planted in whatever form, raises no alarm over clean files, and shows no word."""

from __future__ import annotations

import itertools
import random
from pathlib import Path

import pytest

from benchmarks import sharing_leaks
from sslstudio.exporters.sharing.check import Outcome, check, mask, said
from sslstudio.exporters.sharing.knowledge import Knowledge, keep, kept
from sslstudio.exporters.sharing.search import Searcher
from sslstudio.exporters.sharing.words import Word, gather, spellings


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, str], Outcome, Outcome]:
    return sharing_leaks.run(tmp_path_factory.mktemp("sharing"), 3)


def test_every_planted_leak_is_found(searched: tuple[dict[str, str], Outcome, Outcome]) -> None:
    truth, planted, _ = searched
    assert len(truth) == 200
    assert sharing_leaks.missed(truth, planted) == []
    assert len(set(truth.values())) >= 14
    assert planted.headers == planted.known_files == 10


def test_clean_files_raise_no_alarm(searched: tuple[dict[str, str], Outcome, Outcome]) -> None:
    clean = searched[2]
    assert clean.findings == []
    assert clean.clean
    assert clean.files == len(sharing_leaks.WAYS) + 1


def test_what_is_told_holds_no_word_whole(searched: tuple[dict[str, str], Outcome, Outcome]) -> None:
    told = " ".join(f"{one.file} {one.where} {one.masked}" for one in searched[1].findings)
    for word in (*sharing_leaks.FAMILIES[3:5], "Vogelsang", "Klinikum", "Leserin", "scan-70", "/tmp/"):
        assert word not in told


def test_counts_and_sentence(searched: tuple[dict[str, str], Outcome, Outcome]) -> None:
    counts = searched[1].counts()
    assert sum(counts["found"].values()) == len(searched[1].findings)
    assert set(counts) >= {"files", "looked_for", "headers", "originals", "pictures", "not_searched"}
    assert said(searched[2].counts()).startswith("Nothing found in 27 files: looked for")


def _words(*texts: str) -> Searcher:
    return Searcher([Word("name", text) for text in texts])


@pytest.mark.parametrize("text", ["0.123456", "1123456", "123456.7", "Meiersche", "Steinmeier"])
def test_parts_of_longer_words_and_numbers_do_not_count(text: str) -> None:
    assert _words("Meier", "123456").find(text.encode()) == {}


@pytest.mark.parametrize("text", ["MEIER,1", "x_meier_y", "id:123456.", '"Meier"', "Meier-1.png"])
def test_whole_words_count(text: str) -> None:
    assert len(_words("Meier", "123456").find(text.encode())) == 1


def test_words_in_noise_are_found_at_any_place() -> None:
    rng = random.Random(1)
    searcher = _words("Kanarienvogel Anna", "Ærøskøbing")
    for encoding, shift in itertools.product(("utf-8", "utf-16-le", "latin-1"), range(5)):
        content = rng.randbytes(5000 + shift) + "Ærøskøbing".encode(encoding) + rng.randbytes(3000)
        assert {word.text for word in searcher.find(content)} == {"Ærøskøbing"}


def test_names_are_turned_round_and_short_words_left_alone() -> None:
    found = list(spellings("name", "Li^Wei", ""))
    assert {"Li Wei", "Wei Li", "Wei_Li", "LiWei", "Li^Wei"} <= set(found)
    assert "Li" not in found


def test_a_word_of_our_own_cards_is_looked_for_with_its_name_only() -> None:
    """A phantom called so is real; "logistic regression" stands on every card."""
    looked_for = {
        word.text
        for word in gather(Knowledge(project="p", key="k" * 64, people=("Test^Regression", "Vogelsang^Ida"))).words
    }
    assert {"Test Regression", "Regression, Test", "Vogelsang", "Ida Vogelsang"} <= looked_for
    assert "Regression" not in looked_for


def test_dates_of_the_project_itself_are_not_looked_for() -> None:
    assert list(spellings("date", "20260301", "2026-02-01")) == []
    assert "01.03.2026" in list(spellings("date", "20260301", "2026-05-01"))
    assert "2026-03-01" in list(spellings("birth", "20260301", "2026-02-01"))


def test_a_private_folder_keeps_what_is_known_for_this_user_alone(tmp_path: Path) -> None:
    known = Knowledge(project="/x/y.sslproj", key="ab" * 32)
    assert kept(tmp_path) is None
    keep(known, tmp_path)
    assert kept(tmp_path) == known
    assert (tmp_path / "sharing.json").stat().st_mode & 0o077 == 0


def test_a_file_too_large_is_named_as_not_searched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sslstudio.exporters.sharing.containers.MOST_INFLATED", 1000)
    (tmp_path / "a.txt.gz").write_bytes(sharing_leaks.gzip.compress(b"x" * 5000))
    outcome = check([tmp_path], Knowledge(project="/x/y.sslproj", key="ab" * 32), tmp_path, [])
    assert outcome.not_searched == ["a.txt.gz"]
    assert not outcome.clean


def test_masks_show_a_first_letter_at_most() -> None:
    assert mask("Meier") == "M••••"
    assert mask("") == ""
