"""The scanner finds 200 of 200 planted leaks, in ten ways of hiding them, and nothing where nothing is."""

from __future__ import annotations

import gzip
import io
import json
import random
import sqlite3
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
import safetensors.numpy
from onnx import helper
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from tests.e2e.leak_scanner import LeakScanner

WORDS = [f"Kanarie{n:03d} Müller" for n in range(20)]
OTHER = "harmless " * 400


def as_text(path: Path, word: str) -> None:
    path.with_suffix(".txt").write_text(OTHER + word + OTHER, encoding="utf-8")


def as_utf16(path: Path, word: str) -> None:
    path.with_suffix(".log").write_text(OTHER + word, encoding="utf-16")


def as_json(path: Path, word: str) -> None:
    path.with_suffix(".json").write_text(json.dumps({"a": [{"b": word.upper()}]}))


def as_zip_in_zip(path: Path, word: str) -> None:
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("note.txt", OTHER + word + OTHER)
    with zipfile.ZipFile(path.with_suffix(".zip"), "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("inner.zip", inner.getvalue())


def as_npz(path: Path, word: str) -> None:
    np.savez_compressed(path.with_suffix(".npz"), names=np.array(["x", word]))


def as_sqlite(path: Path, word: str) -> None:
    database = sqlite3.connect(path.with_suffix(".sqlite"))
    database.execute("CREATE TABLE t (a TEXT, b BLOB)")
    database.execute("INSERT INTO t VALUES (?, ?)", ("x" * 4040 + word, gzip.compress(b"harmless")))
    database.commit()
    database.close()


def as_wal(path: Path, word: str) -> None:
    database = sqlite3.connect(path.with_suffix(".db"), isolation_level=None)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("CREATE TABLE t (a TEXT)")
    database.execute("INSERT INTO t VALUES (?)", (word,))
    path.with_suffix(".copied-wal").write_bytes(path.with_suffix(".db-wal").read_bytes())
    database.close()
    path.with_suffix(".db").unlink()


def as_safetensors(path: Path, word: str) -> None:
    safetensors.numpy.save_file({"a": np.zeros(9)}, path.with_suffix(".safetensors"), metadata={"note": word})


def as_png_text(path: Path, word: str) -> None:
    info = PngInfo()
    info.add_itxt("Comment", OTHER + word, zip=True)
    Image.new("L", (4, 4)).save(path.with_suffix(".png"), pnginfo=info)


def as_onnx(path: Path, word: str) -> None:
    graph = helper.make_graph([helper.make_node("Identity", ["x"], ["y"], doc_string=word)], "g", [], [])
    onnx.save(helper.make_model(graph), path.with_suffix(".onnx"))


WAYS: list[Callable[[Path, str], None]] = [
    as_text, as_utf16, as_json, as_zip_in_zip, as_npz, as_sqlite, as_wal, as_safetensors, as_png_text, as_onnx
]  # fmt: skip


@pytest.mark.parametrize("hide", WAYS, ids=lambda way: way.__name__)
def test_every_planted_leak_is_found(tmp_path: Path, hide: Callable[[Path, str], None]) -> None:
    for number, word in enumerate(WORDS):
        hide(tmp_path / f"file{number}", word)
    found = {leak.word for leak in LeakScanner(WORDS).scan([tmp_path])}
    assert found == set(WORDS)


@pytest.mark.parametrize(
    "form",
    [
        lambda word: word.encode("latin-1"),
        lambda word: word.encode("utf-16-be"),
        lambda word: word.encode().hex().encode(),
        lambda word: __import__("base64").b64encode(b"abcde" + word.encode() + b"xyz"),
        lambda word: __import__("hashlib").sha256(word.encode()).hexdigest().encode(),
        lambda word: __import__("urllib.parse").parse.quote(word).encode(),
    ],
    ids=["latin-1", "utf-16-be", "hex", "base64", "unkeyed hash", "percent"],
)
def test_disguised_words_are_found(form: Callable[[str], bytes]) -> None:
    scanner = LeakScanner(WORDS)
    for word in WORDS:
        assert [leak.word for leak in scanner.scan_bytes(b"..." + form(word) + b"...", "x")] == [word]


def test_names_of_files_and_folders_count(tmp_path: Path) -> None:
    (tmp_path / WORDS[3]).mkdir()
    (tmp_path / WORDS[3] / f"a-{WORDS[4]}.bin").write_bytes(b"")
    assert {leak.word for leak in LeakScanner(WORDS).scan([tmp_path])} == {WORDS[3], WORDS[4]}


def test_nothing_is_found_where_nothing_is(tmp_path: Path) -> None:
    for hide in WAYS:
        hide(tmp_path / hide.__name__, "somebody else")
    (tmp_path / "noise").write_bytes(random.Random(0).randbytes(1 << 20))
    assert LeakScanner(WORDS).scan([tmp_path]) == []
