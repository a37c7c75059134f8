"""The attention of a classifier: learned from the images that it has learned from, kept in its folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sslstudio.session.computing import Compute, call
from sslstudio.session.project import Project
from sslstudio.session.results import load_embeddings

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FILE = "attention.npz"
NOTHING = "class_of_nothing"
_LEARN, _ATTEND = "sslstudio.classifiers.attention:learn", "sslstudio.classifiers.attention:attend"


def nothing_class(project: Project) -> int | None:
    """The class that images have which show nothing, as the user says; None where no class means that."""
    found = project.catalogue.setting(NOTHING)
    known = {info.class_id for info in project.catalogue.classes()}
    return found if isinstance(found, int) and found in known else None


def set_nothing_class(project: Project, class_id: int | None) -> None:
    """Remember which class means that nothing was found."""
    project.catalogue.set_setting(NOTHING, class_id)


def nothing_place(project: Project, class_ids: Sequence[int]) -> int:
    """The position of that class among those of a model, -1 where there is none."""
    found = nothing_class(project)
    return -1 if found is None or found not in class_ids else list(class_ids).index(found)


def learn(project: Project, description: Mapping[str, Any], train_ids: set[int], compute: Compute | None) -> Any:
    """What `classifiers.attention.learn` finds on the images a model has learned from, with the labels they have now.

    It is kept in the model's folder, in place of what was there.
    """
    import numpy as np

    class_ids = list(description["class_ids"])
    ids, matrix = load_embeddings(project, description["embedding"])
    row_of = {int(image_id): row for row, image_id in enumerate(ids)}
    labels = project.catalogue.labels()
    found = [
        (row_of[item.image_id], class_ids.index(label.class_id), item.subject, item.study)
        for item in project.catalogue.items()
        if item.image_id in train_ids and item.image_id in row_of
        and (label := labels.get(item.image_id)) is not None and label.class_id in class_ids
    ]  # fmt: skip
    heads = learn_from(
        np.asarray(matrix[np.array([row for row, *_ in found], dtype=np.int64)], dtype=np.float32),
        np.array([place for _, place, *_ in found], dtype=np.int64),
        np.array([subject for *_, subject, _ in found], dtype=np.str_),
        np.array([study for *_, study in found], dtype=np.str_),
        len(class_ids), nothing_place(project, class_ids), int(description["seed"]), compute,
    )  # fmt: skip
    keep(project.models_dir / description["model_id"], heads)
    return heads


def learn_from(
    vectors: NDArray[np.float32],
    y: NDArray[np.int64],
    patients: NDArray[np.str_],
    studies: NDArray[np.str_],
    classes: int,
    nothing: int,
    seed: int,
    compute: Compute | None,
) -> Any:
    """Heads, or reasons, for studies and patients; see `classifiers.attention.learn`."""
    return call(compute, _LEARN, vectors, y, patients, studies, classes, nothing, seed)


def attend(
    heads: Any,
    vectors: NDArray[np.float32],
    patients: NDArray[np.str_],
    studies: NDArray[np.str_],
    compute: Compute | None,
) -> dict[str, NDArray[np.float64]]:
    """For each unit with a head: the probabilities (N, K) of the bag each image is in; nothing is asked without."""
    if all(isinstance(head, str) for head in heads.values()):
        return {}
    found: dict[str, NDArray[np.float64]] = call(compute, _ATTEND, heads, vectors, patients, studies)
    return found


def reasons(heads: Any) -> dict[str, str]:
    """Why there is no attention for studies and for patients; "" where there is."""
    return {unit: head if isinstance(head, str) else "" for unit, head in heads.items()}


def keep(folder: Path, heads: Any) -> None:
    """Write the heads into a model's folder."""
    import numpy as np

    from sslstudio.classifiers.attention import to_arrays

    partial = folder / f"{FILE}.partial"
    with partial.open("wb") as file:
        np.savez(file, allow_pickle=False, **to_arrays(heads))
    partial.replace(folder / FILE)
