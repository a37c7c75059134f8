"""The last shortcut check of each map, kept with the project, and whether it still holds."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from sslstudio.session.project import Project
from sslstudio.session.shortcut_check import ShortcutReport

if TYPE_CHECKING:
    from pydantic import TypeAdapter


@dataclass(frozen=True)
class KeptReport:
    """A report, when it was made (local time), and how many images and labels there were."""

    report: ShortcutReport
    made: datetime.datetime
    images: int
    labels: int


def keep_report(project: Project, report: ShortcutReport) -> KeptReport:
    """Keep a report as the last one of its map; a project that is open for reading only keeps nothing."""
    images, labels = _now(project)
    kept = KeptReport(report, datetime.datetime.now().replace(microsecond=0), images, labels)
    if not project.read_only:
        project.catalogue.set_setting(_key(report.map_id), _adapter().dump_python(kept, mode="json"))
    return kept


def kept_report(project: Project, map_id: str) -> tuple[KeptReport, bool] | None:
    """The last report of a map and whether images and labels are as many as then; None when there is none.

    One that cannot be read, as that of another version, counts as none.
    """
    stored = project.catalogue.setting(_key(map_id), None)
    if stored is None:
        return None
    try:
        kept = _adapter().validate_python(stored)
    except ValueError:
        return None
    return kept, (kept.images, kept.labels) == _now(project)


def _now(project: Project) -> tuple[int, int]:
    return len(project.catalogue.image_ids()), len(project.catalogue.labels())


def _key(map_id: str) -> str:
    return f"shortcut_check:{map_id}"


@cache
def _adapter() -> TypeAdapter[KeptReport]:
    from pydantic import TypeAdapter

    return TypeAdapter(KeptReport)
