"""Finds thousands of words at once, in texts by whole words and in bytes by the spellings of all encodings."""

from __future__ import annotations

import base64
import contextlib
import html
import json
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator
from urllib.parse import quote, unquote

import numpy as np

from sslstudio.exporters.sharing.words import Word

_KEY = 8
_BLOCK = 1 << 22
_TOKEN = re.compile(r"[^\W_]+")
_LEAST_RUN = 24
"""Letters in a row that count as text among bytes that are none; noise hardly makes so many."""
_WIDE = (
    (re.compile(rb"(?:[^\x00][\x00-\x06]){3,}"), "utf-16-le"),
    (re.compile(rb"(?:[\x00-\x06][^\x00]){3,}"), "utf-16-be"),
    (re.compile(rb"(?:[^\x00][\x00-\x06]\x00\x00){3,}"), "utf-32-le"),
    (re.compile(rb"(?:\x00\x00[\x00-\x06][^\x00]){3,}"), "utf-32-be"),
)
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{6,}={0,2}")
_HEX = re.compile(r"(?:[0-9A-Fa-f]{2}){4,}")
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1f]")
_HOME = re.compile(r"(?:/home/|/Users/|[A-Za-z]:\\+Users\\+)[\w.@-]+", re.IGNORECASE)
_SHORT_RUN = 400
"""A longer run of base64 is a file within a file, or weights; it is opened once, not at four places."""


class Searcher:
    """`find` gives the words in one part: (word, how it was written). Case never counts."""

    def __init__(self, words: Iterable[Word]) -> None:
        self._spelled: dict[bytes, tuple[Word, str]] = {}
        self._first: dict[str, list[tuple[tuple[str, ...], str, Word]]] = defaultdict(list)
        for word in words:
            text = unicodedata.normalize("NFC", word.text).casefold()
            tokens = tuple(_TOKEN.findall(text))
            if tokens:
                self._first[tokens[0]].append((tokens, text, word))
            for spelled in {word.text, word.text.upper(), word.text.lower(), unicodedata.normalize("NFD", word.text)}:
                for form, encoded in _forms(spelled):
                    if len(encoded) >= _KEY:
                        self._spelled.setdefault(encoded.lower(), (word, form))
        self._lengths: dict[bytes, set[int]] = defaultdict(set)
        for encoded in self._spelled:
            self._lengths[encoded[:_KEY]].add(len(encoded))
        self._keys = np.sort(np.frombuffer(b"".join(self._lengths), dtype="<u8"))
        self._starts = np.zeros(1 << 24, dtype=np.bool_)
        self._starts[(self._keys & 0xFFFFFF).astype(np.int64)] = True

    def find(self, content: bytes) -> dict[Word, str]:
        """Every word in these bytes with the first way it was found in."""
        found = self._in_bytes(content)
        for form, text in texts_of(content):
            for word in self.in_text(text):
                found.setdefault(word, form)
        return found

    def in_text(self, text: str) -> list[Word]:
        """Whole words in a text, and paths of some user's home."""
        text = unicodedata.normalize("NFC", text).casefold()
        found = [Word("path", match.group()) for match in _HOME.finditer(text)]
        for match in _TOKEN.finditer(text):
            for tokens, spelled, word in self._first.get(match.group(), ()):
                start = match.start() - _before(spelled)
                if text.startswith(spelled, max(0, start)) and _bordered(text, max(0, start), spelled, tokens):
                    found.append(word)
        return found

    def _in_bytes(self, content: bytes) -> dict[Word, str]:
        lower = content.lower()
        found: dict[Word, str] = {}
        for start in range(0, len(lower), _BLOCK):
            block = lower[start : start + _BLOCK + _KEY]
            for place in self._candidates(block):
                at = start + place
                for length in self._lengths[lower[at : at + _KEY]]:
                    known = self._spelled.get(lower[at : at + length])
                    if known is not None and _free(lower, at, length, known):
                        found.setdefault(*known)
        return found

    def _candidates(self, block: bytes) -> list[int]:
        """Where in `block` the first 8 bytes of some spelling stand."""
        if len(block) < _KEY or not len(self._keys):
            return []
        places = []
        for shift in range(4):
            aligned = np.frombuffer(block, dtype="<u4", offset=shift, count=(len(block) - shift) // 4)
            places.append(np.flatnonzero(self._starts[aligned & 0xFFFFFF]) * 4 + shift)
        some = np.concatenate(places)
        some = some[some <= len(block) - _KEY]
        windows = np.lib.stride_tricks.sliding_window_view(np.frombuffer(block, dtype=np.uint8), _KEY)[some]
        hits = np.isin(np.ascontiguousarray(windows).view("<u8").reshape(-1), self._keys)
        return [int(place) for place in some[hits]]


def texts_of(content: bytes) -> Iterator[tuple[str, str]]:
    """Every text in these bytes, with the encoding or escape it was in."""
    plain = list(_plain(content))
    yield from plain
    for _, text in plain:
        yield from _unescaped(text)
        for piece in _decoded(text):
            for _, inner in _plain(piece):
                yield "base64 or hexadecimal", inner
                yield from _unescaped(inner)


def embedded(content: bytes) -> Iterator[bytes]:
    """Files that stand in a text as base64, such as pictures of a page."""
    if b"base64," in content or _CONTROL.search(content[:4096]) is None:
        for match in re.finditer(rb"[A-Za-z0-9+/]{400,}={0,2}", content):
            run = match.group()
            with contextlib.suppress(ValueError):
                yield base64.b64decode(run[: len(run) // 4 * 4])


def _plain(content: bytes) -> Iterator[tuple[str, str]]:
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        yield "UTF-16", content.decode("utf-16", "replace")
        return
    if _CONTROL.search(content) is None:
        try:
            yield "UTF-8", content.decode("utf-8")
        except UnicodeDecodeError:
            yield "Latin-1", content.decode("latin-1")
        return
    for run in _runs(content):
        yield "UTF-8", run.decode("ascii")
    if content.count(b"\0") * 6 > len(content):
        for pattern, encoding in _WIDE:
            pieces = [run.decode(encoding, "replace") for run in pattern.findall(content)]
            if pieces:
                yield encoding.upper(), "\n".join(pieces)


def _runs(content: bytes) -> Iterator[bytes]:
    """Stretches of letters among other bytes."""
    for start in range(0, len(content), _BLOCK):
        block = np.frombuffer(content[max(0, start - 4096) : start + _BLOCK], np.uint8)
        shown = ((block >= 32) & (block < 127)) | ((block >= 9) & (block <= 13))
        edges = np.flatnonzero(np.diff(shown, prepend=False, append=False))
        ends = edges.reshape(-1, 2)
        for low, high in ends[ends[:, 1] - ends[:, 0] >= _LEAST_RUN]:
            yield block[low:high].tobytes()


def _unescaped(text: str) -> Iterator[tuple[str, str]]:
    if "%" in text:
        yield "percent escape", unquote(text)
    if "\\" in text:
        yield "JSON escape", _json(text)
    if "&" in text:
        yield "HTML escape", html.unescape(text)


def _json(text: str) -> str:
    units = re.sub(r"\\u([0-9a-fA-F]{4})", lambda found: chr(int(found[1], 16)), text)
    units = re.sub(r"\\x([0-9a-fA-F]{2})", lambda found: chr(int(found[1], 16)), units)
    return units.encode("utf-16", "surrogatepass").decode("utf-16", "replace").replace("\\\\", "\\").replace("\\/", "/")


def _decoded(text: str) -> Iterator[bytes]:
    for match in _HEX.finditer(text):
        piece = bytes.fromhex(match.group())
        if _readable(piece):
            yield piece
    for match in _BASE64.finditer(text):
        run = match.group().rstrip("=").replace("-", "+").replace("_", "/")
        if len(run) > _SHORT_RUN:
            continue
        for start in range(4):
            part = run[start:]
            part = part[: len(part) - (len(part) % 4 == 1)]
            with contextlib.suppress(ValueError):
                piece = base64.b64decode(part + "=" * (-len(part) % 4))
                if _readable(piece):
                    yield piece


def _readable(piece: bytes) -> bool:
    """Whether what was decoded is text; words that only look like base64 give noise."""
    if len(piece) < 4:
        return False
    stripped = piece.replace(b"\0", b"") if b"\0" in piece else piece
    try:
        return stripped.decode("utf-8").isprintable()
    except UnicodeDecodeError:
        return False


def _forms(text: str) -> Iterator[tuple[str, bytes]]:
    """A word as it may stand in bytes."""
    yield "UTF-8", text.encode("utf-8", "surrogateescape")
    for encoding in ("latin-1", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"):
        with contextlib.suppress(UnicodeEncodeError):
            yield encoding.upper(), text.encode(encoding)
    if not text.isascii():
        with contextlib.suppress(UnicodeEncodeError):
            yield "percent escape", quote(text, safe="").encode()
            yield "JSON escape", json.dumps(text)[1:-1].encode()
    elif not text.isalnum():
        yield "percent escape", quote(text, safe="").encode()
    if "\\" in text:
        yield "JSON escape", json.dumps(text)[1:-1].encode()


def _before(spelled: str) -> int:
    """How many signs stand before the first letter or digit of a word."""
    match = _TOKEN.search(spelled)
    return match.start() if match is not None else 0


def _bordered(text: str, start: int, spelled: str, tokens: tuple[str, ...]) -> bool:
    """Whether a word ends where it was found; a number is not the fraction of a longer one."""
    end = start + len(spelled)
    after, before = text[end : end + 1], text[start - 1 : start] if start else ""
    if after.isalnum() and spelled[-1:].isalnum():
        return False
    if spelled.replace("-", "").isdigit():
        return not (before in (".", ",") or (after in (".", ",") and text[end + 1 : end + 2].isdigit()))
    return True


def _free(content: bytes, at: int, length: int, known: tuple[Word, str]) -> bool:
    """A number, and a single word, counts in bytes too only where no digit, or letter, goes on."""
    word = known[0].text
    before, after = content[at - 1 : at] if at else b"", content[at + length : at + length + 1]
    if word.replace("-", "").replace(".", "").isdigit():
        return not (before.isdigit() or after.isdigit() or before == b".")
    among_letters = content[max(0, at - 6) : at + length + 6].isascii()
    if len(word) < 12 and word.isalnum() and among_letters and _CONTROL.search(content, max(0, at - 6), at) is None:
        return not (before.isalnum() or after.isalnum())
    return True
