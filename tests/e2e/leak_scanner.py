"""Looks for planted words in every byte that was written: names of files, texts in all encodings, inside containers.

Apart because it must itself be tested: a scanner that finds nothing proves nothing unless it finds what is there.
"""

from __future__ import annotations

import base64
import contextlib
import gzip
import hashlib
import io
import json
import re
import sqlite3
import tempfile
import zipfile
import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import numpy as np
from pyarrow import parquet

_DEEPEST = 4
_KEY = 8
_BLOCK = 1 << 22
_PNG = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True)
class Leak:
    """The planted `word` found in `path` (a file, or a file and what lies inside it) as `form`."""

    word: str
    path: str
    form: str


class LeakScanner:
    """Searches for thousands of `words` at once; every word also as it looks encoded, escaped, or hashed without a key.

    Words have at least 8 characters. Upper and lower case are the same.
    """

    def __init__(self, words: Iterable[str]) -> None:
        self._forms: dict[bytes, tuple[str, str]] = {}
        for word in words:
            assert len(word) >= _KEY, word
            for spelled in {word, word.upper(), word.lower()}:
                self._forms.update({form.lower(): (word, name) for name, form in _forms(spelled)})
        self._lengths: dict[bytes, set[int]] = defaultdict(set)
        for form in self._forms:
            self._lengths[form[:_KEY]].add(len(form))
        self._keys = np.sort(np.frombuffer(b"".join(self._lengths), dtype="<u8"))
        self._starts = np.zeros(1 << 24, dtype=np.bool_)
        self._starts[(self._keys & 0xFFFFFF).astype(np.int64)] = True

    def scan(self, roots: Iterable[Path]) -> list[Leak]:
        """All leaks below the roots, in the names of files and folders too."""
        leaks: list[Leak] = []
        for root in roots:
            for path in sorted([root, *root.rglob("*")]):
                shown = path.relative_to(root.parent).as_posix()
                leaks += self._search(path.name.encode("utf-8", "surrogateescape"), shown, "name of a file")
                if path.is_file() and not path.is_symlink():
                    leaks += self.scan_bytes(path.read_bytes(), shown)
        return leaks

    def scan_bytes(self, content: bytes, shown: str, depth: int = 0) -> list[Leak]:
        """All leaks in one file's bytes, and in what it contains."""
        leaks = self._search(content, shown)
        if depth < _DEEPEST:
            for name, part in _parts(content):
                leaks += self.scan_bytes(part, f"{shown}!{name}", depth + 1)
        return leaks

    def _search(self, content: bytes, shown: str, prefix: str = "") -> list[Leak]:
        lower = content.lower()
        found = {
            form
            for start in range(0, len(lower), _BLOCK)
            for place in self._candidates(lower[start : start + _BLOCK + _KEY])
            for length in self._lengths[lower[start + place : start + place + _KEY]]
            if (form := lower[start + place : start + place + length]) in self._forms
        }
        return [Leak(self._forms[form][0], shown, f"{prefix} {self._forms[form][1]}".strip()) for form in sorted(found)]

    def _candidates(self, block: bytes) -> list[int]:
        """Where in `block` one of the words' first 8 bytes stand."""
        if len(block) < _KEY:
            return []
        found = []
        for shift in range(4):
            words = np.frombuffer(block, dtype="<u4", offset=shift, count=(len(block) - shift) // 4)
            found.append(np.flatnonzero(self._starts[words & 0xFFFFFF]) * 4 + shift)
        places = np.concatenate(found)
        places = places[places <= len(block) - _KEY]
        keys = np.lib.stride_tricks.sliding_window_view(np.frombuffer(block, dtype=np.uint8), _KEY)[places]
        hits = np.isin(np.ascontiguousarray(keys).view("<u8").reshape(-1), self._keys)
        return [int(place) for place in places[hits]]


def _forms(word: str) -> Iterator[tuple[str, bytes]]:
    """How a word may look in a file."""
    plain = word.encode()
    yield "UTF-8", plain
    for encoding in ("latin-1", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"):
        with contextlib.suppress(UnicodeEncodeError):
            yield encoding, word.encode(encoding)
    yield "JSON escape", json.dumps(word)[1:-1].encode()
    yield "percent escape", quote(word, safe="").encode()
    yield "hexadecimal", plain.hex().encode()
    for shift in range(3):
        padded = base64.b64encode(b"\0" * shift + plain)
        inner = padded[-(-shift * 8 // 6) : len(padded) - (4 if (shift + len(plain)) % 3 else 0)]
        if len(inner) >= 8:
            yield "base64", inner
    for name in ("md5", "sha1", "sha256"):
        digest = hashlib.new(name, plain, usedforsecurity=False)
        yield f"{name} without a key", digest.hexdigest().encode()
        yield f"{name} without a key, raw", digest.digest()


def _parts(content: bytes) -> Iterator[tuple[str, bytes]]:
    """What a container holds: archives, compressed streams, rows of a database, chunks of a PNG."""
    if content.startswith(b"PK\x03\x04"):
        with contextlib.suppress(zipfile.BadZipFile), zipfile.ZipFile(io.BytesIO(content)) as archive:
            for info in archive.infolist():
                yield info.filename, archive.read(info)
    elif content.startswith(b"\x1f\x8b"):
        with contextlib.suppress(OSError, EOFError, zlib.error):
            yield "gzip", gzip.decompress(content)
    elif content.startswith(b"SQLite format 3\0"):
        yield from _rows(content)
    elif content.startswith(_PNG):
        yield from _chunks(content)
    elif content.startswith(b"%PDF-"):
        yield from _pdf_streams(content)
    elif content.startswith(b"PAR1"):
        yield "rows", repr(parquet.read_table(io.BytesIO(content)).drop_columns(["embedding"]).to_pylist()).encode()
    elif content[:1] == b"\x78":
        with contextlib.suppress(zlib.error):
            yield "zlib", zlib.decompress(content)


def _pdf_streams(content: bytes) -> Iterator[tuple[str, bytes]]:
    """Streams of a PDF, inflated, and their strings joined: ASCII letters stand for themselves in our own pages."""
    for number, match in enumerate(re.finditer(rb"stream\r?\n(.*?)endstream", content, re.DOTALL)):
        data = match[1].strip()
        with contextlib.suppress(ValueError):
            data = base64.a85decode(data.removesuffix(b"~>"))
        with contextlib.suppress(zlib.error):
            inner = zlib.decompress(data)
            yield f"stream {number}", inner
            yield f"shown {number}", b"".join(re.findall(rb"\(((?:\\.|[^\\()])*)\)", inner))


def _rows(content: bytes) -> Iterator[tuple[str, bytes]]:
    """Every value of every table: long ones are spread over pages in the file itself."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "copy.sqlite"
        copy.write_bytes(content[:18] + b"\x01\x01" + content[20:])  # readable without its write-ahead log
        with contextlib.closing(sqlite3.connect(copy)) as database:
            tables = [row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            for table in tables:
                values = bytearray()
                for row in database.execute(f'SELECT * FROM "{table}"'):
                    for value in row:
                        if isinstance(value, bytes):
                            yield f"{table} (blob)", value
                        elif value is not None:
                            values += str(value).encode("utf-8", "surrogateescape") + b"\n"
                yield table, bytes(values)


def _chunks(content: bytes) -> Iterator[tuple[str, bytes]]:
    """The text chunks of a PNG, inflated where they are compressed."""
    place = len(_PNG)
    while place + 12 <= len(content):
        length = int.from_bytes(content[place : place + 4], "big")
        kind, data = content[place + 4 : place + 8], content[place + 8 : place + 8 + length]
        if kind in (b"zTXt", b"iTXt"):
            start = data.find(b"\x78")
            if start >= 0:
                with contextlib.suppress(zlib.error):
                    yield kind.decode(), zlib.decompress(data[start:])
        place += 12 + length
