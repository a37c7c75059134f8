"""A project on disk: created, opened, locked by one writer, read beside it, refused when it is none."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from sslstudio.catalogue.database import Database
from sslstudio.catalogue.schema import MIGRATIONS
from sslstudio.errors import SSLStudioError
from sslstudio.session import Project, project_lock

HOLD = """
import sys, time
from sslstudio.session import Project
project = Project.open(sys.argv[1])
print("open", flush=True)
time.sleep(60)
"""


def refused(path: Path, **options: bool) -> SSLStudioError:
    with pytest.raises(SSLStudioError) as caught:
        Project.open(path, **options)
    return caught.value


def test_a_new_project_has_its_suffix_folders_and_key(tmp_path: Path) -> None:
    with Project.create(tmp_path / "new" / "Thorax") as project:
        assert project.path == tmp_path / "new" / "Thorax.sslproj"
        assert project.name == "Thorax" and not project.read_only and project.notices == []
        folders = {p.name for p in project.path.iterdir() if p.is_dir()}
        assert folders == {"pixels", "thumbnails", "runs", "embeddings", "maps", "models", "exports"}
        assert len(project.pseudonym_key) == 32
        key = project.pseudonym_key
    with Project.open(tmp_path / "new" / "Thorax.sslproj") as again:
        assert again.pseudonym_key == key
    with Project.create(tmp_path / "other.sslproj") as other:
        assert other.pseudonym_key != key


def test_a_project_opens_by_name_with_or_without_suffix(project: Project, tmp_path: Path) -> None:
    project.close()
    with Project.open(tmp_path / "Thorax 2026") as again:
        assert again.path == project.path


def test_what_stands_there_is_not_overwritten(project: Project, tmp_path: Path) -> None:
    with pytest.raises(SSLStudioError) as caught:
        Project.create(project.path)
    assert caught.value.code == "exists"
    (tmp_path / "file.sslproj").write_text("x")
    with pytest.raises(SSLStudioError) as caught:
        Project.create(tmp_path / "file")
    assert caught.value.code == "exists"
    (tmp_path / "inside").write_text("x")
    with pytest.raises(SSLStudioError) as caught:
        Project.create(tmp_path / "inside" / "project")
    assert caught.value.code == "no_access"


def test_what_is_no_project_is_refused(tmp_path: Path) -> None:
    assert refused(tmp_path).code == "not_a_project"
    assert refused(tmp_path / "none").code == "not_a_project"
    assert list(tmp_path.iterdir()) == []


def test_a_second_opening_names_who_holds_the_project(project: Project) -> None:
    error = refused(project.path)
    assert error.code == "locked"
    assert f"process {os.getpid()}" in error.message
    with Project.open(project.path, read_only=True) as reader:
        assert reader.read_only
        project.catalogue.set_setting("a", 1)
        assert reader.catalogue.setting("a") == 1
    project.close()
    Project.open(project.path).close()


@pytest.mark.skipif(os.name == "nt", reason="kills by SIGKILL")
def test_the_lock_dies_with_its_process(project: Project) -> None:
    path = project.path
    project.close()
    child = subprocess.Popen([sys.executable, "-c", HOLD, str(path)], stdout=subprocess.PIPE)
    assert child.stdout is not None and child.stdout.readline() == b"open\n"
    assert f"process {child.pid}" in refused(path).message
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    child.stdout.close()
    Project.open(path).close()


@pytest.mark.skipif(os.name == "nt", reason="needs fork-like inheritance")
def test_a_child_process_does_not_keep_the_project_locked(project: Project) -> None:
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(30)"])
    project.close()
    Project.open(project.path).close()
    child.kill()
    child.wait()


def test_of_many_that_race_one_wins(project: Project) -> None:
    path = project.path
    project.close()
    script = (
        "import sys, time\nfrom sslstudio.errors import SSLStudioError\nfrom sslstudio.session import Project\n"
        "sys.stdin.readline()\n"
        "try:\n    p = Project.open(sys.argv[1])\n    print('won', flush=True)\n"
        "    sys.stdin.readline()\n    p.close()\n"
        "except SSLStudioError as e:\n    print(e.code, flush=True)\n"
    )
    racers = [
        subprocess.Popen([sys.executable, "-c", script, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for _ in range(4)
    ]
    for racer in racers:
        assert racer.stdin is not None
        racer.stdin.write(b"go\n")
        racer.stdin.flush()
    answers = [racer.stdout.readline().strip() for racer in racers if racer.stdout is not None]
    for racer in racers:
        racer.communicate(b"end\n")
    assert sorted(answers) == [b"locked"] * 3 + [b"won"]


def test_a_note_that_cannot_be_read_is_no_obstacle(project: Project) -> None:
    (project.path / "lock").write_bytes(b"\xff\x00 nonsense")
    assert "in another window" in refused(project.path).message
    project.close()
    (project.path / "lock").write_bytes(b"nonsense left by a crash")
    Project.open(project.path).close()


def test_a_user_without_a_name_can_still_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody() -> str:
        raise KeyError

    monkeypatch.setattr(project_lock.getpass, "getuser", nobody)
    lock = project_lock.ProjectLock(tmp_path / "lock")
    lock.release()
    lock.release()


def test_a_newer_project_opens_read_only_and_leaves_the_lock_free(project: Project) -> None:
    project.close()
    Database(project.path / "project.sqlite", migrations=(*MIGRATIONS, ("CREATE TABLE later (x)",))).close()
    with Project.open(project.path) as newer, Project.open(project.path) as second:
        assert newer.read_only and second.read_only
        assert "newer version" in newer.notices[0]


def test_a_project_that_was_moved_opens_in_its_new_place(filled: Project, tmp_path: Path) -> None:
    filled.close()
    target = tmp_path / "elsewhere" / "Renamed.sslproj"
    target.parent.mkdir()
    filled.path.rename(target)
    with Project.open(target) as moved:
        assert moved.catalogue.counts().images == 24 and moved.name == "Renamed"


def test_damage_leaves_the_lock_free(project: Project) -> None:
    project.close()
    (project.path / "project.sqlite").write_bytes(b"not a database, not a database" * 100)
    assert refused(project.path).code == "damaged"
    assert refused(project.path).code == "damaged"
