"""The project's index in SQLite: images, subjects, labels, splits, runs. The only place that writes it."""

from sslstudio.catalogue.catalogue import Catalogue
from sslstudio.catalogue.rows import (
    Counts,
    ImageDetail,
    ImportCounts,
    LabelEvent,
    LedgerEntry,
    ModelRow,
    RunRow,
    TreeRow,
)

__all__ = [
    "Catalogue",
    "Counts",
    "ImageDetail",
    "ImportCounts",
    "LabelEvent",
    "LedgerEntry",
    "ModelRow",
    "RunRow",
    "TreeRow",
]
