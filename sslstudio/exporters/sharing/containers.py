"""What lies inside a file: members of archives, compressed streams, texts of pictures, tables, models, PDF pages.

Each opener takes bytes and gives (name, bytes); what it cannot read it passes over, since the bytes themselves are
searched as well. Nothing that is read is ever run.
"""

from __future__ import annotations

import bz2
import contextlib
import gzip
import io
import lzma
import pickletools
import tarfile
import warnings
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pydicom
from PIL import Image

from sslstudio.exporters.sharing import pdf_text

Part = tuple[str, bytes]
MOST_INFLATED = 1 << 30
"""Bytes that one member may have when inflated; a larger one is named as not searched."""


class TooLarge(Exception):  # noqa: N818 - told to the user by name of the file
    """A member that would be larger than MOST_INFLATED."""


def parts(content: bytes) -> Iterator[Part]:
    """What `content` holds; raises TooLarge."""
    for start, opener in _OPENERS:
        if content.startswith(start):
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    yield from opener(content)
            except TooLarge:
                raise
            except Exception:  # not what its first bytes say; its bytes are searched as they are
                continue
    if content[4:8] != b"JSON" and content[8:9] == b"{" and int.from_bytes(content[:8], "little") < len(content):
        yield "header", content[8 : 8 + int.from_bytes(content[:8], "little")]
    elif content[:1] in (b"\x08", b"\x0a") and b"\0" in content[:4096]:
        yield "texts", b"\n".join(_protobuf(content))


def _limited(length: int) -> None:
    if length > MOST_INFLATED:
        raise TooLarge


def _zip(content: bytes) -> Iterator[Part]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        if archive.comment:
            yield "comment", archive.comment
        for info in archive.infolist():
            _limited(info.file_size)
            yield f"{info.filename} (name)", info.filename.encode("utf-8", "surrogateescape")
            if info.comment or info.extra:
                yield f"{info.filename} (comment)", info.comment + b"\n" + info.extra
            with contextlib.suppress(RuntimeError, zipfile.BadZipFile, zlib.error, NotImplementedError):
                yield info.filename, archive.read(info)


def _tar(content: bytes) -> Iterator[Part]:
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        for member in archive:
            _limited(member.size)
            yield f"{member.name} (name)", f"{member.name}\n{member.uname}\n{member.linkname}".encode()
            stream = archive.extractfile(member) if member.isfile() else None
            if stream is not None:
                yield member.name, stream.read()


def _packed(unpack: Callable[[io.BytesIO], Any]) -> Callable[[bytes], Iterator[Part]]:
    def opener(content: bytes) -> Iterator[Part]:
        with unpack(io.BytesIO(content)) as stream:
            inner = stream.read(MOST_INFLATED + 1)
        _limited(len(inner))
        yield "inflated", inner
        if inner[257:262] == b"ustar":
            yield from _tar(inner)

    return opener


def _zlib(content: bytes) -> Iterator[Part]:
    yield "inflated", zlib.decompressobj().decompress(content, MOST_INFLATED)


def _picture(content: bytes) -> Iterator[Part]:
    """Texts that stand beside the pixels: comments, EXIF, XMP, TIFF tags."""
    with Image.open(io.BytesIO(content)) as picture:
        told: dict[str, Any] = {str(name): value for name, value in picture.info.items()}
        told |= {str(tag): value for tag, value in picture.getexif().items()}
        told |= {f"tag {tag}": value for tag, value in dict(getattr(picture, "tag_v2", {})).items()}
    for name, value in told.items():
        if isinstance(value, str | bytes):
            yield str(name), value.encode("utf-8", "surrogateescape") if isinstance(value, str) else value


def _array(content: bytes) -> Iterator[Part]:
    array = np.load(io.BytesIO(content), allow_pickle=False)
    if array.dtype.kind in "US":
        texts = [one.decode("latin-1") if isinstance(one, bytes) else str(one) for one in array.ravel().tolist()]
        yield "texts", "\n".join(texts).encode("utf-8", "surrogateescape")


def _parquet(content: bytes) -> Iterator[Part]:
    import pyarrow
    from pyarrow import parquet

    table = parquet.read_table(io.BytesIO(content))
    kept = dict(table.schema.metadata or {})
    yield "metadata", b"\n".join([*kept, *kept.values(), *(name.encode() for name in table.column_names)])
    for name in table.column_names:
        column = table.column(name)
        kind = column.type
        if pyarrow.types.is_dictionary(kind):
            kind = kind.value_type
        if pyarrow.types.is_floating(kind) or pyarrow.types.is_fixed_size_list(kind):
            continue
        values = dict.fromkeys(str(value) for value in column.to_pylist() if value is not None)
        yield name, "\n".join(values).encode("utf-8", "surrogateescape")


def _pickle(content: bytes) -> Iterator[Part]:
    texts = []
    with contextlib.suppress(ValueError):
        for _, value, _ in pickletools.genops(content):
            if isinstance(value, str):
                texts.append(value.encode("utf-8", "surrogateescape"))
            elif isinstance(value, bytes):
                texts.append(value[:4096])
    yield "texts", b"\n".join(texts)


def _dicom(content: bytes) -> Iterator[Part]:
    pixels = ("OB", "OW", "OF", "OD", "UN", "SQ")
    with pydicom.config.disable_value_validation():
        dataset = pydicom.dcmread(io.BytesIO(content), stop_before_pixels=True)
        texts = [str(element.value) for element in dataset.iterall() if element.VR not in pixels]
    yield "header", "\n".join(texts).encode("utf-8", "surrogateescape")


def _database(content: bytes) -> Iterator[Part]:
    """Every value of every table; long ones are spread over pages in the file itself."""
    import sqlite3

    database = sqlite3.connect(":memory:")
    with contextlib.closing(database):
        database.deserialize(content[:18] + b"\x01\x01" + content[20:])  # readable without its write-ahead log
        tables = [row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in tables:
            quoted = table.replace('"', '""')
            for row in database.execute(f'SELECT * FROM "{quoted}"'):
                for value in row:
                    if isinstance(value, bytes):
                        yield f"{table} (bytes)", value
                texts = [str(value) for value in row if isinstance(value, str)]
                if texts:
                    yield table, "\n".join(texts).encode("utf-8", "surrogateescape")


def _protobuf(content: bytes, depth: int = 0) -> Iterator[bytes]:
    """The short texts of a protocol buffer such as an ONNX graph, where a name may have three letters."""
    place = 0
    while place < len(content):
        key, place = _varint(content, place)
        wire = key & 7
        if not key >> 3 or wire in (3, 4, 6, 7):
            return
        if wire == 2:
            length, place = _varint(content, place)
            if length > len(content) - place:
                return
            inner = content[place : place + length]
            place += length
            if length <= 1 << 16 and _is_text(inner):
                yield inner
            elif depth < 6 and length > 2:
                yield from _protobuf(inner, depth + 1) if length < 1 << 18 or depth < 2 else ()
        elif wire == 0:
            _, place = _varint(content, place)
        else:
            place += 8 if wire == 1 else 4


def _varint(content: bytes, place: int) -> tuple[int, int]:
    number = shift = 0
    while place < len(content) and shift < 64:
        byte = content[place]
        place += 1
        number |= (byte & 127) << shift
        if byte < 128:
            break
        shift += 7
    return number, place


def _is_text(piece: bytes) -> bool:
    try:
        return all(character.isprintable() or character in "\n\r\t" for character in piece.decode("utf-8"))
    except UnicodeDecodeError:
        return False


_OPENERS: tuple[tuple[bytes, Callable[[bytes], Iterator[Part]]], ...] = (
    (b"PK\x03\x04", _zip),
    (b"\x1f\x8b", _packed(lambda stream: gzip.GzipFile(fileobj=stream))),
    (b"BZh", _packed(bz2.BZ2File)),
    (b"\xfd7zXZ\0", _packed(lzma.LZMAFile)),
    (b"\x78\x9c", _zlib),
    (b"\x78\x01", _zlib),
    (b"\x78\xda", _zlib),
    (b"%PDF-", pdf_text.parts),
    (b"\x89PNG", _picture),
    (b"\xff\xd8\xff", _picture),
    (b"II*\0", _picture),
    (b"MM\0*", _picture),
    (b"GIF8", _picture),
    (b"RIFF", _picture),
    (b"\x93NUMPY", _array),
    (b"PAR1", _parquet),
    (b"\x80", _pickle),
    (b"SQLite format 3\0", _database),
    (b"\0" * 128 + b"DICM", _dicom),
)
