"""What a hostile archive can do to the receiving folder: nothing outside it, nothing half, nothing without end."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sslstudio.errors import SSLStudioError
from sslstudio.importers.dicom_writer import DicomHeader, stable_uid, write_image
from sslstudio.pacs import files
from sslstudio.pacs.files import ReceivingFolder, default_folder, safe_name, sop_instance

HOSTILE = (
    *("..", ".", "", "/", "../../etc/passwd", "/etc/cron.d/x", "C:\\x", "..\\..\\x", "1/2", "1\0.2", "1.2\n", "-rf"),
    *("1" * 65, "1." * 5000, "1..2", ".1", "1.", "CON", "١.٢", "1.2.3 ", "~", "\ud800"),
)


@given(st.text(max_size=300))
@example("1.2.840.10008")
def test_any_identifier_becomes_a_plain_name(uid: str) -> None:
    name = safe_name(uid)
    assert 0 < len(name) <= 64 and name.isascii() and not {*name} & set('/\\:*?"<>|\0 \n')
    assert name not in (".", "..") and not name.startswith(".") and not name.endswith(".")
    assert name == uid or name.startswith("x-")


@pytest.mark.parametrize("uid", HOSTILE)
def test_no_identifier_leads_outside(tmp_path: Path, uid: str) -> None:
    folder = ReceivingFolder(tmp_path / "in", "Test")
    for path in (folder.path(uid, "1.2"), folder.path("1.2", uid), folder.path(uid, uid)):
        assert path.resolve().is_relative_to((tmp_path / "in").resolve())
        assert len(path.relative_to(tmp_path / "in").parts) == 2


def test_different_identifiers_never_share_a_name() -> None:
    assert len({safe_name(uid) for uid in HOSTILE}) == len(HOSTILE)


def image(path: Path, sop_number: int = 1) -> str:
    write_image(path, np.zeros((4, 4), np.uint8), DicomHeader(instance=sop_number))
    return stable_uid("instance", "", "DEMO-000", "1", "1", sop_number)


def receive(folder: ReceivingFolder, data: bytes, sop: str) -> int:
    with folder.part() as part:
        part.write(data[:100])
        part.write(data[100:])
        return part.keep("1.2", sop)


def test_a_file_appears_whole_under_its_name_for_its_owner_alone(tmp_path: Path) -> None:
    sop = image(tmp_path / "source.dcm")
    data = (tmp_path / "source.dcm").read_bytes()
    folder = ReceivingFolder(tmp_path / "a" / "b", "Test")
    folder.prepare()
    assert not folder.has("1.2", sop)
    assert receive(folder, data, sop) == len(data)
    assert folder.has("1.2", sop) and folder.path("1.2", sop).read_bytes() == data
    assert list(folder.parts.iterdir()) == []
    folder.finish()
    assert sorted(path.name for path in folder.folder.iterdir()) == ["1.2"]
    if os.name == "posix":
        for path in (tmp_path / "a", tmp_path / "a" / "b", folder.path("1.2", sop).parent):
            assert stat.S_IMODE(path.stat().st_mode) == 0o700
        assert stat.S_IMODE(folder.path("1.2", sop).stat().st_mode) == 0o600


def test_what_is_not_the_image_is_thrown_away(tmp_path: Path) -> None:
    sop = image(tmp_path / "source.dcm")
    data = (tmp_path / "source.dcm").read_bytes()
    folder = ReceivingFolder(tmp_path / "in", "Test")
    folder.prepare()
    for content, code in (
        (data, "not_asked_for"),
        (b"<html>", "unreadable"),
        (b"", "unreadable"),
        (data[:133] + b"x" * 200, "not_asked_for"),
    ):
        with pytest.raises(SSLStudioError) as error:
            receive(folder, content, "1.2.3")
        assert error.value.code == code
    assert list(folder.parts.iterdir()) == [] and not (folder.folder / "1.2").exists()
    assert not folder.has("1.2", sop)


def test_sizes_are_bounded_and_the_disk_is_never_filled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = ReceivingFolder(tmp_path / "in", "Test", most_bytes=1000)
    folder.prepare()
    with pytest.raises(SSLStudioError) as error, folder.part() as part:
        for _ in range(100):
            part.write(b"x" * 100)
    assert error.value.code == "too_much" and list(folder.parts.iterdir()) == []
    with pytest.raises(SSLStudioError) as full:
        ReceivingFolder(tmp_path / "in", "Test", free_bytes=2**62).prepare()
    assert full.value.code == "disk_full"
    monkeypatch.setattr(files, "_LOOK", 10)
    crammed = ReceivingFolder(tmp_path / "in", "Test", free_bytes=2**62)
    crammed.parts.mkdir(exist_ok=True)
    with pytest.raises(SSLStudioError) as later, crammed.part() as part:
        part.write(b"x" * 100)
    assert later.value.code == "disk_full"


def test_a_folder_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(SSLStudioError) as error:
        ReceivingFolder(tmp_path / "file" / "in", "Test").prepare()
    assert error.value.code == "folder"
    with pytest.raises(SSLStudioError) as inside:
        ReceivingFolder(tmp_path / "study.sslproj" / "in", "Test").prepare()
    assert inside.value.code == "inside_project" and not (tmp_path / "study.sslproj").exists()


def test_what_an_earlier_attempt_left_unfinished_is_cleared(tmp_path: Path) -> None:
    folder = ReceivingFolder(tmp_path / "in", "Test")
    folder.prepare()
    (folder.parts / "old.part").write_bytes(b"half")
    folder.prepare()
    assert list(folder.parts.iterdir()) == []


@given(st.binary(max_size=400))
def test_no_bytes_break_the_reading_of_a_header(data: bytes) -> None:
    assert sop_instance(data) is None or data[128:132] == b"DICM"
    sop_instance(b"\0" * 128 + b"DICM" + data)


def test_the_default_folder_is_the_users_and_one_for_each_project() -> None:
    assert default_folder("Thorax 2026").is_relative_to(Path.home())
    assert default_folder("Thorax 2026") != default_folder("Brain")
    assert default_folder("../../x").parent == default_folder("y").parent
    assert default_folder("").name == "images"
