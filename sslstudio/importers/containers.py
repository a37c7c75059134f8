"""Files inside ZIP and tar archives, read where they lie: nothing is ever unpacked to the disk.

The path of a member is the path of its archive with the name inside behind it, `folder/archive.zip/inner/name.dcm`;
such a path can stand wherever that of a file stands. `members` lists an archive, `opened` reads a file or a member.
Every refusal is a code of `reasons`; limits count, ratio and size bound what a hostile archive can cost.
"""

from __future__ import annotations

import errno
import gzip
import io
import os
import re
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import TracebackType
from typing import IO, Any, BinaryIO, Self, cast

from sslstudio.importers.reasons import Refused

MOST_MEMBERS = 200_000
MOST_BYTES = 256 << 30
"""An archive may claim this many bytes of inflated content."""
MOST_RATIO = 250
"""Above `FREE_BYTES` of content an archive may inflate to this many times its own size."""
FREE_BYTES = 1 << 30
MOST_TAR_GZ_BYTES = 1 << 30
"""A compressed tar has no index, so every look reads it from its start; larger ones are refused."""

_MOST_INDEX_BYTES = 128 << 20
_MOST_READ = 16 << 20
_SUFFIXES = (".zip", ".tar", ".tar.gz", ".tgz")
_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA})
_DRIVE = re.compile(r"^[A-Za-z]:")


@dataclass(frozen=True, slots=True)
class Member:
    """One file of an archive: its name with forward slashes, its size, and why it cannot be read (code or "")."""

    name: str
    size: int
    problem: str = ""


@dataclass
class _Archive:
    """An open archive: how to open a member by its name, how to let go, and its members in their order.

    `more` finds further members, one a step: a tar has no index, and whoever reads it from its start need not read it
    twice.
    """

    open: Callable[[str], IO[bytes]]
    close: Callable[[], None]
    members: dict[str, Member] = field(default_factory=dict)
    more: Iterator[None] = field(default_factory=lambda: iter(()))

    def find(self, name: str) -> Member | None:
        """The member of this name; raises Refused where the archive is damaged before it."""
        with _explained():
            while name not in self.members:
                try:
                    next(self.more)
                except StopIteration:
                    return None
        return self.members[name]


def has_container_name(name: str) -> bool:
    """True for names that end as archives do."""
    return name.lower().endswith(_SUFFIXES)


def member_path(container: str, name: str) -> str:
    """The path that stands for the member `name` of the archive at `container`."""
    return f"{container}{os.sep}{name.replace('/', os.sep)}"


def members(container: str) -> list[Member] | None:
    """The files in an archive, or None when the content is no archive, whatever its name says.

    Raises Refused for an archive that is damaged, empty or exceeds a limit, OSError when it cannot be read.
    """
    archive = _open(container)
    if archive is None:
        return None
    try:
        with _explained():
            for _ in archive.more:
                continue
    finally:
        archive.close()
    if not archive.members:
        raise Refused("archive_empty")
    return list(archive.members.values())


def split(path: str) -> tuple[str, str]:
    """(archive, name inside) of a member's path; ("", "") for any other path, existing or not."""
    folder, inner = path, ""
    while True:
        folder, _, name = folder.rpartition(os.sep)
        if not folder or not name:
            return "", ""
        inner = f"{name}/{inner}" if inner else name
        if has_container_name(folder) and os.path.isfile(folder):  # noqa: PTH113 - names that are not valid text
            return folder, inner


class Reader:
    """Opens files and members; keeps the last archive open, since its members come one after the other.

    `most` is how many bytes a member may have. A context manager.
    """

    def __init__(self, most: int = FREE_BYTES) -> None:
        self._most = most
        self._key: tuple[str, int, int] | None = None
        self._archive: _Archive | None = None

    def opened(self, path: str) -> BinaryIO:
        """The file or member at `path`, at its start. Raises OSError and, for a member, Refused."""
        try:
            return open(path, "rb")  # noqa: PTH123 - names that are not valid text stay as they are
        except (FileNotFoundError, NotADirectoryError):
            container, name = split(path)
            if not name:
                raise
        return self._member(container, name)

    def close(self) -> None:
        """Let go of the archive that is open."""
        if self._archive is not None:
            self._archive.close()
        self._archive = self._key = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _member(self, container: str, name: str) -> BinaryIO:
        status = os.stat(container)  # noqa: PTH116
        key = (container, status.st_size, status.st_mtime_ns)
        if self._archive is None or key != self._key:
            self.close()
            self._archive, self._key = _open(container), key
        member = self._archive.find(name) if self._archive is not None else None
        if self._archive is None or member is None:
            raise Refused("missing")
        if member.problem or member.size > self._most:
            raise Refused(member.problem or "too_large")
        return cast(BinaryIO, self._archive.open(name))


def _open(container: str) -> _Archive | None:
    with open(container, "rb") as file:  # noqa: PTH123
        head = file.read(512)
    with _explained():
        if head.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")):
            return _open_zip(container)
        if head[257:262] == b"ustar" or (head.startswith(b"\x1f\x8b") and _is_tar_gz(container)):
            return _open_tar(container, compressed=head.startswith(b"\x1f\x8b"))
    return None


@contextmanager
def _explained() -> Iterator[None]:
    """What hostile lengths, names and numbers make the readers of archives raise becomes a reason."""
    try:
        yield
    except OSError as error:
        if error.errno != errno.EINVAL:  # a place that no file has
            raise
        raise Refused("archive_damaged") from None
    except Refused:
        raise
    except Exception:
        raise Refused("archive_damaged") from None


def _open_zip(container: str) -> _Archive:
    _check_index(container)
    file = zipfile.ZipFile(container)
    infos: dict[str, zipfile.ZipInfo] = {}
    archive = _Archive(lambda name: file.open(infos[name]), file.close)
    try:
        entries = [info for info in file.infolist() if not info.is_dir()]
        _check_amount(
            os.path.getsize(container),  # noqa: PTH202
            len(entries),
            sum(info.file_size for info in entries),
            sum(info.compress_size for info in entries),
        )
        for info in entries:
            _add(archive, infos, info, info.filename, info.file_size, _zip_problem(info))
    except BaseException:
        file.close()
        raise
    return archive


def _zip_problem(info: zipfile.ZipInfo) -> str:
    if info.flag_bits & 0x41:
        return "encrypted"
    if stat.S_ISLNK(info.external_attr >> 16):
        return "link_in_archive"
    return "" if info.compress_type in _METHODS else "archive_method"


def _check_index(container: str) -> None:
    """Refuse a ZIP whose index is too large to be read; `zipfile` reads it as a whole (APPNOTE 4.3.16)."""
    with open(container, "rb") as file:  # noqa: PTH123
        end = file.seek(0, os.SEEK_END)
        file.seek(max(0, end - (1 << 16) - 22))
        tail = file.read()
        place = tail.rfind(b"PK\x05\x06")
        if place < 0 or len(tail) - place < 22:
            raise Refused("archive_damaged")
        count, size = struct.unpack_from("<HI", tail, place + 10)
        if place >= 20 and tail[place - 20 : place - 16] == b"PK\x06\x07":
            file.seek(struct.unpack_from("<Q", tail, place - 12)[0])
            record = file.read(56)
            if len(record) == 56 and record[:4] == b"PK\x06\x06":
                count, size = struct.unpack_from("<QQ", record, 32)
    if count > MOST_MEMBERS or size > _MOST_INDEX_BYTES:
        raise Refused("archive_bomb")


def _open_tar(container: str, *, compressed: bool) -> _Archive:
    size = os.path.getsize(container)  # noqa: PTH202
    raw: Any = gzip.open(container, "rb") if compressed else open(container, "rb")  # noqa: PTH123, SIM115
    stream = _Bounded(raw, MOST_TAR_GZ_BYTES if compressed else MOST_BYTES)
    places: dict[str, tarfile.TarInfo] = {}
    archive = _Archive(lambda name: stream.part(places[name].offset_data, places[name].size), raw.close)

    def scan() -> Iterator[None]:
        total = 0
        for count, info in enumerate(file, 1):
            total += info.size
            _check_amount(size, count, total, 0)
            if not info.isdir():
                _add(archive, places, info, info.name, info.size, _tar_problem(info))
            yield

    try:
        file = tarfile.TarFile(fileobj=cast(Any, stream))
    except BaseException:
        raw.close()
        raise
    archive.more = scan()
    return archive


def _tar_problem(info: tarfile.TarInfo) -> str:
    if info.issym() or info.islnk():
        return "link_in_archive"
    if not info.isreg():
        return "not_a_file"
    return "archive_method" if info.issparse() else ""


def _add(archive: _Archive, places: dict[str, Any], place: Any, name: str, size: int, problem: str) -> None:
    """Add one entry; a name that leads elsewhere, or is there already, is told and never opened."""
    clean, safe = _inner_name(name)
    if not problem:
        problem = "unsafe_name" if not safe else "zero_bytes" if not size else ""
    if clean in places:
        problem = "repeated_name"
        while clean in places:
            stem, dot, suffix = clean.rpartition(".")
            clean = f"{stem} (again).{suffix}" if dot else f"{clean} (again)"
    places[clean] = place
    archive.members[clean] = Member(clean, size, problem)


def _inner_name(name: str) -> tuple[str, bool]:
    """(the name with forward slashes and no way out, whether it was like that but for the slashes)."""
    slashed = name.replace("\\", "/")
    parts = [part for part in slashed.split("/") if part not in ("", ".")]
    safe = bool(parts) and ".." not in parts and not slashed.startswith("/") and not _DRIVE.match(slashed)
    return "/".join("(..)" if part == ".." else part.replace("\0", "") for part in parts) or "(no name)", safe


def _check_amount(size: int, count: int, inflated: int, deflated: int) -> None:
    """Refuse what only a hostile archive claims: too much, inflated too far, or the same bytes used again and again."""
    far = inflated > FREE_BYTES and inflated > MOST_RATIO * max(size, 1)
    if count > MOST_MEMBERS or inflated > MOST_BYTES or far or deflated > size:
        raise Refused("archive_bomb")


def _is_tar_gz(container: str) -> bool:
    try:
        with gzip.open(container, "rb") as file:
            return file.read(512)[257:262] == b"ustar"
    except (EOFError, zlib.error, gzip.BadGzipFile):
        return False


class _Bounded:
    """A stream that tarfile may read: never much at once, never beyond `most` bytes."""

    def __init__(self, stream: IO[bytes], most: int) -> None:
        self._stream = stream
        self._most = most

    def read(self, size: int = -1) -> bytes:
        """At most `_MOST_READ` bytes at once; tarfile asks for more only where a header lies."""
        if size < 0 or size > _MOST_READ:
            raise Refused("archive_bomb")
        return self._stream.read(size)

    def seek(self, offset: int) -> int:
        """To `offset` from the start."""
        if offset > self._most:
            raise Refused("archive_bomb")
        return self._stream.seek(offset)

    def part(self, offset: int, size: int) -> BinaryIO:
        """`size` bytes from `offset`, as a stream of their own."""
        self.seek(offset)
        data = bytearray()
        while len(data) < size:
            piece = self.read(min(size - len(data), _MOST_READ))
            if not piece:
                raise Refused("truncated")
            data += piece
        return io.BytesIO(data)

    def tell(self) -> int:
        """Bytes from the start."""
        return self._stream.tell()
