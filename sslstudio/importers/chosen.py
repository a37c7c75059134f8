"""What a user chose to import, and how: a project keeps it, so that a look for changes takes in nothing else."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from sslstudio.importers.path_text import from_text, name_of, to_text
from sslstudio.importers.tables import is_table

SourceKind = Literal["folder", "file", "table"]


@dataclass(frozen=True, slots=True)
class ChosenSource:
    """A folder with all that is in it, a single file, or a table with the files that it names.

    `text` is the path as text of `path_text`. `image_column` and `subject_column` are those of a table, "" where they
    are found by their names.
    """

    text: str
    kind: SourceKind
    image_column: str = ""
    subject_column: str = ""

    @classmethod
    def of(cls, path: Path, image_column: str = "", subject_column: str = "") -> ChosenSource:
        """How a path that is there is imported."""
        text = to_text(os.path.abspath(path))  # noqa: PTH100 - keeps names that are not valid text
        if path.is_dir():
            return cls(text, "folder")
        return cls(text, "table", image_column, subject_column) if is_table(path) else cls(text, "file")

    @property
    def path(self) -> Path:
        """Where it lies."""
        return Path(from_text(self.text))

    @property
    def name(self) -> str:
        """The last part of the path, for the user's eyes alone."""
        return name_of(self.text) or self.text

    def is_there(self) -> bool:
        """True when it can be looked at. A single file may be missing from a folder that is there: it is gone then."""
        path = self.path
        return path.exists() or (self.kind == "file" and path.parent.is_dir())
