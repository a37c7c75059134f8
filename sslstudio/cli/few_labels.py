"""The few-label yardstick: linear classifiers on a few labels per class, scored on the untouched test images.

Apart from the command, because it is the number by which embeddings are judged: the same draws for every embedding,
balanced accuracy (the mean of the classes' sensitivities) on all labelled test images, mean over the draws.
"""

from __future__ import annotations

import random
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sslstudio.errors import SSLStudioError
from sslstudio.session import workflow
from sslstudio.session.project import Project

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Score:
    """Balanced accuracies of all draws at one number of labels per class (0: all labels)."""

    per_class: int
    draws: tuple[float, ...]

    @property
    def mean(self) -> float:
        """Mean over the draws."""
        return statistics.fmean(self.draws)

    @property
    def sd(self) -> float:
        """Standard deviation over the draws, 0 for one."""
        return statistics.stdev(self.draws) if len(self.draws) > 1 else 0.0


@dataclass(frozen=True)
class Row:
    """One embedding's scores."""

    run: str
    embedding: str
    scores: tuple[Score, ...]


@dataclass(frozen=True)
class Comparison:
    """All rows, and how many labelled images they were fitted on at most and scored on."""

    rows: tuple[Row, ...]
    n_train: int
    n_test: int


@dataclass(frozen=True)
class Labelled:
    """The labelled images by part: ids in order of the catalogue, class numbers, subjects."""

    classes: tuple[str, ...]
    train: tuple[tuple[int, int, str], ...]
    test: tuple[tuple[int, int, str], ...]


def labelled_images(project: Project) -> Labelled:
    """The project's labelled images of both parts; raises SSLStudioError when either part has none."""
    items = [item for item in project.catalogue.items() if item.label]
    classes = tuple(sorted({item.label for item in items}))
    parts = {
        part: tuple((i.image_id, classes.index(i.label), i.subject) for i in items if i.part == part)
        for part in ("train", "test")
    }
    if not parts["train"] or not parts["test"] or len(classes) < 2:
        raise SSLStudioError(
            "A comparison needs labelled images of two classes or more in both the train and the test part.",
            "Label from a table with a split column, or label more images.",
            code="no_test_labels",
        )
    return Labelled(classes, parts["train"], parts["test"])


def draw(labelled: Labelled, per_class: int, seed: int) -> list[int]:
    """Positions in `labelled.train` of `per_class` images of each class, or of all with 0; same seed, same draw."""
    if per_class == 0:
        return list(range(len(labelled.train)))
    generator = random.Random(seed)
    chosen: list[int] = []
    for number in range(len(labelled.classes)):
        positions = [at for at, (_, label, _) in enumerate(labelled.train) if label == number]
        chosen += generator.sample(positions, min(per_class, len(positions)))
    return sorted(chosen)


def compare(
    project: Project,
    runs: Sequence[str],
    *,
    per_class: Sequence[int],
    draws: int,
    seed: int,
    progress: Callable[[float, float], None],
) -> Comparison:
    """Score every embedding of `runs` at every number of labels; all labels (0) need one fit, not `draws`."""
    labelled = labelled_images(project)
    seeds = {n: [seed] if n == 0 else list(range(seed, seed + draws)) for n in per_class}
    total = len(runs) * sum(map(len, seeds.values()))
    done = 0
    rows = []
    for run in runs:
        embedding = workflow.resolve_embedding(project, run)
        train, test = _vectors(project, embedding, labelled)
        scores = []
        for n in per_class:
            values = []
            for one in seeds[n]:
                values.append(_score(train, test, labelled, draw(labelled, n, one), one))
                done += 1
                progress(done, total)
            scores.append(Score(n, tuple(values)))
        rows.append(Row(run, embedding, tuple(scores)))
    return Comparison(tuple(rows), len(labelled.train), len(labelled.test))


def _vectors(project: Project, embedding: str, labelled: Labelled) -> tuple[NDArray[Any], NDArray[Any]]:
    """Embeddings (N, D) float32 of the labelled train and test images, in their order."""
    import numpy as np

    ids, vectors = workflow.load_embeddings(project, embedding)
    row_of = {int(image_id): row for row, image_id in enumerate(ids)}
    try:
        rows = [[row_of[image_id] for image_id, _, _ in part] for part in (labelled.train, labelled.test)]
    except KeyError:
        raise SSLStudioError(
            f"{embedding} lacks some of the labelled images.", "Embed the images again.", code="stale_embedding"
        ) from None
    return np.asarray(vectors[rows[0]], np.float32), np.asarray(vectors[rows[1]], np.float32)


def _score(train: NDArray[Any], test: NDArray[Any], labelled: Labelled, chosen: list[int], seed: int) -> float:
    """Balanced accuracy of one fit on the `chosen` train images."""
    import numpy as np

    from sslstudio.classifiers import linear

    labels = np.array([label for _, label, _ in labelled.train])[chosen]
    groups = np.array([subject for _, _, subject in labelled.train])[chosen]
    head = linear.fit(train[chosen], labels, groups, len(labelled.classes), seed)
    predicted = linear.predict_proba(head, test).argmax(axis=1)
    return balanced_accuracy(np.array([label for _, label, _ in labelled.test]), predicted)


def balanced_accuracy(truth: NDArray[np.int64], predicted: NDArray[np.int64]) -> float:
    """Mean of the sensitivities of the classes that stand in `truth`."""
    import numpy as np

    return float(np.mean([(predicted[truth == number] == number).mean() for number in np.unique(truth)]))
