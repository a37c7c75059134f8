"""What the catalogue answers: frozen rows without any database in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from sslstudio.domain.facts import ImageFacts
from sslstudio.domain.findings import Finding, FindingKind, FindingState
from sslstudio.domain.items import Item, Part
from sslstudio.domain.labels import Mark, Origin
from sslstudio.domain.rendering import Window
from sslstudio.domain.runs import RunState, Stage


@dataclass(frozen=True, slots=True)
class Counts:
    """How much the project holds. `labelled` counts images with a class; marks alone do not count.

    `waiting` images are among the excluded ones: left out until somebody has looked at their burned-in text.
    """

    images: int
    subjects: int
    labelled: int
    excluded: int
    series: int
    studies: int
    waiting: int = 0


@dataclass(frozen=True, slots=True)
class ImportCounts:
    """What one adoption did: files by status, images new to the project, images it held already."""

    imported: int
    skipped: int
    images: int
    duplicates: int


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """What became of one file; with `dry`, what would become of it.

    `file`, `folder` and `path` are local paths, for the screen of this computer only. `number` names the row,
    `image_id` is its first image, None where there is none.
    """

    file: str
    folder: str
    status: str
    code: str
    reason: str
    hint: str
    images: int
    dry: bool = False
    number: int = 0
    size: int = 0
    modality: str = ""
    image_id: int | None = None
    path: str = ""


LedgerSort = Literal["", "name", "code", "size", "images", "folder", "modality"]


@dataclass(frozen=True, slots=True)
class LedgerQuery:
    """Which files of the import list are wanted, and in which order ("" is that in which they were first seen).

    `text` must stand in the file's name, or in its path when it has a slash. With `trial` the files of the latest dry
    run are meant.
    """

    status: str = ""
    code: str = ""
    text: str = ""
    sort: LedgerSort = ""
    descending: bool = False
    trial: bool = False


@dataclass(frozen=True, slots=True)
class TrialSummary:
    """What a dry run found, by images and by modality (files without one are "")."""

    files: int
    imported: int
    images: int
    studies: int
    modalities: dict[str, int]


@dataclass(frozen=True, slots=True)
class TreeRow:
    """One series in the tree of subjects and studies; `notes` says in sentences what is odd about it."""

    subject: str
    study: str
    series: str
    modality: str
    n_images: int
    first_image_id: int
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Surroundings:
    """An image among others: its `place` in the reading order of its series, the `day` (from the project's secret
    origin) and `facts` by which images can be told to be alike: laterality, view, body_part, modality, sequence."""

    place: int
    day: int | None
    facts: dict[str, str]


@dataclass(frozen=True, slots=True)
class LabelEvent:
    """One change of one image's label. `mark` is None when the label was cleared."""

    at: str
    author: str
    how: str
    origin: Origin | None
    mark: Mark | None
    class_name: str
    note: str = ""
    source: str = ""


class FindingRow(Finding):
    """A finding with its state, and what is shown beside it: patient, series, part and why the image is left out."""

    state: FindingState
    subject: str
    series: str
    part: Part
    height: int
    width: int
    excluded: str | None


@dataclass(frozen=True, slots=True)
class FindingCount:
    """How many findings of one kind stand how; near-duplicates are counted as `groups` too."""

    kind: FindingKind
    open: int
    confirmed: int
    dismissed: int
    open_groups: int


class ImageDetail(Item, ImageFacts):
    """An item with what the inspector shows besides. `excluded` is the reason, or None when it is included.

    `file_name` has no folder; `folder` is a local path, for the screen of this computer only. `notes` says in sentences
    what is odd about the image or its series.
    """

    original: Window = (0.0, 255.0)
    """The window without a rendering: the file's own, else the middle 99 % of the values."""
    frame: int = 0
    notes: tuple[str, ...] = ()
    file_name: str = ""
    folder: str = ""
    n_locations: int = 0
    excluded: str | None = None
    history: tuple[LabelEvent, ...] = ()


@dataclass(frozen=True, slots=True)
class RunRow:
    """One run of the project. Times are ISO 8601 in UTC; `finished` is "" while the run is not final."""

    run_id: str
    stage: Stage
    name: str
    state: RunState
    created: str
    finished: str
    spec_json: str
    result: dict[str, Any]
    adopted: bool


@dataclass(frozen=True, slots=True)
class ModelRow:
    """One classifier: the embedding it reads, its classes, and its scores once it was evaluated."""

    model_id: str
    embedding: str
    created: str
    classes: tuple[str, ...]
    scores: dict[str, Any] | None = None
