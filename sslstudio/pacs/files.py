"""The folder that received images go to; apart because what an archive sends decides names and sizes in it.

`FOLDER/<series>/<image>.dcm`, names are UIDs or, where an archive breaks their rules, a digest. A file appears under
its name only when it is whole and on the disk; what is not yet lies in `FOLDER/.receiving`.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import shutil
import struct
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from sslstudio.pacs.problems import problem

MOST_BYTES = 8 * 1024**3
"""The largest single object that is accepted; the largest real ones (whole-slide images) stay below."""
FREE_BYTES = 512 * 1024**2
"""What is left free on the disk."""
_PARTS = ".receiving"
_HEAD = 132
_LOOK = 32 * 1024**2


class ReceivingFolder:
    """One folder; `name` is the archive's name for the sentences. Safe to use from several threads."""

    def __init__(self, folder: Path, name: str, *, most_bytes: int = MOST_BYTES, free_bytes: int = FREE_BYTES) -> None:
        self.folder, self.most_bytes = folder, most_bytes
        self.parts = folder / _PARTS
        self._name, self._free_bytes = name, free_bytes

    def prepare(self) -> None:
        """Make the folder, for its owner alone where it is new, and clear what an earlier attempt left unfinished."""
        if inside_project(self.folder):
            raise problem("inside_project", self._name)
        with self._told():
            _make_private(self.folder)
            shutil.rmtree(self.parts, ignore_errors=True)
            self.parts.mkdir(mode=0o700, exist_ok=True)
            self.check_room()

    def finish(self) -> None:
        """Remove the place for unfinished files."""
        shutil.rmtree(self.parts, ignore_errors=True)

    def path(self, series: str, sop: str) -> Path:
        """Where an image of a series belongs; always inside the folder."""
        return self.folder / safe_name(series) / f"{safe_name(sop)}.dcm"

    def has(self, series: str, sop: str) -> bool:
        """True when the image has arrived already."""
        try:
            return self.path(series, sop).stat().st_size > _HEAD
        except OSError:
            return False

    @contextlib.contextmanager
    def part(self) -> Iterator[Part]:
        """A new unfinished file; gone afterwards unless it was kept."""
        with self._told():
            descriptor, name = tempfile.mkstemp(dir=self.parts, suffix=".part")
        path = Path(name)
        try:
            with os.fdopen(descriptor, "wb") as stream:
                yield Part(path, stream, self)
        finally:
            path.unlink(missing_ok=True)

    def keep(self, part: Path, series: str, sop: str) -> int:
        """Give an unfinished file its name once it is seen to be the image; its size in bytes.

        Real files exist whose file meta information names another image than their data set does; either will do.
        Raises SSLStudioError: "unreadable", "not_asked_for", "disk_full", "folder".
        """
        with self._told():
            with part.open("r+b") as stream:
                head = stream.read(64 * 1024)
                os.fsync(stream.fileno())
            if not is_dicom(head):
                raise problem("unreadable", self._name)
            if sop_instance(head) != sop and sop.encode("utf-8", "replace") not in head:
                raise problem("not_asked_for", self._name)
            target = self.path(series, sop)
            target.parent.mkdir(mode=0o700, exist_ok=True)
            part.chmod(0o600)
            part.replace(target)
            return target.stat().st_size

    def check_room(self) -> None:
        """Raise "disk_full" before the disk is."""
        if shutil.disk_usage(self.folder).free < self._free_bytes:
            raise problem("disk_full", self._name)

    def too_much(self) -> Exception:
        """The error for an object that is larger than anything real."""
        return problem("too_much", self._name)

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        """The disk's own errors in plain words."""
        try:
            yield
        except OSError as error:
            full = error.errno in (errno.ENOSPC, errno.EDQUOT)
            raise problem("disk_full" if full else "folder", self._name) from None

    def write(self, stream: BinaryIO, data: bytes) -> None:
        """Write to an unfinished file."""
        with self._told():
            stream.write(data)


class Part:
    """One unfinished file: write to it in pieces, then `keep` it."""

    def __init__(self, path: Path, stream: BinaryIO, folder: ReceivingFolder) -> None:
        self.path = path
        self.size = 0
        self._stream, self._folder = stream, folder
        self._looked = 0

    def write(self, data: bytes) -> None:
        """Add a piece; raises SSLStudioError "too_much" or "disk_full"."""
        self.size += len(data)
        if self.size > self._folder.most_bytes:
            raise self._folder.too_much()
        if self.size - self._looked > _LOOK:
            self._looked = self.size
            self._folder.check_room()
        self._folder.write(self._stream, data)

    def keep(self, series: str, sop: str) -> int:
        """The file is whole: give it its name; returns its size. Raises as `ReceivingFolder.keep`."""
        self._folder.write(self._stream, b"")
        self._stream.flush()
        return self._folder.keep(self.path, series, sop)


def safe_name(uid: str) -> str:
    """A file name for an identifier: the UID itself if it is one (PS3.5 9.1), else a digest of it.

    Whatever a stranger sends, the name has no separator, is not `.` or `..`, is not empty and has at most 64 letters.
    """
    if len(uid) <= 64 and re.fullmatch(r"[0-9]+(?:\.[0-9]+)*", uid, re.ASCII):
        return uid
    return "x-" + hashlib.sha256(uid.encode("utf-8", "surrogatepass")).hexdigest()[:40]


def is_dicom(head: bytes) -> bool:
    """True for the beginning of a DICOM file, also of an old one that lacks the preamble and begins with its data."""
    if head[128:_HEAD] == b"DICM":
        return True
    return len(head) > _HEAD and bool({struct.unpack_from(order, head)[0] for order in ("<H", ">H")} & {2, 8})


def sop_instance(head: bytes) -> str | None:
    """The SOP instance UID in the file meta information of a DICOM file (PS3.10 7.1); None when there is none.

    Reads the first kilobytes only: what a stranger packed into the data set is left to the decoders.
    """
    if head[128:_HEAD] != b"DICM":
        return None
    at = _HEAD
    while at + 8 <= len(head):
        group, element = struct.unpack_from("<HH", head, at)
        kind = head[at + 4 : at + 6]
        if group != 2:
            return None
        if kind in (b"OB", b"OW", b"UN", b"SQ", b"UT"):
            if at + 12 > len(head):
                return None
            length, start = struct.unpack_from("<I", head, at + 8)[0], at + 12
        else:
            length, start = struct.unpack_from("<H", head, at + 6)[0], at + 8
        if element == 0x0003:
            value = head[start : start + length]
            return value.rstrip(b"\0 ").decode("ascii", "replace") if len(value) == length else None
        at = start + length
    return None


def default_folder(project: str) -> Path:
    """Where received images go unless the user says otherwise: in the home folder, one folder for each project.

    Not among the documents, because those are often copied to a cloud.
    """
    return Path.home() / "SSL Studio received" / (re.sub(r"[^\w\- ]", "_", project).strip() or "images")


def inside_project(folder: Path) -> bool:
    """True for a folder in a project, which may be given away and must not hold what names patients."""
    return any(part.suffix == ".sslproj" for part in (folder.resolve(), *folder.resolve().parents))


def readable_by_others(folder: Path) -> bool:
    """True when other users of this computer can look into an existing folder."""
    try:
        return os.name == "posix" and bool(folder.stat().st_mode & 0o077)
    except OSError:
        return False


def _make_private(folder: Path) -> None:
    """Make a folder and those above it that are missing, each for the owner alone."""
    absent = [folder, *folder.parents]
    for path in reversed([path for path in absent if not path.exists()]):
        path.mkdir(mode=0o700, exist_ok=True)
