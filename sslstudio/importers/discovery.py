"""Finds the files below the chosen sources: streaming, sorted folder by folder, and safe against loops of links.

An archive that is called one (.zip, .tar, .tar.gz, .tgz) is looked into: its members are files like any others, with
the archive's name as a folder in their paths. Nothing is unpacked. A table that is chosen by itself gives the files
that it names, and so does the index of a DICOM disc, as far as they lie beside or below it; in a folder both are files
like any others.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

from sslstudio.errors import SSLStudioError
from sslstudio.importers import containers, dicomdir
from sslstudio.importers.patience import Errand
from sslstudio.importers.reasons import Refused
from sslstudio.importers.tables import SubjectTable, is_table

_SYSTEM_NAMES = frozenset(
    {"thumbs.db", "desktop.ini", "ehthumbs.db", "__macosx", "$recycle.bin", "system volume information", "lost+found"}
)
_PROJECT_SUFFIX = ".sslproj"
SORTED_NAMES = 100_000
"""A folder's names are sorted in blocks of this many, so that the first files of a very large one come at once."""


@dataclass(frozen=True, slots=True)
class FoundFile:
    """One file to look at. `relative` is its path below its source with forward slashes.

    `problem` is a code of `reasons` when the entry cannot be read at all, else "". `container` is the archive on the
    disk that the file lies in, or ""; its `path` is then that of `containers.member_path`, which the decode workers
    and `containers.Reader` read, and its time of change is that of the archive.
    `named_by` is the table that names it, or "".
    """

    path: str
    relative: str
    size: int = 0
    modified_ns: int = 0
    problem: str = ""
    container: str = ""
    named_by: str = ""


@dataclass
class Discovery:
    """Walks the sources. `hidden` counts hidden and system entries that were passed over without a word.

    An archive that takes longer to list than `slow_seconds` is come back to at the end, so that a drive that hangs at
    one file holds back no other; after `seconds` it is given up. `tables` are those among the sources that were read
    already, by their paths; any other is read by `image_column`.
    """

    sources: Sequence[Path]
    hidden: int = 0
    image_column: str = ""
    tables: Mapping[str, SubjectTable] = field(default_factory=dict)
    seconds: float = 600.0
    slow_seconds: float = 10.0
    _folders: set[tuple[int, int]] = field(default_factory=set)
    _chosen: set[str] = field(default_factory=set)
    _listed: dict[str, dict[str, FoundFile]] = field(default_factory=dict)
    _late: list[tuple[FoundFile, Errand[list[containers.Member] | None]]] = field(default_factory=list)
    _naming: bool = False

    def __iter__(self) -> Iterator[FoundFile]:
        yield from self._early()
        for whole, errand in self._late:
            yield from self._listing(whole, errand)

    def _early(self) -> Iterator[FoundFile]:
        """All but what lies in archives that are slow to list."""
        for source in self.sources:
            path = os.path.abspath(source)  # noqa: PTH100 - keeps names that are not valid text
            try:
                status = os.stat(path)  # noqa: PTH116
            except OSError as error:
                yield FoundFile(path, os.path.basename(path), problem=problem_of(error))  # noqa: PTH119
                continue
            if stat.S_ISDIR(status.st_mode):
                yield from self._walk(path, status)
            elif is_table(path) and (table := self._table(path)) is not None:
                self._naming = True
                yield from (replace(found, named_by=path) for found in self._named(path, table))
                self._naming = False
            elif path not in self._chosen and not self._walked(path):
                self._chosen.add(path)
                yield from self._file(path, os.path.basename(path), status)  # noqa: PTH119
                if stat.S_ISREG(status.st_mode) and self._is_disc_index(path):
                    yield from self._named_by(path)

    def _named_by(self, index: str) -> Iterator[FoundFile]:
        """The files that the index of a disc names; what it must not or cannot name comes with its problem."""
        for reference in dicomdir.references(index):
            relative = "/".join(reference.parts)
            if reference.problem:  # no path that could be opened, now or later
                yield FoundFile(f"{index}|{'|'.join(reference.parts)}", relative, problem=reference.problem)
            elif reference.path not in self._chosen and not self._walked(reference.path):
                self._chosen.add(reference.path)
                yield from self._file(reference.path, relative, os.stat(reference.path))  # noqa: PTH116

    def _table(self, path: str) -> SubjectTable | None:
        """The table at `path`; None when it is no table of files."""
        if path in self.tables:
            return self.tables[path]
        try:
            return SubjectTable.read(Path(path), self.image_column) or None
        except SSLStudioError:
            return None

    def _named(self, path: str, table: SubjectTable) -> Iterator[FoundFile]:
        """Files and folders as a table names them: below its own folder, or anywhere by their whole path.

        What is not where the table says is looked for below the table's folder, by the end of its path or its name.
        """
        folder = os.path.dirname(path)  # noqa: PTH120
        missing: dict[int, FoundFile] = {}
        for number, found in self._as_named(path, folder, table.images):
            if found.problem == "missing" and number is not None:
                missing[number] = found
            else:
                yield found
        if missing:
            for found in Discovery([Path(folder)]):
                number = table.number(found.relative)
                if number in missing and found.path not in self._chosen:
                    self._chosen.add(found.path)
                    yield found
                    missing[number] = replace(missing[number], problem="")
        yield from (found for found in missing.values() if found.problem)

    def _as_named(self, table: str, folder: str, names: Sequence[str]) -> Iterator[tuple[int | None, FoundFile]]:
        for number, name in enumerate(names):
            whole = os.path.isabs(name)  # noqa: PTH117
            path = os.path.normpath(os.path.join(folder, name))  # noqa: PTH118
            relative = name.lstrip("/") if whole else path[len(folder) :].strip(os.sep).replace(os.sep, "/")
            if not whole and not path.startswith(folder.rstrip(os.sep) + os.sep):
                yield None, FoundFile(f"{table}|{name}", name, problem="outside_table")  # no path that could be opened
                continue
            archive, member = containers.split(path)
            try:
                status = os.stat(archive or path)  # noqa: PTH116
            except OSError as error:
                yield None if whole else number, FoundFile(path, relative, problem=problem_of(error))
                continue
            if stat.S_ISDIR(status.st_mode):
                yield from ((None, found) for found in self._walk(path, status, f"{relative}/"))
            elif path not in self._chosen and not self._walked(archive or path):
                self._chosen.add(path)
                found = self._part(path, relative, archive, status) if member else self._file(path, relative, status)
                yield from ((None, one) for one in found)

    def _part(self, path: str, relative: str, archive: str, status: os.stat_result) -> Iterator[FoundFile]:
        """One member of an archive, or a folder in it; the archive itself where it cannot be read."""
        if archive not in self._listed:
            self._listed = {archive: {file.path: file for file in self._inside(archive, relative, status)}}
        files = self._listed[archive]
        if path in files or archive in files:
            yield replace(files.get(path) or files[archive], relative=relative)
            return
        inner = [file for name, file in files.items() if name.startswith(path + os.sep)]
        for file in inner:
            yield replace(file, relative=relative + file.path[len(path) :].replace(os.sep, "/"))
        if not inner:
            yield FoundFile(path, relative, problem="missing")

    def _walked(self, path: str) -> bool:
        """True when a file that was chosen by itself was found in a folder already."""
        if not self._folders or _is_hidden(os.path.basename(path)):  # noqa: PTH119
            return False
        folder = os.stat(os.path.dirname(path))  # noqa: PTH116, PTH120
        return (folder.st_dev, folder.st_ino) in self._folders

    def _walk(self, root: str, status: os.stat_result, prefix: str = "") -> Iterator[FoundFile]:
        pending = [(root, prefix, status)]
        while pending:
            folder, prefix, status = pending.pop()
            identity = (status.st_dev, status.st_ino)
            if identity != (0, 0) and identity in self._folders:
                continue
            self._folders.add(identity)
            below: list[tuple[str, str, os.stat_result]] = []
            try:
                with os.scandir(folder) as entries:
                    while names := sorted(entry.name for entry in islice(entries, SORTED_NAMES)):
                        yield from self._entries(folder, prefix, names, below)
            except OSError as error:
                yield FoundFile(folder, prefix.rstrip("/"), problem=problem_of(error))
            pending.extend(reversed(below))

    def _entries(
        self, folder: str, prefix: str, names: Sequence[str], below: list[tuple[str, str, os.stat_result]]
    ) -> Iterator[FoundFile]:
        """The files among `names`; folders are added to `below`."""
        for name in names:
            if _is_hidden(name):
                self.hidden += 1
                continue
            path, relative = os.path.join(folder, name), prefix + name  # noqa: PTH118
            try:
                status = os.stat(path)  # noqa: PTH116
            except OSError as error:
                yield FoundFile(path, relative, problem=problem_of(error))
                continue
            if stat.S_ISDIR(status.st_mode):
                below.append((path, f"{relative}/", status))
            elif path not in self._chosen:
                yield from self._file(path, relative, status)

    def _file(self, path: str, relative: str, status: os.stat_result) -> Iterator[FoundFile]:
        problem = "" if stat.S_ISREG(status.st_mode) else "not_a_file"
        if not problem and status.st_size == 0:
            problem = "zero_bytes"
        if not problem and containers.has_container_name(path):
            yield from self._inside(path, relative, status)
        else:
            yield FoundFile(path, relative, status.st_size, status.st_mtime_ns, problem)

    def _inside(self, path: str, relative: str, status: os.stat_result) -> Iterator[FoundFile]:
        """The members of an archive; the file itself where it is none, or none that can be read."""
        whole = FoundFile(path, relative, status.st_size, status.st_mtime_ns)
        errand = Errand(containers.members, path)
        if self._naming or errand.done(self.slow_seconds):
            yield from self._listing(whole, errand)
        else:
            self._late.append((whole, errand))

    def _listing(self, whole: FoundFile, errand: Errand[list[containers.Member] | None]) -> Iterator[FoundFile]:
        path = whole.path
        if not errand.done(self.seconds):
            yield replace(whole, problem="decoder_timeout")
            return
        try:
            members = errand.result()
        except Refused as refused:
            yield replace(whole, problem=refused.code)
            return
        except OSError as error:
            yield replace(whole, problem=problem_of(error))
            return
        if members is None:
            yield whole
            return
        for member in members:
            if any(_is_hidden(part) for part in member.name.split("/")):
                self.hidden += 1
                continue
            inner = containers.member_path(path, member.name)
            name = f"{whole.relative}/{member.name}"
            yield FoundFile(inner, name, member.size, whole.modified_ns, member.problem, path)

    def _is_disc_index(self, path: str) -> bool:
        errand = Errand(_is_disc_index, path)
        return errand.done(self.slow_seconds) and errand.result()


def _is_disc_index(path: str) -> bool:
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - names that are not valid text stay as they are
            return dicomdir.is_index(file.read(512))
    except OSError:
        return False


def problem_of(error: OSError) -> str:
    """The reason code of an error of the file system."""
    if isinstance(error, PermissionError):
        return "permission"
    return "missing" if isinstance(error, FileNotFoundError) else "unreadable"


def _is_hidden(name: str) -> bool:
    lower = name.lower()
    return name.startswith((".", "~$")) or lower in _SYSTEM_NAMES or lower.endswith(_PROJECT_SUFFIX)
