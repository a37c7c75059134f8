"""The catalogue as the rest of the program sees it: one object over the images, labels, splits and runs modules."""

from __future__ import annotations

from pathlib import Path

from sslstudio.catalogue.browse import BrowseTables
from sslstudio.catalogue.copies import CopyTables
from sslstudio.catalogue.database import Database
from sslstudio.catalogue.drawn import DrawnTables
from sslstudio.catalogue.findings import FindingTables
from sslstudio.catalogue.frozen import FrozenTables
from sslstudio.catalogue.images import ImageTables
from sslstudio.catalogue.import_list import ImportListTables
from sslstudio.catalogue.label_store import JOURNAL_NAME, LabelTables
from sslstudio.catalogue.makeup import MakeupTables
from sslstudio.catalogue.metadata import MetadataTables
from sslstudio.catalogue.renderings import RenderingTables
from sslstudio.catalogue.reserve import Reserve
from sslstudio.catalogue.runs import RunTables
from sslstudio.catalogue.splits import SplitTables
from sslstudio.catalogue.subject_rows import SubjectTables

DATABASE_NAME = "project.sqlite"
RESERVE_NAME = "reserve"


class Catalogue(
    ImageTables,
    BrowseTables,
    MakeupTables,
    MetadataTables,
    ImportListTables,
    SubjectTables,
    FindingTables,
    LabelTables,
    SplitTables,
    FrozenTables,
    DrawnTables,
    CopyTables,
    RunTables,
    RenderingTables,
):
    """The index of one project: `Catalogue(folder / "project.sqlite")`. Safe to call from several threads.

    `notices` holds sentences the user should read after opening: repairs, an upgrade, read-only. `read_only` is
    also True when the folder cannot be written or a newer program made the project. Raises SSLStudioError with the code
    "not_a_project", "newer" or "damaged".
    """

    def __init__(self, path: Path, read_only: bool = False, *, create: bool = False) -> None:
        self._db = Database(path, read_only=read_only, create=create)
        try:
            self.notices = [
                *self._db.notices,
                *self._open_labels(path.with_name(JOURNAL_NAME), Reserve(path.with_name(RESERVE_NAME))),
            ]
        except BaseException:
            self._db.close()
            raise

    @property
    def read_only(self) -> bool:
        """True when nothing can be changed."""
        return self._db.read_only

    def close(self) -> None:
        """Close journal and database; safe to call twice."""
        self._close_labels()
        self._db.close()
