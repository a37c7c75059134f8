"""Archives are read where they lie: members have paths and rows of their own, and no archive costs more than it may."""

import gzip
import hashlib
import io
import os
import random
import stat
import struct
import tarfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sslstudio.importers import containers, reasons
from sslstudio.importers.containers import Reader
from sslstudio.importers.decode_pool import DecodePool
from sslstudio.importers.decoding import DecodeSettings
from sslstudio.importers.dicom_writer import write_image
from sslstudio.importers.discovery import Discovery
from sslstudio.importers.reasons import Refused
from tests.fakes.image_files import KEY, gradient, png_bytes

NAMES = st.lists(
    st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="/\\:"), min_size=1, max_size=12).filter(
        lambda name: name not in (".", "..")
    ),
    min_size=1,
    max_size=3,
).map("/".join)


def write_zip(path: Path, files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as file:
        for name, data in files.items():
            file.writestr(name, data)
    return path


def write_tar(path: Path, files: dict[str, bytes], mode: str = "w") -> Path:
    with tarfile.open(path, mode) as file:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            file.addfile(info, io.BytesIO(data))
    return path


def refusal(path: Path) -> str:
    with pytest.raises(Refused) as caught:
        containers.members(str(path))
    assert caught.value.code in reasons.TEXTS
    return caught.value.code


def problems(path: Path) -> dict[str, str]:
    return {member.name: member.problem for member in containers.members(str(path)) or ()}


@pytest.mark.parametrize("kind", ["zip", "tar", "tar.gz", "tgz"])
@given(files=st.dictionaries(NAMES, st.binary(min_size=1, max_size=600), min_size=1, max_size=6))
@settings(max_examples=10)
def test_every_member_is_read_as_it_was_written(kind: str, files: dict[str, bytes], tmp_path: Path) -> None:
    path = tmp_path / f"a.{kind}"
    if kind == "zip":
        write_zip(path, files)
    else:
        write_tar(path, files, "w" if kind == "tar" else "w:gz")
    assert problems(path) == dict.fromkeys(files, "")
    reader = Reader()
    for name in sorted(files, key=lambda n: hashlib.sha256(n.encode()).digest()):
        with reader.opened(containers.member_path(str(path), name)) as stream:
            stream.read(3)
            stream.seek(0)
            assert stream.read() == files[name]
    reader.close()


def test_paths_lead_in_and_back(tmp_path: Path) -> None:
    path = str(write_zip(tmp_path / "a.zip", {"d/1.png": b"x"}))
    inner = containers.member_path(path, "d/1.png")
    assert inner == os.path.join(path, "d", "1.png") and containers.split(inner) == (path, "d/1.png")  # noqa: PTH118
    assert containers.split(path) == ("", "") == containers.split(str(tmp_path / "none.zip" / "1.png"))
    (tmp_path / "folder.zip").mkdir()
    assert containers.split(str(tmp_path / "folder.zip" / "1.png")) == ("", "")


def test_discovery_shows_members_below_their_archive(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    files = {"p1/a.png": b"1", "__MACOSX/._a.png": b"2", "b.png": b"", "p1/.hidden": b"3", "d/": b""}
    write_zip(folder / "X.ZIP", files)
    write_tar(folder / "y.tar", {"p2/c.png": b"4"})
    (folder / "fake.zip").write_bytes(png_bytes(gradient()))
    (folder / "broken.zip").write_bytes(b"PK\x03\x04" + bytes(60))
    discovery = Discovery([folder])
    found = {file.relative: file for file in discovery}
    assert {name: file.problem for name, file in found.items()} == {
        "X.ZIP/p1/a.png": "",
        "X.ZIP/b.png": "zero_bytes",
        "broken.zip": "archive_damaged",
        "fake.zip": "",
        "y.tar/p2/c.png": "",
    }
    assert discovery.hidden == 2 and found["X.ZIP/p1/a.png"].container == str(folder / "X.ZIP")
    assert [file.relative for file in Discovery([folder / "y.tar"])] == ["y.tar/p2/c.png"]


def test_workers_decode_members_pictures_and_dicom_alike(tmp_path: Path) -> None:
    grey = gradient(dtype="uint16")
    dicom = write_image(tmp_path / "x.dcm", grey).read_bytes()
    files = {"a.png": png_bytes(gradient()), "study/IM0001": dicom, "notes.txt": b"some words", "inner.zip": b""}
    files["inner.zip"] = write_zip(tmp_path / "inner.zip", {"a.png": b"x"}).read_bytes()
    path = write_zip(tmp_path / "a.zip", files)
    before = path.read_bytes()
    paths = [file.path for file in Discovery([path])]
    with DecodePool[str](DecodeSettings(key=KEY), workers=1) as pool:
        answers = {Path(p).name: answer for p, answer in pool.map(paths, lambda p: p)}
    assert {name: answer.code for name, answer in answers.items()} == {
        "a.png": "",
        "IM0001": "",
        "notes.txt": "text_file",
        "inner.zip": "nested_archive",
    }
    assert (answers["IM0001"].frames[0].pixels[:, :, 0] == grey).all()
    assert answers["IM0001"].digest == hashlib.sha256(dicom).hexdigest()
    assert path.read_bytes() == before and len(list(tmp_path.iterdir())) == 3


@pytest.mark.parametrize("name", ["../up.png", "a/../../up.png", "/etc/up.png", "C:\\up.png", "..\\up.png", "c:up.png"])
@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_names_that_lead_out_are_told_and_never_opened(name: str, kind: str, tmp_path: Path) -> None:
    (tmp_path / "up.png").write_bytes(b"outside")
    (tmp_path / "in").mkdir()
    write = write_zip if kind == "zip" else write_tar
    path = write(tmp_path / "in" / f"a.{kind}", {name: b"x", "good.png": b"y"})
    found = list(Discovery([path]))
    assert sorted(file.problem for file in found) == ["", "unsafe_name"]
    for file in found:
        assert ".." not in Path(file.path).parts and file.path.startswith(str(path))
    with Reader() as reader, pytest.raises((Refused, OSError)):
        reader.opened(containers.member_path(str(path), name))


def test_what_cannot_be_read_has_a_reason_each(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as file:
        link = zipfile.ZipInfo("link.png")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        file.writestr(link, "/etc/passwd")
        for name in ("locked.png", "odd.png", "twice.png"):
            file.writestr(name, b"abc")
        with pytest.warns(UserWarning):
            file.writestr("twice.png", b"def")
    data = bytearray(path.read_bytes())
    for name, offset, value in ((b"locked.png", 8, 1), (b"odd.png", 10, 9)):
        entry = data.rfind(name) - 46
        assert data[entry : entry + 4] == b"PK\x01\x02"
        struct.pack_into("<H", data, entry + offset, value)
    path.write_bytes(data)
    assert problems(path) == {
        "link.png": "link_in_archive",
        "locked.png": "encrypted",
        "odd.png": "archive_method",
        "twice.png": "",
        "twice (again).png": "repeated_name",
    }
    with tarfile.open(tmp_path / "a.tar", "w") as file:
        for name, kind in (("s", tarfile.SYMTYPE), ("h", tarfile.LNKTYPE), ("p", tarfile.FIFOTYPE)):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, "/etc/passwd"
            file.addfile(info)
    assert problems(tmp_path / "a.tar") == {"s": "link_in_archive", "h": "link_in_archive", "p": "not_a_file"}


def test_bombs_are_refused_unopened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_zip(tmp_path / "a.zip", {f"{n}.png": bytes(1000) for n in range(20)})
    monkeypatch.setattr(containers, "FREE_BYTES", 10_000)
    monkeypatch.setattr(containers, "MOST_RATIO", 2)
    assert refusal(path) == "archive_bomb"
    monkeypatch.undo()
    monkeypatch.setattr(containers, "MOST_MEMBERS", 19)
    assert refusal(path) == "archive_bomb"
    assert refusal(write_tar(tmp_path / "a.tar", {f"{n}": b"x" for n in range(20)})) == "archive_bomb"
    monkeypatch.undo()
    monkeypatch.setattr(containers, "MOST_TAR_GZ_BYTES", 100_000)
    assert refusal(write_tar(tmp_path / "a.tgz", {"zeros": bytes(200_000), "b": b"x"}, "w:gz")) == "archive_bomb"


def test_large_indexes_are_read_by_their_64_bit_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zipfile, "ZIP_FILECOUNT_LIMIT", 5)  # from here on the writer adds the record
    path = write_zip(tmp_path / "a.zip", {f"{n}.png": b"x" for n in range(20)})
    monkeypatch.undo()
    data = bytearray(path.read_bytes())
    assert data.count(b"PK\x06\x06") == 1 and len(problems(path)) == 20
    place = data.index(b"PK\x06\x06")
    struct.pack_into("<Q", data, place + 32, 10**9)
    path.write_bytes(data)
    assert refusal(path) == "archive_bomb"


def test_entries_that_share_their_bytes_are_a_bomb(tmp_path: Path) -> None:
    """Overlapping entries: one kernel of compressed data, claimed by every entry of the index."""
    one = write_zip(tmp_path / "one.zip", {"a": os.urandom(5000)}).read_bytes()
    place, end = one.index(b"PK\x01\x02"), one.index(b"PK\x05\x06")
    entries = b"".join(
        one[place : place + 46] + bytes([name]) + one[place + 47 : end] for name in range(ord("a"), ord("z"))
    )
    tail = bytearray(one[end:])
    struct.pack_into("<HHI", tail, 8, 25, 25, len(entries))
    (tmp_path / "b.zip").write_bytes(one[:place] + entries + tail)
    assert refusal(tmp_path / "b.zip") == "archive_bomb"


def test_a_member_that_inflates_beyond_its_claim_is_damaged(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "a.zip", {"a.png": bytes(1 << 20)})
    data = bytearray(path.read_bytes())
    struct.pack_into("<I", data, data.index(b"PK\x01\x02") + 24, 1000)
    path.write_bytes(data)
    inner = containers.member_path(str(path), "a.png")
    with Reader() as reader, pytest.raises(zipfile.BadZipFile), reader.opened(inner) as stream:
        stream.read()
    with Reader(most=999) as reader, pytest.raises(Refused) as caught:
        reader.opened(inner)
    assert caught.value.code == "too_large"


def test_cut_empty_and_foreign_archives(tmp_path: Path) -> None:
    whole = write_zip(tmp_path / "a.zip", {"a.png": os.urandom(3000)}).read_bytes()
    (tmp_path / "b.zip").write_bytes(whole[:2000])
    assert refusal(tmp_path / "b.zip") == "archive_damaged"
    assert refusal(write_zip(tmp_path / "e.zip", {})) == "archive_empty"
    tar = write_tar(tmp_path / "a.tar", {"a": os.urandom(5000)}).read_bytes()
    (tmp_path / "b.tar").write_bytes(tar[:3000])
    assert refusal(tmp_path / "b.tar") == "archive_damaged"
    (tmp_path / "b.tgz").write_bytes(gzip.compress(tar)[:3000])
    assert refusal(tmp_path / "b.tgz") == "archive_damaged"
    (tmp_path / "c.tar.gz").write_bytes(gzip.compress(b"not a tar" * 100))
    assert containers.members(str(tmp_path / "c.tar.gz")) is None


@pytest.mark.parametrize("kind", ["zip", "tar", "tgz"])
def test_mutated_archives_end_well(kind: str, tmp_path: Path) -> None:
    files = {f"d/{n}.bin": bytes([n]) * 50 * n for n in range(1, 5)}
    path = tmp_path / f"a.{kind}"
    whole = (
        write_zip(path, files) if kind == "zip" else write_tar(path, files, "w" if kind == "tar" else "w:gz")
    ).read_bytes()
    rng = random.Random(7)
    outcomes = set()
    for _ in range(150):
        data = bytearray(whole)
        for _ in range(rng.randint(1, 4)):
            data[rng.randrange(len(data))] = rng.randrange(256)
        path.write_bytes(data[: rng.choice((len(data), rng.randrange(20, len(data))))])
        for file in Discovery([path]):
            outcomes.add(file.problem)
            assert file.problem in reasons.TEXTS or not file.problem
    assert "" in outcomes and len(outcomes) > 1
