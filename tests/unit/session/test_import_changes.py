"""What changed since: new, changed, gone and moved files by real imports; labels and exclusions stay where they are."""

from __future__ import annotations

import os
import shutil
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sslstudio.catalogue.adoption import FILE_CHANGED, FILE_REPLACED
from sslstudio.catalogue.rows import LedgerQuery
from sslstudio.domain.labels import AddClass, ClassInfo, Label, SetLabels
from sslstudio.domain.specs import ImportSpec
from sslstudio.importers import patience
from sslstudio.importers.dicom_writer import DicomHeader, write_image
from sslstudio.importers.path_text import from_text, to_text
from sslstudio.session.import_table import write_import_list
from sslstudio.session.project import Project
from sslstudio.stages import import_images
from tests.fakes.image_files import write_png
from tests.unit.session.imports import carry_out


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    with Project.create(tmp_path / "p") as made:
        yield made


def fill(folder: Path, count: int, start: int = 0) -> list[Path]:
    return [write_png(folder / f"{n // 5}" / f"img-{n:03}.png", seed=n) for n in range(start, start + count)]


def by_name(project: Project) -> dict[str, int]:
    entries = project.catalogue.ledger()
    return {entry.file: entry.image_id for entry in entries if entry.image_id is not None}


def test_an_import_says_what_the_project_has_gained(project: Project, tmp_path: Path) -> None:
    """A second export of the same instances, with other words in the header, is no second image."""
    rng = np.random.default_rng(0)
    slices = [rng.integers(0, 4000, (16, 16)).astype(np.uint16) for _ in range(4)]
    for number, pixels in enumerate(slices[:3]):
        write_image(tmp_path / "disc" / f"{number}.dcm", pixels, DicomHeader(instance=number))
    first = carry_out(project, [tmp_path / "disc"], ImportSpec())
    assert (first["images"], first["copies"]) == (3, 0)
    for number, pixels in enumerate(slices):
        header = DicomHeader(instance=number, study_description="Exported again")
        write_image(tmp_path / "again" / f"{number}.dcm", pixels, header)
    second = carry_out(project, [tmp_path / "again"], ImportSpec())
    assert (second["images"], second["copies"]) == (1, 3)
    assert project.catalogue.counts().images == 4
    assert project.catalogue.run(second["run"]).result["images"] == 1
    trial = carry_out(project, [tmp_path / "again"], ImportSpec(dry_run=True))
    assert "copies" not in trial


def test_moves_are_relinked_changes_flagged_and_nothing_is_decoded_twice(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "scans"
    files = fill(source, 100)
    assert carry_out(project, [source], ImportSpec())["images"] == 100
    ids = by_name(project)
    catalogue = project.catalogue
    catalogue.apply(AddClass(info=ClassInfo(class_id=1, name="a", colour="#000000", key="1")))
    labels = tuple((n, Label(image_id=n, mark="class", class_id=1, origin="hand")) for n in sorted(ids.values()))
    catalogue.apply(SetLabels(labels=labels))
    catalogue.set_excluded([ids["img-000.png"]], "Poor quality")

    for number, path in enumerate(files[:20]):  # twenty moves, two of them under the name of another
        target = source / "moved" / (path.name if number > 1 else files[21 - number].name)
        target.parent.mkdir(exist_ok=True)
        path.rename(target)
    write_png(files[40], seed=900)
    os.utime(files[41])  # touched, not changed
    files[42].unlink()
    write_png(source / "new.png", seed=901)
    looked: list[str] = []
    take = import_images._Import.take

    def noted(self: Any, file: Any, answer: Any) -> None:
        looked.append(file.path)
        take(self, file, answer)

    monkeypatch.setattr(import_images._Import, "take", noted)
    result = carry_out(project, [source], ImportSpec())
    assert {name: result[name] for name in ("imported", "moved", "changed", "gone", "unchanged")} == {
        "imported": 1, "moved": 20, "changed": 1, "gone": 1, "unchanged": 78,
    }  # fmt: skip
    assert [Path(path).name for path in looked] == ["new.png"]
    assert "files_changed" in result["warnings"]
    now = by_name(project)
    for number, path in enumerate(files[:20]):
        name = path.name if number > 1 else files[21 - number].name
        moved = [e for e in catalogue.ledger(code="moved") if e.file == name and e.image_id == ids[path.name]]
        assert len(moved) == 1 and moved[0].folder.endswith("moved"), name
    assert catalogue.image(ids["img-000.png"]).excluded == "Poor quality"
    assert catalogue.image(ids["img-040.png"]).excluded == FILE_CHANGED
    assert len(catalogue.labels()) == 100 and now["img-042.png"] == ids["img-042.png"]
    assert catalogue.counts().images == 101

    again = carry_out(project, [source], ImportSpec())
    assert (again["unchanged"], again["changed"], again["moved"], again["imported"]) == (99, 1, 0, 0)


def test_a_changed_file_comes_in_as_a_new_image_only_when_asked(project: Project, tmp_path: Path) -> None:
    source = tmp_path / "scans"
    files = fill(source, 3)
    carry_out(project, [source], ImportSpec())
    first = by_name(project)["img-000.png"]
    write_png(files[0], seed=50)
    carry_out(project, [source], ImportSpec())
    flagged = project.catalogue.ledger(code="changed")
    assert [entry.file for entry in flagged] == ["img-000.png"]
    only = project.catalogue.chosen_files([flagged[0].number])
    assert carry_out(project, [source], ImportSpec(again=True), only=only)["imported"] == 1
    assert project.catalogue.counts().images == 4
    assert project.catalogue.image(first).excluded == FILE_REPLACED
    assert by_name(project)["img-000.png"] != first
    assert carry_out(project, [source], ImportSpec())["unchanged"] == 3


def test_a_changed_file_that_is_as_before_again_counts_again(project: Project, tmp_path: Path) -> None:
    source = tmp_path / "scans"
    files = fill(source, 2)
    before = files[0].read_bytes()
    carry_out(project, [source], ImportSpec())
    write_png(files[0], seed=50)
    carry_out(project, [source], ImportSpec())
    assert project.catalogue.counts().excluded == 1
    files[0].write_bytes(before)
    carry_out(project, [source], ImportSpec())
    assert project.catalogue.counts().excluded == 0 and project.catalogue.ledger_counts() == {"imported": 2}


def test_a_folder_that_was_moved_is_found_by_content_and_nothing_else_comes_in(
    project: Project, tmp_path: Path
) -> None:
    fill(tmp_path / "old", 6)
    shutil.copy(tmp_path / "old" / "0" / "img-000.png", tmp_path / "old" / "copy.png")
    carry_out(project, [tmp_path / "old"], ImportSpec())
    ids = by_name(project)
    (tmp_path / "old").rename(tmp_path / "new place")
    write_png(tmp_path / "new place" / "stranger.png", seed=77)
    result = carry_out(project, [tmp_path / "new place"], ImportSpec(relink_only=True))
    assert (result["moved"], result["imported"], project.catalogue.counts().images) == (7, 0, 6)
    assert by_name(project) == ids
    assert all("new place" in entry.folder for entry in project.catalogue.ledger())


def test_an_empty_folder_is_no_proof_that_its_files_are_gone(project: Project, tmp_path: Path) -> None:
    fill(tmp_path / "mount", 3)
    carry_out(project, [tmp_path / "mount"], ImportSpec())
    (tmp_path / "mount").rename(tmp_path / "away")
    (tmp_path / "mount").mkdir()
    result = carry_out(project, [tmp_path / "mount"], ImportSpec())
    assert result["gone"] == 0 and result["warnings"] == ["folder_empty"]
    assert project.catalogue.ledger_counts() == {"imported": 3}


@pytest.mark.skipif(sys.platform != "linux", reason="names that are no text exist on Linux only")
def test_sixty_odd_names_come_in_once_and_are_known_again(project: Project, tmp_path: Path) -> None:
    source = os.fsencode(tmp_path / "odd")
    (tmp_path / "odd").mkdir()
    names = [
        b" ", b"  lead.png", b"trail .png ", b"new\nline.png", b"tab\t.png", b"\xff\xfe.png", b"\xc3.png",
        b"a\\xff.png", b"a\\b.png", b"a\xff.png", "😀.png".encode(), "ü.png".encode(), b"u\xcc\x88.png", b"'q'.png",
        b'"dq".png', b"-rf.png", b"--help", b"#hash", b"%41.png", b"%.png", b"_.png", b"*.png", b"?.png",
        b"[a].png", b"$HOME", b"~tilde.png", b"a;b.png", b"a&b.png", b"a|b.png", b"<b>.png", b"`x`.png",
        b"{a}.png", b"(a).png", b"a,b.png", b"=1+1.png", b"@x.png", b"+x.png", b"CON.png", b"nul", b"x" * 250,
        "й".encode() * 100, b"no_ending", b"a.b.c.png", b"UPPER.PNG", b"upper.png", b"\x01ctl.png", b"\x7f.png",
        b"\xe2\x80\xae.png", b"\xef\xbb\xbfbom.png", b"0", b"null", b"None", b"..png", b"a..png", b"a b c d e.png",
        b"!.png", b"^.png", b"a=b.png", b"a:b.png", b"\xf0\x9f.png",
    ]  # fmt: skip
    names = [name for name in dict.fromkeys(names) if not name.startswith((b".", b"~$"))]
    assert len(names) >= 58
    deep = b"/".join(b"deep-%02d-%s" % (n, b"d" * 60) for n in range(20))
    Path(os.fsdecode(source + b"/" + deep)).mkdir(parents=True)
    names.append(deep + b"/end.png")
    for number, name in enumerate(names):
        write_png(tmp_path / "one.png", seed=number).rename(os.fsdecode(source + b"/" + name))
    result = carry_out(project, [tmp_path / "odd"], ImportSpec())
    assert (result["imported"], result["skipped"]) == (len(names), 0)
    stored = {from_text(entry.path) for entry in project.catalogue.ledger()}
    assert {os.fsencode(path) for path in stored} == {source + b"/" + name for name in names}
    assert carry_out(project, [tmp_path / "odd"], ImportSpec())["unchanged"] == len(names)
    target = tmp_path / "list.csv"
    assert write_import_list(project, target, LedgerQuery(), paths=True) == len(names)
    assert len(target.read_text(encoding="utf-8").splitlines()) == len(names) + 1


def test_paths_become_text_and_back() -> None:
    if sys.platform == "win32":
        assert to_text("C:\\x41") == from_text("C:\\x41")
        return
    for raw in (b"/a/b", b"/a\\xff", b"/a\xff", b"/\\x5c", b"/\xc3\xbc\xff\\", b"/\\", b"/ok\\x", b"/\\x41"):
        path = os.fsdecode(raw)
        assert from_text(to_text(path)) == path
        to_text(path).encode()
    assert len({to_text(os.fsdecode(raw)) for raw in (b"/a\xff", b"/a\\xff", b"/a\\x5cxff")}) == 3


def test_a_call_that_hangs_is_given_up() -> None:
    stuck = threading.Event()
    patient = patience.Patience()
    with pytest.raises(TimeoutError):
        patient.call(0.2, stuck.wait)
    assert patient.call(5.0, lambda: 7) == 7
    stuck.set()
    patient.close()
