"""The texts and pictures of a PDF: inflated streams, and what its pages show, letter by letter through its fonts.

It reads what common writers make (PDF 32000-1:2008, 7.4 filters, 9.4 text, 9.10.3 ToUnicode); pages that are pictures
are compared as pictures.
"""

from __future__ import annotations

import base64
import contextlib
import re
import zlib
from collections.abc import Iterator

MOST_INFLATED = 1 << 28
_OBJECT = re.compile(rb"(\d+)\s+\d+\s+obj\b(.*?)(?:stream\r?\n|endobj)", re.DOTALL)
_FONTS = re.compile(rb"/([\w+.-]+)\s+(\d+)\s+0\s+R")
_SHOWN = re.compile(
    rb"/([\w+.-]+)\s+[\d.]+\s+Tf|(\((?:\\.|[^\\()]|\((?:\\.|[^\\()])*\))*\))|<([0-9A-Fa-f\s]+)>|\b(T[jJ*dDm]|ET)\b",
    re.DOTALL,
)
_RANGES = re.compile(rb"<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>\s*(?:<([0-9A-Fa-f]+)>|\[([^\]]*)\])")
_SINGLE = re.compile(rb"<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>")
_ESCAPES = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}


def parts(content: bytes) -> Iterator[tuple[str, bytes]]:
    """Every stream inflated, raw pictures with their size as name, and the text of the pages."""
    heads: dict[int, bytes] = {}
    streams: dict[int, bytes] = {}
    for number, head, inner in _objects(content):
        heads[number] = head
        if inner is not None:
            streams[number] = inner
            yield from _stream(number, head, inner)
            if b"/ObjStm" in head:
                heads.update(_packed(head, inner))
    maps = {
        number: _letters(streams[int(found[1])])
        for number, head in heads.items()
        if (found := re.search(rb"/ToUnicode\s+(\d+)\s+0\s+R", head)) and int(found[1]) in streams
    }
    fonts = {
        name: maps[int(number)]
        for head in heads.values()
        for name, number in _FONTS.findall(head)
        if int(number) in maps
    }
    for number, inner in streams.items():
        if b"Tf" in inner and (b"Tj" in inner or b"TJ" in inner):
            yield f"page text {number}", _text(inner, fonts).encode("utf-8", "replace")
    yield "strings", "\n".join(_strings(content)).encode("utf-8", "replace")


def _objects(content: bytes) -> Iterator[tuple[int, bytes, bytes | None]]:
    for match in _OBJECT.finditer(content):
        head, start = match[2], match.end()
        if not content[match.end() - 8 : match.end()].lstrip().startswith(b"stream"):
            yield int(match[1]), head, None
            continue
        end = content.find(b"endstream", start)
        yield int(match[1]), head, _inflate(head, content[start:end].rstrip(b"\r\n"))


def _inflate(head: bytes, data: bytes) -> bytes:
    filters = re.search(rb"/Filter\s*(\[[^\]]*\]|/\w+)", head)
    for name in re.findall(rb"/(\w+)", filters[1]) if filters else ():
        with contextlib.suppress(ValueError, zlib.error):
            if name in (b"ASCII85Decode", b"A85"):
                data = base64.a85decode(re.sub(rb"\s", b"", data).removesuffix(b"~>").removeprefix(b"<~"))
            elif name in (b"ASCIIHexDecode", b"AHx"):
                data = bytes.fromhex(data.rstrip(b">").decode("ascii"))
            elif name in (b"FlateDecode", b"Fl"):
                data = zlib.decompressobj().decompress(data, MOST_INFLATED)
    return data


def _stream(number: int, head: bytes, inner: bytes) -> Iterator[tuple[str, bytes]]:
    if re.search(rb"/Subtype\s*/Image", head) and not inner.startswith(b"\xff\xd8"):
        size = [re.search(rb"/%s\s+(\d+)" % name, head) for name in (b"Width", b"Height")]
        if size[0] and size[1]:
            yield f"picture {int(size[0][1])}x{int(size[1][1])}", inner
            return
    yield f"stream {number}", inner


def _packed(head: bytes, inner: bytes) -> Iterator[tuple[int, bytes]]:
    """Objects that stand in an object stream (7.5.7)."""
    first = re.search(rb"/First\s+(\d+)", head)
    if first is None:
        return
    start = int(first[1])
    numbers = [int(number) for number in inner[:start].split()]
    places = [*numbers[1::2], len(inner) - start]
    for number, place, end in zip(numbers[::2], places, places[1:], strict=False):
        yield number, inner[start + place : start + end]


def _letters(cmap: bytes) -> dict[int, str]:
    """Code -> text of a ToUnicode map."""
    found: dict[int, str] = {}

    def text(digits: bytes) -> str:
        return bytes.fromhex(digits.decode("ascii")).decode("utf-16-be", "replace")

    for block in re.findall(rb"beginbfrange(.*?)endbfrange", cmap, re.DOTALL):
        for low, high, one, several in _RANGES.findall(block):
            start, end = int(low, 16), min(int(high, 16), int(low, 16) + 65535)
            if several:
                units = [text(unit) for unit in re.findall(rb"<([0-9A-Fa-f]+)>", several)]
                found.update(zip(range(start, end + 1), units, strict=False))
            else:
                base = text(one)
                found.update({code: base[:-1] + chr(ord(base[-1]) + code - start) for code in range(start, end + 1)})
    for block in re.findall(rb"beginbfchar(.*?)endbfchar", cmap, re.DOTALL):
        found.update({int(code, 16): text(unit) for code, unit in _SINGLE.findall(block)})
    return found


def _text(page: bytes, fonts: dict[bytes, dict[int, str]]) -> str:
    letters: dict[int, str] = {}
    out: list[str] = []
    for match in _SHOWN.finditer(page):
        font, literal, digits, operator = match.groups()
        if font is not None:
            letters = fonts.get(font, {})
        elif literal is not None:
            out.append(_shown(_unescape(literal[1:-1]), letters))
        elif digits is not None:
            raw = re.sub(rb"\s", b"", digits)
            out.append(_shown(bytes.fromhex((raw + b"0" * (len(raw) % 2)).decode("ascii")), letters))
        elif operator in (b"Td", b"TD", b"T*", b"Tm", b"ET"):
            out.append("\n")
    lines = "".join(out)
    return lines + "\n" + re.sub(r"\n+", " ", lines)


def _shown(codes: bytes, letters: dict[int, str]) -> str:
    if letters and max(letters) > 255:
        pairs = [int.from_bytes(codes[n : n + 2], "big") for n in range(0, len(codes), 2)]
        return "".join(letters.get(code, "") for code in pairs)
    return "".join(letters.get(code, chr(code)) for code in codes)


def _unescape(literal: bytes) -> bytes:
    def one(match: re.Match[bytes]) -> bytes:
        if match[1]:
            return bytes([int(match[1], 8) & 255])
        return _ESCAPES.get(match[2], b"" if match[2] in (b"\n", b"\r") else match[2])

    return re.sub(rb"\\(?:([0-7]{1,3})|(.))", one, literal, flags=re.DOTALL)


def _strings(content: bytes) -> Iterator[str]:
    """Strings outside of streams: the title, the author, bookmarks."""
    outside = re.sub(rb"stream\r?\n.*?endstream", b"", content, flags=re.DOTALL)
    for literal in re.findall(rb"\((?:\\.|[^\\()])*\)", outside, re.DOTALL):
        raw = _unescape(literal[1:-1])
        yield raw.decode("utf-16", "replace") if raw[:2] in (b"\xfe\xff", b"\xff\xfe") else raw.decode("latin-1")
    for digits in re.findall(rb"<((?:[0-9A-Fa-f]{2})+)>", outside):
        raw = bytes.fromhex(digits.decode("ascii"))
        yield raw.decode("utf-16", "replace") if raw[:2] in (b"\xfe\xff", b"\xff\xfe") else raw.decode("latin-1")
