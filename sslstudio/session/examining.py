"""Looking closer at a tested classifier: its worst cases, its subgroups, and another classifier on the same images."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sslstudio.errors import SSLStudioError
from sslstudio.session import tested
from sslstudio.session.classifying import Compute, call, load_model
from sslstudio.session.columns import read_column, read_columns
from sslstudio.session.project import Project

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

NO_SUBGROUP = frozenset({"subject", "study", "series", "part", "position", "day"})
"""Columns that say nothing of the kind of image or patient."""
MOST_VALUES = 12


@dataclass(frozen=True, eq=False)
class Cases:
    """Test images, the most confidently wrong first: ids (N,), positions of label and of what was called, the
    probability of both, and the loss, -log of the probability of the label."""

    ids: NDArray[np.int64]
    label: NDArray[np.int64]
    called: NDArray[np.int64]
    share_of_label: NDArray[np.float64]
    share_of_called: NDArray[np.float64]
    loss: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Subgroups:
    """What `classifiers.subgroups.judge` found, and the ids of the images of each row."""

    rows: list[dict[str, Any]]
    images: list[NDArray[np.int64]]


def worst_first(project: Project, model_id: str) -> Cases:
    """The test images of a model by loss. Raises SSLStudioError ("unknown_model", "not_tested")."""
    import numpy as np

    project.catalogue.model(model_id)
    found = tested.read(project.models_dir / model_id)
    proba, place = found.proba.astype(np.float64), np.arange(len(found.ids))
    loss = -np.log(np.maximum(proba[place, found.y], 1e-12))
    order = np.lexsort((found.ids, -loss))
    called = proba.argmax(axis=1)
    return Cases(
        found.ids[order],
        found.y[order],
        called[order].astype(np.int64),
        proba[place, found.y][order],
        proba.max(axis=1)[order],
        loss[order],
    )


def subgroups(project: Project, model_id: str, compute: Compute | None = None) -> Subgroups:
    """How a model does on each value of each column of the data that enough test patients have.

    Numbers are cut into thirds. Raises SSLStudioError ("unknown_model", "not_tested").
    """
    model = project.catalogue.model(model_id)
    found = tested.read(project.models_dir / model_id)
    columns = subgroup_columns(project, found.ids)
    rows = call(
        compute,
        "sslstudio.classifiers.subgroups:judge",
        found.y,
        found.proba,
        found.groups,
        list(model.classes),
        columns,
    )
    where = {title: (codes, names) for title, codes, names in columns}
    images = []
    for row in rows:
        codes, names = where[row["column"]]
        images.append(found.ids[codes == list(names).index(row["value"])])
    return Subgroups(rows, images)


def subgroup_columns(project: Project, ids: NDArray[np.int64]) -> list[tuple[str, NDArray[np.int64], list[str]]]:
    """The columns of the data that images (N,) can be grouped by: title, codes (N,) with -1 for unknown, names."""
    import numpy as np

    from sslstudio.classifiers.subgroups import thirds

    columns = []
    for info in read_columns(project.catalogue).infos:
        if info.key in NO_SUBGROUP:
            continue
        column = read_column(project.catalogue, info, ids)
        if column is None:
            continue
        if info.kind == "number":
            columns.append((info.title, *thirds(column.numbers)))
        elif len(column.names) <= MOST_VALUES or info.key in ("scanner", "site"):
            columns.append((info.title, column.codes.astype(np.int64), list(column.names)))
    return columns


def compare(project: Project, first: str, second: str, compute: Compute | None = None) -> dict[str, Any]:
    """Two models on the test images that both were tested on, see `classifiers.paired.compare`.

    Raises SSLStudioError: "unknown_model", "not_tested", "other_classes", "other_images".
    """
    import numpy as np

    project.catalogue.model(first), project.catalogue.model(second)
    ids = [load_model(project.models_dir / name)[0]["class_ids"] for name in (first, second)]
    if sorted(ids[0]) != sorted(ids[1]):
        raise SSLStudioError(
            f"{first} and {second} know different classes, so they cannot be compared.",
            "Train both on the same labels.",
            code="other_classes",
        )
    one, other = (tested.read(project.models_dir / name) for name in (first, second))
    both, here, there = np.intersect1d(one.ids, other.ids, return_indices=True)
    order = [ids[1].index(class_id) for class_id in ids[0]]
    same = np.asarray(ids[0])[one.y[here]] == np.asarray(ids[1])[other.y[there]]
    here, there = here[same], there[same]
    if not len(both) or not len(here):
        raise SSLStudioError(
            f"{first} and {second} were tested on different images.", "Test both again.", code="other_images"
        )
    found: dict[str, Any] = call(
        compute,
        "sslstudio.classifiers.paired:compare",
        one.y[here],
        one.proba[here],
        other.proba[there][:, order],
        one.groups[here],
    )
    return {"first": first, "second": second, **found}


def said(found: dict[str, Any], first: str, second: str) -> str:
    """A comparison in a sentence; `first` and `second` are what the two are called."""
    differences = found["differences"]
    if not differences:
        return f"{first} and {second} cannot be compared: the test images they share are of one class."
    images, patients = found["n_images"], found["n_subjects"]
    method = "DeLong's test" if found["method"] == "delong" else "DeLong's test by patient, after Obuchowski"
    parts = []
    for key, name, how in (
        ("macro_auc", "AUROC, mean of classes", f", {method}"),
        ("balanced_accuracy", "balanced accuracy", ""),
    ):
        if key in differences:
            one = differences[key]
            parts.append(
                f"{name} {one['first']:.2f} against {one['second']:.2f}, difference {one['value']:+.2f} "
                f"({one['low']:+.2f} to {one['high']:+.2f}, {_p(one['p'])}{how})"
            )
    key = differences.get("macro_auc") or differences["balanced_accuracy"]
    verdict = f"{first} and {second} cannot be told apart"
    if key["low"] > 0:
        verdict = f"{first} is better than {second}"
    elif key["high"] < 0:
        verdict = f"{first} is worse than {second}"
    return f"{verdict} on the same {images:,} test images of {patients:,} patients: {'; '.join(parts)}."


def _p(value: float) -> str:
    return "p < 0.001" if value < 0.001 else f"p = {value:.3f}" if value < 0.1 else f"p = {value:.2f}"
