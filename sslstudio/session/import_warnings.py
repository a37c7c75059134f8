"""What imports warned of, read again from their runs, so that it is not lost when the window is closed."""

from __future__ import annotations

import json
from dataclasses import dataclass

from sslstudio.domain.runs import RunState, Started, Warned
from sslstudio.jobs.events import UNREADABLE
from sslstudio.jobs.run_directory import RunDirectory
from sslstudio.session.project import Project

_PUT_ASIDE = "import_warnings_put_aside"


@dataclass(frozen=True)
class ImportWarning:
    """One warning of an import that has ended; `code`, `message` and `hint` as the run told them."""

    run_id: str
    code: str
    message: str
    hint: str

    @property
    def key(self) -> str:
        """Names it in the project."""
        return f"{self.run_id}:{self.code}"


def import_warnings(project: Project, *, trial: bool = False) -> list[ImportWarning]:
    """What imports warned of, newest first; of several with one code the newest. With `trial`: the latest dry run.

    Left out is what was put aside, and that files had changed once none of the list is changed any more.
    """
    settled = set() if trial or project.catalogue.ledger_counts().get("changed") else {"files_changed"}
    aside = set(project.catalogue.setting(_PUT_ASIDE, []))
    found: dict[str, ImportWarning] = {}
    for row in reversed(project.catalogue.runs()):
        dry = row.stage == "import_images" and bool(json.loads(row.spec_json).get("dry_run"))
        if row.stage != "import_images" or row.state is not RunState.SUCCEEDED or dry != trial:
            continue
        for one in _of_run(project, row.run_id):
            found.setdefault(one.code, one)
        if trial:
            break
    return [one for one in found.values() if one.key not in aside and one.code not in settled]


def put_aside(project: Project, warning: ImportWarning) -> None:
    """The user has seen it; it is not shown again unless a later import warns of it anew."""
    kept = project.catalogue.setting(_PUT_ASIDE, [])
    if warning.key not in kept:
        project.catalogue.set_setting(_PUT_ASIDE, [*kept, warning.key])


def _of_run(project: Project, run_id: str) -> list[ImportWarning]:
    """What the latest attempt of a run warned of; [] when its folder is gone."""
    found: list[ImportWarning] = []
    for event in RunDirectory(project.run_dir(run_id)).events().events:
        if isinstance(event, Started):
            found.clear()
        elif isinstance(event, Warned) and event.code != UNREADABLE:
            found.append(ImportWarning(run_id, event.code, event.message, event.hint))
    return found
