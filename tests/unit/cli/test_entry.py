"""The entry point: what opens the window, what runs on the command line, and the exit codes."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sslstudio import __main__ as entry
from sslstudio.cli import checkup, demo


@pytest.fixture
def windows(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Path | None, bool]]:
    """The windows that would have been opened, in place of real ones."""
    opened: list[tuple[Path | None, bool]] = []

    def remember(project: Path | None, *, demo: bool) -> int:
        opened.append((project, demo))
        return 0

    monkeypatch.setattr(entry, "_open_window", remember)
    return opened


def test_no_command_opens_the_window(windows: list[tuple[Path | None, bool]]) -> None:
    assert entry.main([]) == 0
    assert windows == [(None, False)]


def test_open_opens_the_window_with_the_project(windows: list[tuple[Path | None, bool]]) -> None:
    assert entry.main(["open", "a.sslproj"]) == 0
    assert windows == [(Path("a.sslproj"), False)]


def test_demo_opens_the_window_with_the_demo_project_that_is_there(
    windows: list[tuple[Path | None, bool]], tmp_path: Path
) -> None:
    path = tmp_path / "Demo.sslproj"
    path.mkdir()
    assert entry.main(["demo", str(tmp_path)]) == 0
    assert windows == [(path, True)]


def test_the_demo_lives_among_the_users_data_unless_told_otherwise(tmp_path: Path) -> None:
    assert demo.default_folder().name == "demo"
    assert demo.free_name(tmp_path) == tmp_path / "Demo.sslproj"
    (tmp_path / "Demo.sslproj").mkdir()
    assert demo.free_name(tmp_path) == tmp_path / "Demo 2.sslproj"


def test_help_is_zero_and_wrong_usage_is_two(capsys: pytest.CaptureFixture[str]) -> None:
    assert entry.main(["--help"]) == 0
    assert entry.main(["--version"]) == 0
    assert entry.main(["import"]) == 2
    assert "usage:" in capsys.readouterr().err


def test_a_problem_is_one_sentence_with_a_hint(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert entry.main(["runs", str(tmp_path / "nothing")]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert len(captured.err.splitlines()) == 1
    assert "Traceback" not in captured.err


def test_a_problem_with_json_is_an_object(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert entry.main(["runs", str(tmp_path / "nothing"), "--json"]) == 1
    problem = json.loads(capsys.readouterr().out)
    assert problem.keys() == {"error", "hint", "code"}
    assert problem["code"] == "not_a_project"


def test_a_new_project_is_made_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert entry.main(["new", str(tmp_path / "study"), "--json"]) == 0
    made = json.loads(capsys.readouterr().out)
    assert made == {"project": str(tmp_path / "study.sslproj"), "name": "study"}
    assert entry.main(["new", str(tmp_path / "study")]) == 1
    assert entry.main(["runs", str(tmp_path / "study"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1]) == {"runs": [], "models": [], "waiting": []}


def test_a_run_directory_that_is_none_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert entry.main(["run", str(tmp_path), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["code"] == "not_a_run"


def test_a_bug_is_told_by_its_place_and_not_by_a_librarys_words(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    canary = "".join(("CAN", "ARY"))

    def broken() -> None:
        raise ValueError(canary)

    monkeypatch.setattr(checkup, "examine", broken)
    assert entry.main(["doctor", "--json"]) == 1
    captured = capsys.readouterr()
    assert json.loads(captured.out)["code"] == "bug"
    assert "ValueError" in captured.err
    assert canary not in captured.out + captured.err


def test_plugins_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert entry.main(["plugin", "list", "--json"]) == 0
    plugins = json.loads(capsys.readouterr().out)["plugins"]
    assert [plugin["id"] for plugin in plugins if plugin["source"] == "bundled" and plugin["state"] == "enabled"]
    assert entry.main(["plugin", "enable", "nothing"]) == 1


def test_help_comes_within_half_a_second() -> None:
    seconds = []
    for _ in range(3):
        started = time.perf_counter()
        done = subprocess.run([sys.executable, "-m", "sslstudio", "--help"], capture_output=True, check=False)
        seconds.append(time.perf_counter() - started)
        assert done.returncode == 0
    assert min(seconds) < 0.5
