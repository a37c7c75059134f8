"""The walk finds every file once, in order, and survives links, pipes and unreadable folders."""

import os
import sys
import threading
import zipfile
from pathlib import Path

import pytest

from sslstudio.importers import containers
from sslstudio.importers.discovery import Discovery


def walk(*sources: Path) -> list[tuple[str, str]]:
    return [(file.relative, file.problem) for file in Discovery(list(sources))]


def test_order_hidden_and_system_files(tmp_path: Path) -> None:
    for name in (
        "b/2.png",
        "b/10.png",
        "a.png",
        "c.png",
        ".hidden/x.png",
        "Thumbs.db",
        "__MACOSX/x",
        "my.sslproj/p.bin",
        "~$x",
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    discovery = Discovery([tmp_path])
    assert [file.relative for file in discovery] == ["a.png", "c.png", "b/10.png", "b/2.png"]
    assert discovery.hidden == 5


def test_single_files_and_overlapping_sources_come_once(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "a.png").write_bytes(b"x")
    assert walk(tmp_path / "d" / "a.png", tmp_path, tmp_path / "d") == [("a.png", "")]


def test_empty_and_missing(tmp_path: Path) -> None:
    (tmp_path / "e.png").touch()
    assert walk(tmp_path, tmp_path / "none") == [("e.png", "zero_bytes"), ("none", "missing")]


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights on Windows")
def test_links_and_pipes(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "a.png").write_bytes(b"x")
    (tmp_path / "d" / "loop").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "broken.png").symlink_to(tmp_path / "nothing")
    os.mkfifo(tmp_path / "pipe.png")
    assert walk(tmp_path) == [("broken.png", "missing"), ("pipe.png", "not_a_file"), ("d/a.png", "")]


def test_an_archive_that_hangs_holds_back_no_other_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a.zip", "c.zip", "d.zip"):
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            archive.writestr("in.png", b"x")
    (tmp_path / "b.png").write_bytes(b"x")
    for_ever, late, listed = threading.Event(), threading.Event(), containers.members

    def members(path: str) -> list[containers.Member] | None:
        {"a.zip": for_ever, "c.zip": late}.get(Path(path).name, done).wait()
        return listed(path)

    done = threading.Event()
    done.set()
    monkeypatch.setattr(containers, "members", members)
    found = iter(Discovery([tmp_path], seconds=1.0, slow_seconds=0.05))
    assert [next(found).relative for _ in range(2)] == ["b.png", "d.zip/in.png"]
    late.set()
    assert [(file.relative, file.problem) for file in found] == [("a.zip", "decoder_timeout"), ("c.zip/in.png", "")]
    for_ever.set()


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="needs a user whom permissions bind")
def test_forbidden_folder_is_listed(tmp_path: Path) -> None:
    (tmp_path / "secret").mkdir(mode=0)
    assert walk(tmp_path) == [("secret", "permission")]


@pytest.mark.skipif(sys.platform != "linux", reason="names that are no text exist on Linux only")
def test_torture_names(tmp_path: Path) -> None:
    names = [
        b"new\nline.png",
        b"\xff\xfe.png",
        "😀 und ü.png".encode(),
        b"'quote\".png",
        b"x" * 200 + b".png",
        b" .png",
    ]
    for name in names:
        (tmp_path / os.fsdecode(name)).write_bytes(b"x")
    assert {os.fsencode(relative) for relative, _ in walk(tmp_path)} == set(names)


def test_a_table_by_itself_gives_the_files_it_names(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    for name in ("a/1.png", "a/2.png", "b/deep/3.png", "not named.png"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"x")
    (tmp_path / "outside.png").write_bytes(b"x")
    with zipfile.ZipFile(folder / "c.zip", "w") as file:
        file.writestr("x/4.png", b"x")
        file.writestr("x/5.png", b"x")
        file.writestr("y/6.png", b"x")
    whole = (tmp_path / "outside.png").as_posix()
    rows = ["a/1.png", "./a/1.png", "a/../a/2.png", "b", "gone.png", "../outside.png", whole]
    rows += ["c.zip/x/4.png", "c.zip/y", "c.zip/none.png"]
    (folder / "list.csv").write_text("image,patient\n" + "".join(f"{row},1\n" for row in rows), encoding="utf-8")
    found = [(file.relative, file.problem) for file in Discovery([folder / "list.csv"])]
    assert found == [
        ("a/1.png", ""),
        ("a/2.png", ""),
        ("b/deep/3.png", ""),
        ("../outside.png", "outside_table"),
        (whole.lstrip("/"), ""),
        ("c.zip/x/4.png", ""),
        ("c.zip/y/6.png", ""),
        ("c.zip/none.png", "missing"),
        ("gone.png", "missing"),
    ]
    (folder / "names.csv").write_text("image\n1.png\n3.jpg\nnothing.png\n", encoding="utf-8")
    assert walk(folder / "names.csv") == [("a/1.png", ""), ("b/deep/3.png", ""), ("nothing.png", "missing")]
    every = [file.relative for file in Discovery([folder])]
    assert "list.csv" in every and "not named.png" in every  # in a folder it is a file like any other
    (folder / "words.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    assert walk(folder / "words.csv") == [("words.csv", "")]
