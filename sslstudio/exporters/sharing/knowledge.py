"""What the project knows that must not leave it, frozen for a job: where originals lie, who labelled, which key it has.

Local paths and a key stand in it: it is kept in a run's private folder alone, and goes with that.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from sslstudio.domain.record import Record

FILE = "sharing.json"
MOST_ORIGINALS = 20_000
"""Files whose names, digests and pixels are looked for; the first of every patient come first."""
MOST_HEADERS = 3_000
"""Files whose headers are read for identifiers, in the same order."""


class Original(Record):
    """One original: its path, the folder below which it was chosen ("": not known), its SHA-256, its size."""

    path: str
    source: str = ""
    digest: str = ""
    size: int = 0


class Knowledge(Record):
    """All that the check looks for, before headers are read.

    `patients` are identifiers that stood in a table or were cut out of paths, `people` those who labelled, `notes` what
    they wrote; `classes` may leave, whatever else has their names. `files` counts the originals there are.
    """

    project: str
    key: str
    sources: tuple[str, ...] = ()
    originals: tuple[Original, ...] = ()
    files: int = 0
    subjects: int = 0
    patients: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    since: str = ""
    """The day of the project's first run, YYYY-MM-DD: dates from then on stand in every export."""


def keep(knowledge: Knowledge, folder: Path) -> None:
    """Write it into a private folder, readable by this user alone."""
    path = folder / FILE
    path.touch(mode=0o600)
    path.write_text(knowledge.model_dump_json(), encoding="utf-8")


def kept(folder: Path) -> Knowledge | None:
    """What a private folder holds; None where it holds nothing."""
    try:
        return Knowledge.model_validate_json((folder / FILE).read_bytes())
    except (OSError, ValidationError):
        return None
