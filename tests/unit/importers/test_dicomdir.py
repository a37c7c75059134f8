"""The index of a disc brings the files it names, and never one that is not on the disc."""

from __future__ import annotations

import os
import struct
from pathlib import Path

import pytest
from pydicom import uid
from pydicom.dataset import Dataset
from pydicom.fileset import FileSet

from sslstudio.importers import dicomdir
from sslstudio.importers.dicom_writer import DicomHeader, write_image
from sslstudio.importers.discovery import Discovery, FoundFile
from sslstudio.importers.reasons import TEXTS
from tests.fakes.dicom_files import write
from tests.fakes.image_files import gradient


def index_file(path: Path, names: list[str | bytes], order: str = "explicit") -> Path:
    """An index whose records name `names`, in the syntax named `order`."""
    mark = "<" if order != "big" else ">"
    records = []
    for name in names:
        value = name if isinstance(name, bytes) else name.encode("latin-1")
        value += b" " * (len(value) % 2)
        vr = b"" if order == "implicit" else b"CS"
        length = struct.pack(f"{mark}{'I' if order == 'implicit' else 'H'}", len(value))
        records.append(struct.pack(f"{mark}HH", 4, 0x1500) + vr + length + value)
    dataset = Dataset()
    dataset.SOPClassUID = uid.MediaStorageDirectoryStorage
    syntax = {"explicit": uid.ExplicitVRLittleEndian, "big": uid.ExplicitVRBigEndian}.get(
        order, uid.ImplicitVRLittleEndian
    )
    whole = write(dataset, b"", syntax, "OW")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(whole + b"".join(records))
    return path


def found(index: Path) -> list[FoundFile]:
    return list(Discovery([index]))


@pytest.fixture
def disc(tmp_path: Path) -> Path:
    """A disc of three images, and something beside it that is none of its business."""
    for number in range(3):
        write_image(tmp_path / "disc" / "IMAGES" / f"IM{number}", gradient(seed=number), DicomHeader(instance=number))
    write_image(tmp_path / "secret" / "S1", gradient(seed=9))
    write_image(tmp_path / "secret.dcm", gradient(seed=8))
    return tmp_path / "disc"


@pytest.mark.parametrize("order", ["explicit", "implicit", "big"])
def test_the_files_of_an_index_come_in(disc: Path, order: str) -> None:
    index = index_file(disc / "DICOMDIR", [f"IMAGES\\IM{number}" for number in range(3)], order)
    first, *others = found(index)
    assert first.path == str(index) and not any(file.problem for file in others)
    assert [file.path for file in others] == [str(disc / "IMAGES" / f"IM{number}") for number in range(3)]
    assert [file.relative for file in others] == [f"IMAGES/IM{number}" for number in range(3)]


def test_an_index_that_pydicom_wrote(disc: Path, tmp_path: Path) -> None:
    files = FileSet()
    for path in sorted((disc / "IMAGES").iterdir()):
        files.add(path)
    files.write(tmp_path / "written")
    files._stage["t"].cleanup()
    others = found(tmp_path / "written" / "DICOMDIR")[1:]
    assert len(others) == 3 and all(Path(file.path).is_file() and not file.problem for file in others)


def test_names_of_a_disc_have_no_case_no_version_and_no_last_dot(disc: Path) -> None:
    folder = disc / "images2"
    folder.mkdir()
    for number, name in enumerate(("im0.;1", "Im1;1", "im2.")):
        (folder / name).write_bytes((disc / "IMAGES" / f"IM{number}").read_bytes())
    index = index_file(disc / "DICOMDIR", ["IMAGES2\\IM0", "IMAGES2\\IM1", "IMAGES2\\IM2"])
    assert [Path(file.path).name for file in found(index)[1:]] == ["im0.;1", "Im1;1", "im2."]


def test_what_is_not_there_is_told(disc: Path) -> None:
    index = index_file(disc / "DICOMDIR", ["IMAGES\\IM0", "IMAGES\\IM7", "NOWHERE\\IM0", "IMAGES", "IMAGES\\IM0"])
    assert [file.problem for file in found(index)[1:]] == ["", *["reference_missing"] * 3]


def outside(disc: Path) -> list[str | bytes]:
    """Forms in which a reference can try to leave the disc."""
    secret = str(disc.parent / "secret" / "S1")
    return [
        "..\\secret\\S1", "IMAGES\\..\\..\\secret\\S1", "..\\secret.dcm", "..", ".", "...", "....\\secret",
        "..\\..\\..\\etc\\passwd", ".\\..\\secret\\S1", "IMAGES\\.\\IM0", "IMAGES\\\\IM0", "\\secret\\S1",
        "\\\\server\\share\\S1", "\\", "", secret, "/etc/passwd", "/etc\\passwd", "../secret/S1",
        "IMAGES/../../secret/S1", "IMAGES/IM0", "~/S1/../S1", "C:\\secret\\S1", "C:secret", "c:/secret/S1",
        "\\\\?\\C:\\secret", "\\\\.\\PhysicalDrive0", "IMAGES\\IM0:stream", "file:\\\\etc\\passwd", "http://host/S1",
        " ..\\secret\\S1", ".. \\secret\\S1", "..\0\\secret\\S1", "IMAGES\\IM0\0.png", b"..\\secret\\S1\0",
        b"IMAGES\\\x01IM0", b"\xff\xfe.\0.\0", "A\\" * 60 + "..", "IMAGES|IM0", "IMAGES\\*", "IMAGES\\IM?",
    ]  # fmt: skip


def test_no_form_of_reference_leaves_the_disc(disc: Path) -> None:
    forms = outside(disc)
    assert len(forms) >= 40
    for form in forms:
        index = index_file(disc / "DICOMDIR", [form])
        for file in found(index)[1:]:
            assert file.problem in ("reference_outside", "reference_missing"), form
            assert file.problem in TEXTS and not os.path.lexists(file.path) and file.size == 0, form


def test_links_do_not_leave_the_disc(disc: Path) -> None:
    (disc / "LINK").symlink_to(disc.parent / "secret.dcm")
    (disc / "FOLDER").symlink_to(disc.parent / "secret")
    (disc / "LOOP").symlink_to(disc / "LOOP")
    (disc / "INSIDE").symlink_to(disc / "IMAGES" / "IM0")
    index = index_file(disc / "DICOMDIR", ["LINK", "FOLDER\\S1", "LOOP", "INSIDE"])
    problems = [file.problem for file in found(index)[1:]]
    assert problems[:2] == ["reference_outside"] * 2 and problems[2] != "" and problems[3] == ""


def test_a_disc_in_a_folder_that_is_a_link_is_read(disc: Path, tmp_path: Path) -> None:
    index_file(disc / "DICOMDIR", ["IMAGES\\IM0"])
    (tmp_path / "mounted").symlink_to(disc)
    assert [file.problem for file in found(tmp_path / "mounted" / "DICOMDIR")] == ["", ""]


def test_each_file_comes_once_with_its_folder(disc: Path) -> None:
    index = index_file(disc / "DICOMDIR", ["IMAGES\\IM0", "IMAGES\\IM1"])
    for sources in ([index, disc], [disc, index]):
        paths = [file.path for file in Discovery(sources)]
        assert len(paths) == len(set(paths)) == 4


def test_only_a_real_index_is_followed(disc: Path) -> None:
    """A file that is merely called so, or an image that mentions a reference, names nothing."""
    (disc / "DICOMDIR").write_bytes(b"\x04\x00\x00\x15CS\x0a\x00IMAGES\\IM0")
    assert len(found(disc / "DICOMDIR")) == 1
    assert len(found(disc / "IMAGES" / "IM0")) == 1


@pytest.mark.parametrize("end", [0, 1, 5, 9])
def test_an_index_cut_off_names_what_it_still_names(disc: Path, end: int) -> None:
    index = index_file(disc / "DICOMDIR", ["IMAGES\\IM0", "IMAGES\\IM1"])
    data = index.read_bytes()
    index.write_bytes(data[: len(data) - end])
    assert len(found(index)) == (3 if end == 0 else 2)


def test_a_large_index_is_read_only_so_far(disc: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    index = index_file(disc / "DICOMDIR", ["IMAGES\\IM0"] * 1000)
    monkeypatch.setattr(dicomdir, "MOST_BYTES", 400)
    assert len(list(dicomdir.references(str(index)))) <= 1


def test_an_image_beside_the_index_keeps_its_header_private(disc: Path) -> None:
    header = DicomHeader(patient_id="SECRET-1")
    write_image(disc / "IMAGES" / "IM5", gradient(seed=5), header)
    index = index_file(disc / "DICOMDIR", ["IMAGES\\IM5"])
    assert "SECRET" not in repr(found(index))
