"""What a way of telling patients apart does to the user's own files: before anything is read, after a check, and after
an import. Apart because it walks folders and reads the catalogue, off the window's thread."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sslstudio.domain.units import count
from sslstudio.errors import SSLStudioError
from sslstudio.gui.pages.data import identity_texts as texts
from sslstudio.importers.discovery import Discovery
from sslstudio.importers.identity import IdentityRules, compile_pattern
from sslstudio.importers.path_text import to_text
from sslstudio.importers.patience import Errand
from sslstudio.importers.subjects import (
    FileFacts,
    Grouping,
    Placeholder,
    Suggestion,
    group,
    spans,
    suggest,
)
from sslstudio.session import import_words
from sslstudio.session.project import Project
from sslstudio.session.subjects import Identity, sample

MOST_FILES = 5000
MOST_SECONDS = 2.0
SILENT_SECONDS = 15.0
"""A drive that has said nothing for so long is not waited for any more; a table may take some of it to read."""
PATHS_SHOWN = 6
COMPARED_WHOLE = 20_000


@dataclass(frozen=True)
class Seen:
    """What the chosen way makes of the files (`grouping`, in words `line` and `doubts`), and what other `ways` would.

    Above `COMPARED_WHOLE` files the other ways are tried on a sample of `sampled` files. `paths` are some files with
    the place of the patient in them, `headers` says that DICOM headers were looked into.
    """

    grouping: Grouping
    line: str
    doubts: tuple[str, ...]
    paths: tuple[tuple[str, tuple[int, int] | None], ...]
    ways: tuple[tuple[str, Grouping, tuple[str, ...]], ...]
    suggestion: Suggestion
    placeholders: tuple[Placeholder, ...] = ()
    headers: bool = False
    sampled: int = 0


def of_sources(sources: Sequence[Path], identity: Identity, key: bytes) -> Seen:
    """From file names alone: walk `sources` for at most two seconds. Raises SSLStudioError as `Identity.rules`
    does, and "drive_silent"."""
    looking = Errand(_look, sources, identity, key)
    if not looking.done(SILENT_SECONDS):
        raise SSLStudioError(texts.SILENT, texts.SILENT_HINT, code="drive_silent")
    rules, files, more = looking.result()
    seen = _seen(lambda: files, rules, files, headers=False)
    if not files:
        return Seen(seen.grouping, "No files found there yet.", (), (), (), Suggestion("header", "", ""))
    many = f"First {len(files):,} files" if more else count(len(files), "file")
    return Seen(
        seen.grouping,
        f"{many}: {import_words.patients_line(seen.grouping)}. {texts.NAMES_ONLY}",
        seen.doubts,
        seen.paths,
        tuple(one for one in seen.ways if one[0] != texts.STUDY),
        seen.suggestion,
    )


def _look(sources: Sequence[Path], identity: Identity, key: bytes) -> tuple[IdentityRules, list[FileFacts], bool]:
    """The rules, the first files, and whether there are more; hangs where a drive does."""
    rules = identity.rules(key)
    files: list[FileFacts] = []
    until = time.monotonic() + MOST_SECONDS
    walk = Discovery(
        list(sources), image_column=identity.image_column, seconds=MOST_SECONDS, slow_seconds=MOST_SECONDS / 4
    )
    for found in walk:
        if len(files) >= MOST_FILES or time.monotonic() > until:
            return rules, files, True
        if not found.problem:
            files.append(FileFacts(to_text(found.relative)))
    return rules, files, False


def of_project(project: Project, identity: Identity, *, trial: bool) -> Seen:
    """From the files of the latest check, or of the project, headers included."""
    rules = identity.rules(project.pseudonym_key)
    some = sample(project.catalogue.file_facts(trial=trial))
    return _seen(lambda: project.catalogue.file_facts(trial=trial), rules, some, headers=True)


def _seen(
    files: Callable[[], Iterable[FileFacts]], rules: IdentityRules, some: Sequence[FileFacts], *, headers: bool
) -> Seen:
    grouping = group(files(), rules)
    ways: list[tuple[str, Grouping, tuple[str, ...]]] = []
    whole = grouping.files <= COMPARED_WHOLE
    for way in texts.COMPARED:
        pattern = compile_pattern(texts.PATTERN_OF.get(way, ""))
        order = "study" if way == texts.STUDY else rules.order if pattern is not None else "header"
        other = group(files() if whole else some, IdentityRules(rules.key, None, pattern, order, rules.placeholders))
        ways.append((way, other, tuple(import_words.doubts(other))))
    pattern = rules.pattern
    paths: list[tuple[str, tuple[int, int] | None]] = []
    if pattern is not None:
        fitting = [(file.relative, spans(pattern, file.relative)) for file in some[:500]]
        paths = [one for one in fitting if one[1] is not None][: PATHS_SHOWN - 2]
        paths += [one for one in fitting if one[1] is None][: PATHS_SHOWN - len(paths)]
    line = f"{import_words.patients_line(grouping)}." if grouping.files else texts.NO_IMAGES
    if pattern is None and grouping.files:
        line += f" For example {texts.examples_line(grouping.examples)}."
    return Seen(
        grouping,
        line,
        tuple(import_words.doubts(grouping)),
        tuple(paths),
        tuple(ways),
        suggest(some, rules.key),
        grouping.placeholders,
        headers and any(file.patient for file in some),
        0 if whole else len(some),
    )
