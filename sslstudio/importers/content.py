"""What a file holds and how its bytes are had: compressed files inflated within limits, pairs of files put together.

Apart from the decode worker because it decides what is an image at all, by content and never by name.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import mmap
import os
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePath
from typing import BinaryIO, cast

from sslstudio.importers import containers, nifti
from sslstudio.importers.decoding import DecodeSettings
from sslstudio.importers.reasons import Refused
from sslstudio.importers.sniff import (
    ARCHIVES,
    CONVERTIBLE,
    HEAD_BYTES,
    IMAGE_EXTENSIONS,
    IMAGE_KINDS,
    Kind,
    foreign_name,
    sniff,
)

MAPPED_FROM = 16 << 20
"""DICOM files of this many bytes and more are mapped instead of read."""


@dataclass(frozen=True)
class Content:
    """An opened file that is worth decoding. `head` are its first bytes, inflated where the file is compressed."""

    path: str
    file: BinaryIO
    kind: Kind
    head: bytes
    compressed: bool
    settings: DecodeSettings

    def read(self, reader: containers.Reader) -> tuple[str, bytes]:
        """SHA-256 of the file (of both files of a pair), and what is to be decoded. Raises Refused and OSError.

        A large DICOM file is not read but mapped, as its frames are taken one by one.
        """
        raw = self._mapped() or self.file.read()
        digest, data = hashlib.sha256(raw), raw
        if self.compressed:
            data = self._inflated(raw)
        if self.kind == "nifti" and nifti.is_pair(self.head):
            pixels = self._beside(reader)
            digest.update(pixels)
            data = nifti.join(data, gunzip(pixels, self.settings) if pixels.startswith(b"\x1f\x8b") else pixels)
        return digest.hexdigest(), data

    def stream(self, reader: containers.Reader) -> BinaryIO:
        """The content from its start, for a look at the headers."""
        if self.kind == "nifti":
            if nifti.is_pair(self.head):
                self._beside(reader)
            return io.BytesIO(self.head)
        return io.BytesIO(self._inflated(self.file.read())) if self.compressed else self.file

    def _mapped(self) -> bytes | None:
        if self.compressed or self.kind not in ("dicom", "dicom_bare"):
            return None
        try:
            number = self.file.fileno()
            if os.fstat(number).st_size < MAPPED_FROM:
                return None
            return cast(bytes, mmap.mmap(number, 0, access=mmap.ACCESS_READ))
        except (OSError, ValueError):  # a member of an archive has no file of its own
            return None

    def _inflated(self, raw: bytes) -> bytes:
        if self.kind == "nifti" and not nifti.is_pair(self.head):
            return nifti.inflate(raw, self.settings)
        return gunzip(raw, self.settings)

    def _beside(self, reader: containers.Reader) -> bytes:
        for path in siblings(self.path, ".hdr", ".img"):
            try:
                with reader.opened(path) as file:
                    return file.read()
            except (OSError, Refused):
                continue
        raise Refused("pair_alone")


def admit(path: str, file: BinaryIO, settings: DecodeSettings) -> Content:
    """The content of a file that is worth decoding, `file` at its start; raises Refused for the others."""
    head = file.read(nifti.HEAD_BYTES)
    kind, compressed = sniff(head[:HEAD_BYTES]), False
    if kind == "gzip":
        inner = _inflated_head(head)
        compressed, inner_kind = True, sniff(inner[:HEAD_BYTES]) if inner else "empty"
        if inner_kind in (*IMAGE_KINDS, "analyze"):
            head, kind = inner, inner_kind
        elif foreign_name(inner) == "tar":
            raise Refused("nested_archive" if containers.split(path)[1] else "archive", content="tar.gz")
    file.seek(0)
    if kind in IMAGE_KINDS:
        return Content(path, file, kind, head, compressed, settings)
    raise refusal(path, kind, head)


def refusal(path: str, kind: Kind, head: bytes) -> Refused:
    """Why a file that is no image is left out."""
    if kind == "empty":
        return Refused("zero_bytes")
    if kind == "analyze":
        return Refused("analyze")
    if kind in ("gzip", "unknown") and any(_exists(other) for other in siblings(path, ".img", ".hdr")):
        return Refused("pair_part")
    name = foreign_name(head) if kind in ("foreign", "gzip") else ""
    if name in ARCHIVES:
        return Refused("nested_archive" if containers.split(path)[1] else "archive", content=name)
    suffix = PurePath(path).suffix.lower()
    if suffix in IMAGE_EXTENSIONS:
        return Refused("corrupt") if kind == "unknown" else Refused("wrong_extension", content=name or "text")
    if kind == "text":
        return Refused("text_file")
    return Refused("unsupported_format", content=name) if name in CONVERTIBLE else Refused("not_an_image")


def siblings(path: str, old: str, new: str) -> Iterator[str]:
    """Where the other file of a pair may lie: the same name with the other suffix, compressed or not."""
    for end in ("", ".gz"):
        if path.lower().endswith(old + end):
            stem = path[: -len(old + end)]
            suffix = path[len(stem) : len(stem) + len(old)]
            other = new.upper() if suffix.isupper() else new
            yield from (f"{stem}{other}{end}", f"{stem}{other}" if end else f"{stem}{other}.gz")


def gunzip(data: bytes, settings: DecodeSettings) -> bytes:
    """All of a gzip file, but never more than the share of memory that one file may take. Raises Refused."""
    limit = settings.memory_bytes // 4
    try:
        with gzip.open(io.BytesIO(data)) as stream:
            inflated = stream.read(limit + 1)
    except EOFError:
        raise Refused("truncated") from None
    except (zlib.error, gzip.BadGzipFile):
        raise Refused("corrupt") from None
    if len(inflated) > limit:
        raise Refused("too_large")
    return inflated


def _inflated_head(head: bytes) -> bytes:
    try:
        return zlib.decompressobj(31).decompress(head, nifti.HEAD_BYTES)
    except zlib.error:
        raise Refused("corrupt") from None


def _exists(path: str) -> bool:
    with containers.Reader() as reader:
        try:
            reader.opened(path).close()
        except (OSError, Refused):
            return False
    return True
