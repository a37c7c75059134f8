"""A classifier and its scores by any way of dividing the images: by the two parts, or judged on patients left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sslstudio.catalogue.runs import now
from sslstudio.domain.split_plans import SplitPlan
from sslstudio.errors import SSLStudioError
from sslstudio.session import attending, classifying, pooling, splitting
from sslstudio.session.classifying import Chosen, Compute, call
from sslstudio.session.project import Project
from sslstudio.session.results import load_embeddings, resolve_embedding

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from sslstudio.classifiers.partitions import Division

FEWEST = classifying.FEWEST_PER_CLASS
Progress = Callable[[int, int], None]
"""Told how many classifiers of how many are fitted; what it raises ends the work, and nothing is stored."""


def fit(
    project: Project,
    embedding: str,
    plan: SplitPlan,
    *,
    seed: int = 0,
    compute: Compute | None = None,
    progress: Progress = lambda done, total: None,
) -> str:
    """Fit a classifier on an embedding and score it as `plan` says; returns the id of the new model.

    By hold-out the model learns from the training part, and `evaluate` scores it. By any other way it is scored here:
    each image by a classifier that has learned from no image of its patient; the model that is stored has learned from
    the training side where there is one fold, from all images where there are several. Raises SSLStudioError:
    "few_labels", "not_embedded", "bad_split", "nothing_tests".
    """
    run_id = resolve_embedding(project, embedding)
    if plan.way == "hold_out":
        classifying.ensure_split(project)
        return classifying.fit_linear(project, run_id, seed=seed, compute=compute)
    chosen, division, gone = _divided(project, run_id, plan, seed)
    trained = chosen.pick(division.trained().tolist())
    judged = _judge(chosen, division, attending.nothing_class(project), compute, seed, progress)
    model_id = classifying.fit_on(project, run_id, trained, seed=seed, compute=compute)
    project.catalogue.set_model_split(model_id, plan)
    _store(project, model_id, plan, judged, gone, compute)
    return model_id


def evaluate(project: Project, model_id: str, compute: Compute | None = None) -> dict[str, Any]:
    """Score a model anew with the labels as they are now, by the way in which it was made; see `classifying.evaluate`.

    By several folds the classifiers of the folds are fitted anew; the model itself is left alone, only its attention is
    learned anew. An evaluation on the frozen test set is counted, in "looks". What was counted before (image, study or
    patient) is counted again where it can be.
    """
    counted = pooling.chosen(project.catalogue.model(model_id).scores)
    scores = _evaluate(project, model_id, compute)
    if counted.unit == "image" or pooling.refusal(scores, counted):
        return scores
    return pooling.count(project, model_id, counted, compute)


def _evaluate(project: Project, model_id: str, compute: Compute | None) -> dict[str, Any]:
    plan = project.catalogue.model_split(model_id)
    if plan.way == "hold_out":
        return classifying.evaluate(project, model_id, compute)
    description, _, _ = classifying.load_model(project.models_dir / model_id)
    chosen, division, gone = _divided(project, project.catalogue.model(model_id).embedding, plan, description["seed"])
    nothing = attending.nothing_class(project)
    judged = _judge(chosen, division, nothing, compute, description["seed"], lambda done, total: None)
    return _store(project, model_id, plan, judged, gone, compute)


def _divided(project: Project, run_id: str, plan: SplitPlan, seed: int) -> tuple[Chosen, Division, tuple[int, int]]:
    """The images that take part, their folds, and how many take none: frozen, and drawn at random."""
    known = splitting.labelled(project, run_id)
    used, division = splitting.divide(project, known, plan, seed)
    ids, matrix = load_embeddings(project, run_id)
    row_of = {int(image_id): row for row, image_id in enumerate(ids)}
    chosen = Chosen(
        used.rows,
        [row.class_id for row in used.rows],
        [row_of[row.image_id] for row in used.rows],
        matrix,
        used.missing,
    )
    if not division.folds or not len(division.tested()):
        raise SSLStudioError(
            "Nothing would be left to test.", "Divide the images in another way.", code="nothing_tests"
        )
    return chosen, division, splitting.without(known, used)


@dataclass(frozen=True, eq=False)
class _Judged:
    """Probabilities (T, K) of the tested images for `class_ids`, by classifiers that know none of their patients, and
    `attended` those of their studies and patients by attention, or `reasons` why there are none; what each fold
    reached, and how many images were of other classes."""

    chosen: Chosen
    proba: NDArray[np.float64]
    attended: dict[str, NDArray[np.float64]]
    reasons: dict[str, str]
    class_ids: list[int]
    folds: list[dict[str, Any]]
    uncovered: int


class _Attended:
    """Sums up, over folds, what attention says of the study and the patient of each of `images`; a fold that could not
    learn it leaves a reason, and then there is none."""

    def __init__(self, images: int, classes: int) -> None:
        self._shape = (images, classes)
        self._totals: dict[str, NDArray[np.float64]] = {}
        self.reasons: dict[str, str] = {}

    def add(self, test: NDArray[np.int64], heads: Any, found: dict[str, NDArray[np.float64]]) -> None:
        """What the heads of one fold gave for the images at `test`."""
        import numpy as np

        for unit, reason in attending.reasons(heads).items():
            self.reasons[unit] = self.reasons.get(unit) or reason
        for unit, shares in found.items():
            self._totals.setdefault(unit, np.zeros(self._shape))[test] += shares

    def means(self, rows: NDArray[np.int64], times: NDArray[np.int64]) -> dict[str, NDArray[np.float64]]:
        """For images at `rows`, tested so many `times` (N,)."""
        known = [unit for unit in self._totals if not self.reasons[unit]]
        return {unit: self._totals[unit][rows] / times[rows, None] for unit in known}


def _judge(
    chosen: Chosen, division: Division, nothing: int | None, compute: Compute | None, seed: int, progress: Progress
) -> _Judged:
    """Fit a classifier, and its attention, for each fold; what is said of images tested more than once is averaged.

    `nothing` is the class of images that show nothing."""
    import numpy as np

    counts = Counter(chosen.classes[row] for row in division.trained().tolist())
    class_ids = sorted(one for one, images in counts.items() if images >= FEWEST)
    wanted = np.isin(chosen.classes, class_ids)
    place = {class_id: number for number, class_id in enumerate(class_ids)}
    total = np.zeros((len(chosen.items), len(class_ids)))
    times = np.zeros(len(chosen.items), dtype=np.int64)
    attended = _Attended(*total.shape)
    folds = []
    for number, fold in enumerate(division.folds):
        progress(number, len(division.folds))
        train, test = fold.train[wanted[fold.train]], fold.test[wanted[fold.test]]
        learned = chosen.pick(train.tolist())
        if len(set(learned.classes)) < 2 or not len(test):
            folds.append({"n_images": 0, "reason": "Too few classes to learn from, or none of them to test."})
            continue
        vectors, targets, groups = learned.vectors(), learned.targets(place), learned.groups()
        head = call(compute, "sslstudio.classifiers.linear:fit", vectors, targets, groups, len(class_ids), seed)
        heads = attending.learn_from(
            vectors, targets, groups, learned.studies(), len(class_ids), place.get(nothing, -1), seed, compute
        )
        tested = chosen.pick(test.tolist())
        vectors, groups = tested.vectors(), tested.groups()
        shares = np.asarray(call(compute, "sslstudio.classifiers.linear:predict_proba", head, vectors))
        attended.add(test, heads, attending.attend(heads, vectors, groups, tested.studies(), compute))
        total[test] += shares
        times[test] += 1
        folds.append(_fold_scores(tested, shares, place))
    progress(len(division.folds), len(division.folds))
    rows = np.flatnonzero(times)
    if not len(rows):
        raise SSLStudioError(
            "No classifier could be trained: each needs two labelled images of two classes.",
            "Label more images, or divide them in another way.",
            code="few_labels",
        )
    uncovered = int((~wanted[division.tested()]).sum())
    return _Judged(
        chosen.pick(rows.tolist()),
        total[rows] / times[rows, None],
        attended.means(rows, times),
        attended.reasons,
        class_ids,
        folds,
        uncovered,
    )


def _fold_scores(tested: Chosen, shares: NDArray[np.float64], place: dict[int, int]) -> dict[str, Any]:
    """How one fold did: images, patients and balanced accuracy."""
    from sslstudio.classifiers.fitting import balanced_accuracy

    accuracy = balanced_accuracy(tested.targets(place), shares.argmax(axis=1))
    patients = len({item.subject for item in tested.items})
    return {"n_images": len(tested.items), "n_subjects": patients, "balanced_accuracy": round(accuracy, 6)}


def _store(
    project: Project, model_id: str, plan: SplitPlan, judged: _Judged, gone: tuple[int, int], compute: Compute | None
) -> dict[str, Any]:
    import numpy as np

    description, head, train_ids = classifying.load_model(project.models_dir / model_id)
    attending.learn(project, description, train_ids, compute)
    model_place = [judged.class_ids.index(one) for one in description["class_ids"] if one in judged.class_ids]
    wanted = np.isin(judged.chosen.classes, description["class_ids"])
    chosen, proba = judged.chosen.keep(wanted.tolist()), judged.proba[wanted][:, model_place]
    several = len(judged.folds) > 1
    # Sets were fixed on the very images that several folds test, so they would seem to hold more than they do.
    sets = {} if several else head.cross_validation.get("conformal") or {}
    scores: dict[str, Any] = {
        **classifying.described(compute, description, head, chosen, proba, sets),
        "model_id": model_id,
        "embedding": project.catalogue.model(model_id).embedding,
        "part": "left_out_in_turn" if several else "test",
        "split": {"way": plan.way, "folds": len(judged.folds), "repeats": plan.repeats if plan.way == "cross" else 1},
        "folds": judged.folds if plan.way == "leave_one_out" else [],
        "attention": judged.reasons,
        "created": now(),
        "left_out": {
            "frozen": gone[0],
            "drawn": gone[1],
            "class_not_in_model": judged.uncovered + int((~wanted).sum()),
            "not_embedded": judged.chosen.missing,
        },
    }
    attended = {unit: shares[wanted][:, model_place] for unit, shares in judged.attended.items()}
    patients = {item.subject for item in chosen.items}
    if not patients.isdisjoint(project.catalogue.held_subjects()):
        scores["looks"] = project.catalogue.count_look(model_id, len(chosen.items), len(patients))
    classifying.keep_scores(project, description, scores, chosen, proba, attended)
    return scores
