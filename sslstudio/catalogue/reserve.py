"""A file of 16 MB that is given up when the disk is full, so that labels can still be stored."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

SIZE = 16 << 20
NEEDED = 1 << 30
"""Space that must be free before a reserve is made."""


class Reserve:
    """The reserve at `path`; failing to make one is no error."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def fill(self) -> None:
        """Make the reserve unless it stands or the disk is nearly full."""
        try:
            if self.path.exists() or shutil.disk_usage(self.path.parent).free < NEEDED:
                return
            with self.path.open("wb") as stream:
                if hasattr(os, "posix_fallocate"):
                    os.posix_fallocate(stream.fileno(), 0, SIZE)
                else:
                    stream.write(bytes(SIZE))
        except OSError:
            self.release()

    def release(self) -> bool:
        """Give the space back; False when there was none to give."""
        try:
            self.path.unlink()
        except OSError:
            return False
        return True
