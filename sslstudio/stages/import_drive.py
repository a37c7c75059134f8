"""Waiting for a drive that an import reads from: a network share or a disk that cannot be read for the moment."""

from __future__ import annotations

import time

from sslstudio.domain.specs import ImportSpec
from sslstudio.errors import SSLStudioError
from sslstudio.importers.file_list import FileList
from sslstudio.importers.path_text import from_text
from sslstudio.importers.patience import Patience, readable
from sslstudio.stages.context import StageContext
from sslstudio.stages.import_progress import ImportProgress

_ROOT_SECONDS = 10.0
_RETRY_SECONDS = 2.0


class Drive:
    """Waits for a network or USB drive that cannot be read for the moment, and says so."""

    def __init__(self, spec: ImportSpec, context: StageContext, patience: Patience, progress: ImportProgress) -> None:
        self._seconds, self._context = spec.drive_seconds, context
        self._patience, self._progress = patience, progress
        self.came_back = False

    def mind(self, files: FileList) -> None:
        """Say so when the search for files has been waiting for the drive."""
        if files.silent_seconds > _ROOT_SECONDS:
            self._progress.waiting(files.silent_seconds)
            if files.silent_seconds > self._seconds + _ROOT_SECONDS:
                raise _drive_lost()

    def was_gone(self, root: str) -> bool:
        """False when `root` can be read. Else waits until it can, and True: what failed meanwhile says nothing.

        Once a drive came back, what failed may have been tried before: all of it is looked at again in another pass.
        """
        if not root:
            return False
        if self.came_back:
            return True
        if self._readable(root):
            return False
        since = time.monotonic()
        while not self._readable(root):
            waited = time.monotonic() - since
            if waited > self._seconds:
                raise _drive_lost()
            self._progress.waiting(waited)
            until = time.monotonic() + min(_RETRY_SECONDS, self._seconds)
            while time.monotonic() < until:
                self._context.check_cancelled()
                time.sleep(0.05)
        self.came_back = True
        return True

    def _readable(self, root: str) -> bool:
        try:
            return self._patience.call(_ROOT_SECONDS, readable, from_text(root))
        except TimeoutError:
            return False


def _drive_lost() -> SSLStudioError:
    return SSLStudioError(
        "The drive with the images cannot be read any more.",
        "Connect it again, then continue the import; what was read is kept.",
        code="drive_lost",
    )
