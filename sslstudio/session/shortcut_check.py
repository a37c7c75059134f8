"""The shortcut check of a map: which metadata columns its groups and neighbourhoods follow, beyond the patients. No Qt.

The numbers are worked out by `embeddings.shortcuts`, called by name through whoever asks: the window sends each call to
the compute process, the command line makes it here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np

from sslstudio.catalogue.metadata import GROUPS
from sslstudio.embeddings.shortcuts import ColumnTest, GroupShare
from sslstudio.errors import SSLStudioError
from sslstudio.session.columns import Column, ColumnInfo, LeftOut, read_column, read_columns
from sslstudio.session.project import Project
from sslstudio.session.results import load_embeddings, load_map, resolve_embedding

SAMPLE = 8000
"""So many images are looked at, drawn at random; of fewer, all."""
SIGNIFICANT = 0.05
LEAST_STRENGTH = 0.1
"""What is smaller is not reported, however certain: it could not steer a classifier."""
ANATOMY = ("modality", "body_part", "laterality", "view", "kind", "position", "unit", "column:plane", "column:sequence")
"""Columns that say what the picture shows: that images lie together by these is what a network is for."""
XRAY = frozenset(("CR", "DX", "RG"))
_NEAREST = "sslstudio.embeddings.shortcuts:nearest_of_others"
_EXAMINE = "sslstudio.embeddings.shortcuts:examine"
_CORRECT = "sslstudio.embeddings.shortcuts:corrected"

Progress = Callable[[int, int, str], None]


class Call(Protocol):
    """Calls "package.module:function" somewhere and waits for its result."""

    def __call__(self, target: str, /, *args: Any, **kwargs: Any) -> Any: ...


class Stopped(Exception):  # noqa: N818 - no error: somebody asked for it
    """Nobody wants the check any more."""


@dataclass(frozen=True)
class Followed:
    """One column and what came of it. `p` and `label_p` are corrected for the number of columns.

    `found`: groups or neighbours follow it, certainly and strongly enough to be told. `learnable`: so do the labels.
    """

    info: ColumnInfo
    test: ColumnTest
    names: tuple[str, ...] = ()
    p: float = 1.0
    label_p: float = 1.0

    @property
    def found(self) -> bool:
        """Whether it is reported."""
        return not self.test.skipped and self.p <= SIGNIFICANT and self.test.strength >= LEAST_STRENGTH

    @property
    def concerned(self) -> tuple[GroupShare, ...]:
        """The groups that are full of one value; none unless groups as a whole follow the column."""
        groups = self.test.groups
        return self.test.concerned if self.found and groups is not None and groups.p <= SIGNIFICANT else ()

    @property
    def learnable(self) -> bool:
        """Whether the labels follow it too."""
        labels = self.test.labels
        return labels is not None and self.label_p <= SIGNIFICANT and labels.strength >= LEAST_STRENGTH

    @property
    def anatomy(self) -> bool:
        """Whether it says what the picture shows, rather than how it was made; two kinds of X-ray detector do not."""
        return self.info.key in ANATOMY and not (self.info.key == "modality" and set(self.names) <= XRAY)


@dataclass(frozen=True)
class ShortcutReport:
    """What a check found on `images` of `of` images from `patients` patients. `columns`: what is found first, the
    strongest first. `labelled` counts the images with a class among those looked at; `groups` the groups of the map."""

    embedding: str
    map_id: str
    images: int
    of: int
    patients: int
    labelled: int
    groups: int
    columns: tuple[Followed, ...]
    left_out: tuple[LeftOut, ...]

    def column(self, key: str) -> Followed | None:
        """What came of a column, or None."""
        return next((one for one in self.columns if one.info.key == key), None)


def check(
    project: Project,
    source: str,
    call: Call,
    progress: Progress = lambda _done, _total, _what: None,
    wanted: Callable[[], bool] = lambda: True,
    seed: int = 0,
) -> ShortcutReport:
    """Check the map of `source` (a run, "random" or "imagenet"); waits for the catalogue and for `call`.

    Raises SSLStudioError ("not_embedded", "no_map", "few_patients"), `Stopped` as soon as `wanted` says no.
    """
    embedding = resolve_embedding(project, source)
    layout = load_map(project, embedding)
    if layout is None:
        raise SSLStudioError(f"There is no map of {source} yet.", "Make the map first.", code="no_map")
    vector_ids, _ = load_embeddings(project, embedding)
    common, in_map, in_vectors = np.intersect1d(layout.ids, vector_ids, assume_unique=True, return_indices=True)
    chosen = _sample(len(common), seed)
    ids, cluster, rows = common[chosen], layout.cluster[in_map[chosen]], in_vectors[chosen]
    progress(0, 0, "")
    columns = read_columns(project.catalogue)
    infos = [info for info in columns.infos if info.key not in GROUPS]
    patients = _patients(project, ids, wanted)
    if len(np.unique(patients)) < 2:
        raise SSLStudioError(
            "All images are of one patient: what lies together because of the patient cannot be told from a shortcut.",
            "Say on the Data page how patients are told apart, or import more of them.",
            code="few_patients",
        )
    labels = _labels(project, ids)
    near = call(_NEAREST, str(project.embeddings_dir / f"{embedding}.npy"), rows, patients)
    tested = []
    for number, info in enumerate(infos):
        progress(number, len(infos), info.title)
        column = _required(read_column(project.catalogue, info, ids, wanted), wanted)
        values = column.codes if info.kind == "category" else column.numbers
        test = call(_EXAMINE, values, patients, cluster, near, labels, len(infos), seed)
        tested.append(Followed(info, test, column.names))
    progress(len(infos), len(infos), "")
    return ShortcutReport(
        embedding=embedding,
        map_id=layout.map_id,
        images=len(ids),
        of=len(common),
        patients=len(np.unique(patients)),
        labelled=0 if labels is None else int((labels >= 0).sum()),
        groups=len(np.unique(cluster[cluster >= 0])),
        columns=tuple(sorted(_corrected(tested, call), key=_order)),
        left_out=columns.left_out,
    )


def _sample(images: int, seed: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    if images <= SAMPLE:
        return np.arange(images)
    return np.sort(np.random.default_rng(seed).choice(images, SAMPLE, replace=False))


def _patients(
    project: Project, ids: np.ndarray[Any, np.dtype[np.int64]], wanted: Callable[[], bool]
) -> np.ndarray[Any, np.dtype[np.int32]]:
    """The patient of each image as a code."""
    info = ColumnInfo("subject", "", "category", 0, 0)
    return _required(read_column(project.catalogue, info, ids, wanted), wanted).codes


def _labels(project: Project, ids: np.ndarray[Any, np.dtype[np.int64]]) -> np.ndarray[Any, np.dtype[np.int32]] | None:
    """The class of each image, -1 for none; None when fewer than two classes occur."""
    labels = project.catalogue.labels()
    given = (labels.get(int(key)) for key in ids)
    found = np.fromiter(
        (-1 if label is None or label.class_id is None else label.class_id for label in given), np.int32, len(ids)
    )
    return found if len(np.unique(found[found >= 0])) > 1 else None


def _required(column: Column | None, wanted: Callable[[], bool]) -> Column:
    if column is None or not wanted():
        raise Stopped
    return column


def _corrected(tested: list[Followed], call: Call) -> Iterable[Followed]:
    """With p values corrected for the number of columns that could be tested."""
    usable = [one for one in tested if not one.test.skipped]
    p = call(_CORRECT, [one.test.p for one in usable])
    of_labels = [one for one in usable if one.test.labels is not None]
    label_p = call(_CORRECT, [one.test.labels.p for one in of_labels if one.test.labels is not None])
    by_label = {one.info.key: value for one, value in zip(of_labels, label_p, strict=True)}
    done = {
        one.info.key: replace(one, p=value, label_p=by_label.get(one.info.key, 1.0))
        for one, value in zip(usable, p, strict=True)
    }
    return [done.get(one.info.key, one) for one in tested]


def _order(one: Followed) -> tuple[bool, bool, bool, float]:
    return bool(one.test.skipped), not one.found, one.anatomy, -one.test.strength
