"""What a look for changes goes through: all that was chosen in earlier imports, as it was chosen then."""

from __future__ import annotations

from dataclasses import dataclass

from sslstudio.errors import SSLStudioError
from sslstudio.importers.chosen import ChosenSource
from sslstudio.importers.patience import Patience
from sslstudio.session.project import Project

_SECONDS = 10.0
"""So long a drive may take to say whether a folder is there."""


@dataclass(frozen=True)
class Look:
    """The sources that can be looked at now, and those that cannot."""

    sources: tuple[ChosenSource, ...]
    absent: tuple[ChosenSource, ...]

    @property
    def left_alone(self) -> str:
        """What is not looked at and why, in sentences; "" when everything is there. It names folders and tables."""
        said = []
        for one in self.absent:
            if one.kind == "table":
                said.append(f"The table {one.name} is not there now; the files it names were left alone.")
            else:
                said.append(f"{one.name} is not there now and was left alone.")
        return " ".join(said)


def plan_look(project: Project) -> Look:
    """What can be looked at now; asks the disks, at most ten seconds for each source.

    Raises SSLStudioError "no_source" when there is nothing.
    """
    known = project.catalogue.chosen_sources()
    patience = Patience()
    try:
        there = [one for one in known if _is_there(one, patience)]
    finally:
        patience.close()
    look = Look(tuple(there), tuple(one for one in known if one not in there))
    if not known:
        raise SSLStudioError("Nothing was imported from a folder yet.", "Import images first.", code="no_source")
    if not there:
        raise SSLStudioError(
            "Nothing of what was imported is there now."
            + (f" {look.left_alone}" if any(one.kind == "table" for one in known) else ""),
            "Connect the drive, or say where the folder is now: Locate folder, or "
            "sslstudio import PROJECT FOLDER --relink.",
            code="no_source",
        )
    return look


def _is_there(one: ChosenSource, patience: Patience) -> bool:
    try:
        return patience.call(_SECONDS, one.is_there)
    except (OSError, TimeoutError):
        return False
