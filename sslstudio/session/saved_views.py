"""Named views of the images, kept in the project: what is shown, in which order, how, and perhaps a list of images.

They stand in one setting of the catalogue. No Qt.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sslstudio.errors import SSLStudioError
from sslstudio.session.project import Project

SETTING = "saved_views"
MOST_LISTED = 200_000
"""Of more images no list is kept in a view: the setting that holds it would take megabytes at every change."""
MOST_VIEWS = 100
LONGEST_NAME = 60


class SavedView(BaseModel):
    """One view. `show`, `sort` and `grouping` are as in a gallery's arrangement; what they and `colour_by` point to by
    number or key may be gone when the view is opened again, so their names are kept beside. `map_id` is the map whose
    groups are meant. `images` are those of the selection, if it was to be kept."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1, max_length=LONGEST_NAME)
    show: str = "all"
    show_name: str = ""
    sort: str = "id"
    sort_name: str = ""
    descending: bool = False
    grouping: str = ""
    mode: Literal["gallery", "table"] = "gallery"
    side: int = Field(default=112, ge=16, le=1024)
    colour_by: str = ""
    colour_name: str = ""
    map_id: str = ""
    images: tuple[int, ...] = Field(default=(), max_length=MOST_LISTED)


def parse(stored: Any) -> tuple[SavedView, ...]:
    """The views that a setting holds; one that cannot be understood, from another version, is left out."""
    views = []
    for entry in stored if isinstance(stored, list) else []:
        try:
            views.append(SavedView.model_validate(entry))
        except ValidationError:
            continue
    return tuple(views)


def load(project: Project) -> tuple[SavedView, ...]:
    """The views of a project, in the order in which they were first saved."""
    return parse(project.catalogue.setting(SETTING))


def put(views: Iterable[SavedView], view: SavedView) -> tuple[SavedView, ...]:
    """The views with one more, in the place of the one with its name if there is one. Raises SSLStudioError
    ("too_many_views")."""
    standing = tuple(views)
    if any(_same(other.name, view.name) for other in standing):
        return tuple(view if _same(other.name, view.name) else other for other in standing)
    if len(standing) >= MOST_VIEWS:
        raise SSLStudioError(
            f"This project has {MOST_VIEWS} views already.", "Delete one first.", code="too_many_views"
        )
    return (*standing, view)


def rename(views: Iterable[SavedView], old: str, new: str) -> tuple[SavedView, ...]:
    """The views with another name for one. Raises SSLStudioError ("view_exists") when another one has that name."""
    standing = tuple(views)
    if any(_same(other.name, new) and not _same(other.name, old) for other in standing):
        raise SSLStudioError(f"There is already a view called {new}.", "Choose another name.", code="view_exists")
    return tuple(other.model_copy(update={"name": new}) if _same(other.name, old) else other for other in standing)


def remove(views: Iterable[SavedView], name: str) -> tuple[SavedView, ...]:
    """The views without one."""
    return tuple(other for other in views if not _same(other.name, name))


def store(project: Project, views: Iterable[SavedView]) -> None:
    """Keep these views in the project."""
    project.catalogue.set_setting(SETTING, [view.model_dump(mode="json", exclude_defaults=True) for view in views])


def clean(name: str) -> str:
    """A name as it is kept: without space around and in it, no longer than `LONGEST_NAME`."""
    return " ".join(name.split())[:LONGEST_NAME].strip()


def _same(one: str, other: str) -> bool:
    return one.casefold() == other.casefold()
