"""The package on disk: every alteration is noticed, archives give back the same files, strange archives are refused."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sslstudio.errors import SSLStudioError
from sslstudio.exporters import package


def folder_with_files(folder: Path) -> Path:
    folder.mkdir()
    for name in package.FILES:
        (folder / name).write_bytes(f"content of {name}".encode() * 5)
    package.write_checksums(folder)
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return folder_with_files(tmp_path / "package")


def code_of(folder: Path) -> str:
    with pytest.raises(SSLStudioError) as caught:
        package.verify(folder)
    assert caught.value.hint
    return caught.value.code


def test_a_whole_package_is_accepted_and_strange_files_beside_it_do_not_matter(folder: Path) -> None:
    (folder / ".DS_Store").write_bytes(b"x")
    assert set(package.verify(folder)) == set(package.FILES)


@pytest.mark.parametrize("name", package.FILES)
def test_every_file_is_guarded(folder: Path, name: str) -> None:
    content = (folder / name).read_bytes()
    (folder / name).write_bytes(content[:-1] + b"!")
    assert code_of(folder) == "altered_package"
    (folder / name).unlink()
    assert code_of(folder) == "altered_package"


@given(place=st.integers(0, 10_000), bit=st.integers(0, 7))
def test_any_flipped_bit_is_noticed(tmp_path_factory: pytest.TempPathFactory, place: int, bit: int) -> None:
    folder = folder_with_files(tmp_path_factory.mktemp("flip") / "package")
    name = package.FILES[place % len(package.FILES)]
    content = bytearray((folder / name).read_bytes())
    content[place % len(content)] ^= 1 << bit
    (folder / name).write_bytes(content)
    assert code_of(folder) == "altered_package"


def test_a_file_without_a_checksum_is_refused(folder: Path) -> None:
    lines = (folder / package.CHECKSUMS).read_text().splitlines(keepends=True)
    (folder / package.CHECKSUMS).write_text("".join(line for line in lines if package.GRAPH not in line))
    assert code_of(folder) == "altered_package"


@pytest.mark.parametrize("line", ["nonsense", f"{'0' * 64}  ../outside", f"{'0' * 64}  a\\b"])
def test_a_damaged_list_is_refused(folder: Path, line: str) -> None:
    with (folder / package.CHECKSUMS).open("a") as stream:
        stream.write(line + "\n")
    assert code_of(folder) == "altered_package"


def test_a_folder_without_checksums_is_no_package(tmp_path: Path) -> None:
    assert code_of(tmp_path) == "not_a_package"


def test_the_archive_gives_back_the_same_files(folder: Path, tmp_path: Path) -> None:
    package.write_archive(folder, tmp_path / "one.zip", "linear-1")
    package.write_archive(folder, tmp_path / "two.zip", "linear-1")
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()
    (tmp_path / "out").mkdir()
    package.unpack(tmp_path / "one.zip", tmp_path / "out")
    assert package.verify(tmp_path / "out") == package.verify(folder)


@pytest.mark.parametrize(
    "names",
    [
        ["../model.onnx"],
        ["/model.onnx"],
        ["."],
        ["a/b/model.onnx"],
        ["x/evil.sh"],
        ["model.onnx", "x/model.onnx"],
        ["/"],
    ],
)
def test_archives_with_anything_else_are_refused(tmp_path: Path, names: list[str]) -> None:
    archive = tmp_path / "strange.zip"
    with zipfile.ZipFile(archive, "w") as stream:
        for name in names:
            stream.writestr(name, b"x")
    target = tmp_path / "out"
    target.mkdir()
    if names == ["/"]:
        package.unpack(archive, target)
    else:
        with pytest.raises(SSLStudioError) as caught:
            package.unpack(archive, target)
        assert caught.value.code == "not_a_package"
    assert list(target.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"no zip", b"PK\x03\x04 cut"])
def test_what_is_no_archive_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "file.zip").write_bytes(content)
    with pytest.raises(SSLStudioError) as caught:
        package.unpack(tmp_path / "file.zip", tmp_path)
    assert caught.value.code == "not_a_package"


def test_labels_of_a_newer_version_are_refused_with_a_sentence(tmp_path: Path) -> None:
    package.write_json(tmp_path / package.LABELS, {"format": 1, "classes": [], "unknown": 1})
    with pytest.raises(SSLStudioError) as caught:
        package.read_labels(tmp_path)
    assert caught.value.code == "newer"


def test_labels_keep_names_of_every_script(tmp_path: Path) -> None:
    labels = package.label_map(["Erguß", "結節"], ["#0072B2", ""])
    package.write_json(tmp_path / package.LABELS, labels.model_dump(mode="json"))
    assert package.read_labels(tmp_path) == labels
    assert "結節" in json.dumps(json.loads((tmp_path / package.LABELS).read_text("utf-8")), ensure_ascii=False)
