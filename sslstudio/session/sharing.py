"""What the project knows that must not leave it, for the sharing check; and the check of a folder by a person."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sslstudio.errors import SSLStudioError
from sslstudio.exporters.sharing.knowledge import MOST_ORIGINALS, Knowledge, Original
from sslstudio.importers.identity import compile_pattern
from sslstudio.importers.path_text import below
from sslstudio.session.project import Project
from sslstudio.session.subjects import Identity, kept_identity

if TYPE_CHECKING:
    from sslstudio.exporters.sharing.check import Outcome

MOST_NOTES = 5_000


def knowledge(project: Project) -> Knowledge:
    """All that stands in the catalogue; headers are read by the check itself."""
    catalogue = project.catalogue
    rows, files = catalogue.originals(MOST_ORIGINALS)
    originals = tuple(
        Original(path=path, source=source, digest=digest, size=size) for path, source, digest, size in rows
    )
    labels, readings = catalogue.labels(), catalogue.readings()
    people = {label.author for label in labels.values()} | {rater for _, rater in readings} | {catalogue.author}
    notes = [label.note for label in labels.values()] + [reading.note for reading in readings.values()]
    sources = tuple(catalogue.source_names().values())
    return Knowledge(
        project=str(project.path),
        key=project.pseudonym_key.hex(),
        sources=sources,
        originals=originals,
        files=files,
        subjects=catalogue.counts().subjects,
        patients=tuple(dict.fromkeys(_patients(project, originals, sources))),
        people=tuple(sorted(people - {""})),
        notes=tuple(dict.fromkeys(note for note in notes if note))[:MOST_NOTES],
        classes=tuple(known.name for known in catalogue.classes()),
        since=min((row.created[:10] for row in catalogue.runs()), default=""),
    )


def check(
    project: Project,
    roots: Sequence[Path],
    cancelled: Callable[[], None] = lambda: None,
    told: Callable[[float], None] = lambda share: None,
) -> Outcome:
    """Search files and folders for what the project knows; raises SSLStudioError ("no_source")."""
    from sslstudio.exporters.sharing import check as checking

    items = project.catalogue.items(include_excluded=True)
    return checking.check(roots, knowledge(project), project.pixels_dir, items, cancelled, told)


def _patients(project: Project, originals: Sequence[Original], sources: Sequence[str]) -> Iterator[str]:
    """Identifiers that a pattern cuts out of paths, or that stand in a table which is still where it was."""
    pattern = compile_pattern(str(kept_identity(project).get("pattern") or ""))
    for original in originals if pattern is not None else ():
        found = pattern.search(below(original.path, original.source) or original.path) if pattern is not None else None
        if found is not None and found["subject"]:
            yield found["subject"]
    for table in (Path(source) for source in sources if source.lower().endswith((".csv", ".tsv", ".parquet"))):
        with contextlib.suppress(SSLStudioError, OSError):
            read = Identity(table=table).read_table()
            for original in originals if read is not None else ():
                if read is not None and (value := read.find(below(original.path, original.source) or original.path)):
                    yield value


def is_clean(counts: dict[str, Any]) -> bool:
    """Whether a check, by its counts, searched everything and found nothing."""
    return not counts["found"] and not counts["not_searched"]


def said(counts: dict[str, Any]) -> str:
    """The counts of a check as a sentence."""
    from sslstudio.exporters.sharing import words_of_result

    return words_of_result.said(counts)


def kind_in_words(kind: str) -> str:
    """What a kind of finding is."""
    from sslstudio.exporters.sharing import words_of_result

    return words_of_result.KINDS.get(kind, kind)
