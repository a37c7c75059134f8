"""The files of an import, found by a thread and kept on the disk until they are read.

Apart because it keeps memory bounded and the job responsive: the thread may run far ahead, or hang on a drive that is
gone, while the job reads what was found already and obeys a cancel.
"""

from __future__ import annotations

import marshal
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import IO

from sslstudio.importers import containers
from sslstudio.importers.discovery import Discovery, FoundFile
from sslstudio.importers.path_text import below, from_text, to_text

_FIELDS = tuple(field.name for field in fields(FoundFile))
_FLUSH_SECONDS = 0.1
_LOOK_SECONDS = 0.02


class FileList:
    """Runs through `found` in a thread and hands the files out again, in order; a context manager.

    `path` is a scratch file, removed at the end. `count` is how many files are known by now, `complete` whether there
    will be no more, `silent_seconds` how long the thread has been waiting for the next one. What the thread raised,
    `__iter__` raises.
    """

    def __init__(self, found: Iterable[FoundFile], path: Path) -> None:
        self.count = 0
        self.complete = False
        self._path = path
        self._error: BaseException | None = None
        self._closed = False
        self._flushed = 0
        self._heard = time.monotonic()
        path.parent.mkdir(parents=True, exist_ok=True)
        self._stream: IO[bytes] = path.open("wb")
        self._thread = threading.Thread(target=self._find, args=(found,), name="file list", daemon=True)
        self._thread.start()

    @property
    def silent_seconds(self) -> float:
        """Seconds since a file was found last; 0 when the list is complete."""
        return 0.0 if self.complete else time.monotonic() - self._heard

    def read(self, wait: Callable[[], None]) -> Iterator[FoundFile]:
        """Every file; while the thread is behind, `wait` is called about fifty times a second and may raise."""
        given = 0
        with self._path.open("rb") as stream:
            while True:
                complete = self.complete
                while given < self._flushed:
                    given += 1
                    yield FoundFile(*marshal.load(stream))
                if complete and given >= self._flushed:
                    break
                wait()
                time.sleep(_LOOK_SECONDS)
        if self._error is not None:
            raise self._error

    def close(self) -> None:
        """Stop looking and remove the scratch file; a thread that hangs in the system is left behind."""
        self._closed = True
        self._thread.join(timeout=1.0)
        if not self._thread.is_alive():
            self._stream.close()
        self._path.unlink(missing_ok=True)

    def __enter__(self) -> FileList:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _find(self, found: Iterable[FoundFile]) -> None:
        flushed = time.monotonic()
        try:
            for file in found:
                if self._closed:
                    return
                marshal.dump(tuple(getattr(file, name) for name in _FIELDS), self._stream)
                self.count += 1
                self._heard = now = time.monotonic()
                if now - flushed >= _FLUSH_SECONDS or self.count == 1:
                    self._stream.flush()
                    self._flushed, flushed = self.count, now
        except BaseException as error:
            self._error = error
        finally:
            if not self._closed:
                self._stream.flush()
                self._flushed = self.count
                self.complete = True


class Roots:
    """Which of the chosen sources a found file lies in."""

    def __init__(self, sources: Iterable[Path]) -> None:
        paths = [os.path.abspath(source) for source in sources]  # noqa: PTH100 - keeps names that are not valid text
        self._folders = [to_text(path) for path in paths]
        self._last = ""

    def of(self, text: str, relative: str) -> str:
        """The folder, as text, below which the file at `text` has this relative path; "" when it is in none."""
        if self._last and below(text, self._last) == relative:
            return self._last
        tail = relative.replace("/", os.sep) if os.sep != "/" else relative
        root = text[: -len(tail)].rstrip(os.sep) or os.sep if tail and text.endswith(tail) else ""
        if not root:
            root = next((folder for folder in self._folders if below(text, folder) is not None), "")
        self._last = root
        return root


def chosen_files(only: Sequence[Sequence[str]]) -> Iterator[FoundFile]:
    """The files named as (source, path), as `Discovery` finds them; members of an archive come together."""
    archives: dict[str, dict[str, FoundFile]] = {}
    for root, text in only:
        path = from_text(text)
        archive, member = containers.split(path)
        if member and archive not in archives:
            archives = {archive: {one.path: one for one in Discovery([Path(archive)])}}
        found = archives[archive].get(path) if member else next(iter(Discovery([Path(path)])), None)
        relative = below(text, root) or text
        yield replace(found, relative=relative) if found else FoundFile(path, relative, problem="missing")
