"""How patients are told apart: tried on the files of a dry run or of the project, and changed after an import."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sslstudio.catalogue.groups import Place
from sslstudio.catalogue.subject_rows import IDENTITY, Assign, Owner, SubjectEffect, plan
from sslstudio.errors import SSLStudioError
from sslstudio.importers.identity import IdentityRules, Order, SubjectTable, compile_pattern
from sslstudio.importers.subjects import FileFacts, Grouping, Suggestion, group, suggest
from sslstudio.session.project import Project

SAMPLE = 5000


@dataclass(frozen=True)
class Identity:
    """A way of telling patients apart, as a user chooses it; see `IdentityRules` for what decides first."""

    pattern: str = ""
    table: Path | None = None
    order: Order = "header"
    placeholders: tuple[str, ...] = ()
    image_column: str = ""
    subject_column: str = ""

    def rules(self, key: bytes) -> IdentityRules:
        """Ready to use. Raises SSLStudioError for a bad pattern or table."""
        table = self.read_table()
        return IdentityRules(key, table, compile_pattern(self.pattern), self.order, frozenset(self.placeholders))

    def read_table(self) -> SubjectTable | None:
        """The table, read by the chosen columns; None where there is none."""
        return None if self.table is None else SubjectTable.read(self.table, self.image_column, self.subject_column)

    def kept(self) -> dict[str, Any]:
        """What the project keeps of it: no path and no content of a table."""
        return {
            "pattern": self.pattern,
            "order": self.order,
            "placeholders": list(self.placeholders),
            "table": self.table is not None,
        }


def kept_identity(project: Project) -> Mapping[str, Any]:
    """How patients were told apart last; {} when nothing is kept. `table` says that there was one."""
    found = project.catalogue.setting(IDENTITY, {})
    return found if isinstance(found, dict) else {}


def keep_identity(project: Project, identity: Identity) -> None:
    """Remember how patients are told apart, for the next import."""
    project.catalogue.set_setting(IDENTITY, identity.kept())


def preview(project: Project, identity: Identity, *, trial: bool) -> Grouping:
    """What a way of telling patients apart makes of the files of the latest dry run, or of the project."""
    return group(project.catalogue.file_facts(trial=trial), identity.rules(project.pseudonym_key))


def suggestion(project: Project, *, trial: bool) -> Suggestion:
    """The way that fits the user's own files best, from a sample of up to 5,000 that is spread over all."""
    return suggest(sample(project.catalogue.file_facts(trial=trial)), project.pseudonym_key)


def sample(files: Iterator[FileFacts], most: int = SAMPLE) -> list[FileFacts]:
    """At most `most` files, at equal distances over all of them."""
    kept: list[FileFacts] = []
    step = 1
    for number, file in enumerate(files):
        if number % step == 0:
            kept.append(file)
            if len(kept) >= 2 * most:
                kept = kept[::2]
                step *= 2
    return kept if len(kept) <= most else kept[::2]


def effect(project: Project, identity: Identity) -> SubjectEffect:
    """What `change` would do; nothing is decoded and nothing is changed."""
    return plan(project.catalogue.owners(), _assign(identity.rules(project.pseudonym_key)))[2]


def change(project: Project, identity: Identity) -> SubjectEffect:
    """Tell the patients of the images in the project apart anew, from stored paths and pseudonyms alone.

    Labels stay with their images. A patient who would stand on both sides of the split goes to the training side.
    `undo` takes it back. Raises SSLStudioError "no_images", or for a bad pattern or table.
    """
    rules = identity.rules(project.pseudonym_key)
    places, parts, done = plan(project.catalogue.owners(), _assign(rules))
    if not done.images:
        raise SSLStudioError("There is no image in the project.", "Import images first.", code="no_images")
    if places:
        text = f"{done.before:,} patients became {done.after:,}"
        project.catalogue.move_images(places, parts, text, identity.kept())
    else:
        keep_identity(project, identity)
    return done


def undo(project: Project) -> int:
    """Take back the latest change of how patients are told apart; returns how many images moved back."""
    return project.catalogue.undo_subjects()


def _assign(rules: IdentityRules) -> Assign:
    def assign(owner: Owner) -> Place:
        _, study, series = owner.place
        if not owner.relative:  # no file of it is known any more
            return owner.place
        found = rules.find(owner.relative, owner.digest, owner.patient, owner.study)
        new_study = owner.study or rules.of_folder(owner.relative) or found.subject
        new_series = new_study if series == study and not owner.study else series
        return found.subject, new_study, new_series

    return assign
