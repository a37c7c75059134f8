"""Fitting and scoring a classifier on embeddings: which images may train, which may test, and what is kept."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from sslstudio.catalogue import ModelRow
from sslstudio.catalogue.runs import now
from sslstudio.domain.items import Part
from sslstudio.errors import SSLStudioError
from sslstudio.session import attending, tested
from sslstudio.session.computing import Compute as Compute
from sslstudio.session.computing import call as call
from sslstudio.session.project import Project
from sslstudio.session.results import load_embeddings, resolve_embedding

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FEWEST_PER_CLASS = 2


def ensure_split(project: Project, test_fraction: float = 0.25, seed: int = 0) -> None:
    """Give every subject a part: those that have one keep it, so images that arrive later inherit their subject's."""
    if not all(project.catalogue.parts().values()):
        project.catalogue.split_by_subject(test_fraction, seed, keep=True)


def fit_linear(project: Project, embedding: str, *, seed: int = 0, compute: Compute | None = None) -> str:
    """Fit a linear head on the labelled training images of an embedding; returns the id of the new model.

    Without `compute` the work is done here (seconds). Images of the test part, marked ones and excluded ones are
    never used; a class with fewer than two labelled training images is left out. Raises SSLStudioError: "few_labels",
    "not_embedded".
    """
    run_id = resolve_embedding(project, embedding)
    ensure_split(project)
    return fit_on(project, run_id, _choose(project, run_id, "train"), seed=seed, compute=compute)


def fit_on(project: Project, run_id: str, chosen: Chosen, *, seed: int = 0, compute: Compute | None = None) -> str:
    """Fit a linear head on these images and store it; returns the id of the new model.

    Raises as `fit_linear` does, "frozen_test" if a patient of the frozen test set is among them, and "drawn_sample" if
    one is who is kept to test because the queue drew them at random.
    """
    if not project.catalogue.held_subjects().isdisjoint(item.subject for item in chosen.items):
        raise SSLStudioError(
            "Images of the frozen test set cannot be trained on.",
            "Thaw it first, or leave them out.",
            code="frozen_test",
        )
    if not project.catalogue.drawn_subjects().isdisjoint(item.subject for item in chosen.items):
        raise SSLStudioError(
            "Patients who were drawn at random are kept to test and cannot be trained on.",
            "Leave them out, or choose on the Label page to learn from them.",
            code="drawn_sample",
        )
    counts = Counter(chosen.classes)
    infos = [info for info in project.catalogue.classes() if counts[info.class_id] >= FEWEST_PER_CLASS]
    if len(infos) < 2:
        have = ", ".join(f"{info.name} {counts[info.class_id]}" for info in project.catalogue.classes()) or "none"
        raise SSLStudioError(
            f"A classifier needs two classes with {FEWEST_PER_CLASS} labelled training images each. Labelled: {have}.",
            "Label a few more images.",
            code="few_labels",
        )
    chosen = chosen.only({info.class_id for info in infos})
    position = {info.class_id: place for place, info in enumerate(infos)}
    head = call(
        compute,
        "sslstudio.classifiers.linear:fit",
        chosen.vectors(),
        chosen.targets(position),
        chosen.groups(),
        len(infos),
        seed,
    )
    model_id = project.catalogue.new_run_id("linear")
    description = {
        "model_id": model_id,
        "classes": [info.name for info in infos],
        "class_ids": [info.class_id for info in infos],
        "colours": [info.colour for info in infos],
        "embedding": run_id,
        **origin(project, run_id),
        "C": float(head.C),
        "temperature": float(head.temperature),
        "n_images": len(chosen.items),
        "n_subjects": len({item.subject for item in chosen.items}),
        "per_class": {info.name: counts[info.class_id] for info in infos},
        "seed": seed,
        "created": now(),
        "cross_validation": head.cross_validation,
    }
    save_model(project, description, head, [item.image_id for item in chosen.items])
    return model_id


def evaluate(project: Project, model_id: str, compute: Compute | None = None) -> dict[str, Any]:
    """Score a model on the labelled test images; the scores are stored with the model and returned.

    Test images of patients whom the model was trained on, and copies of images that it was trained on, are left out,
    whatever the split says by now. Adds to the scores: "model_id", "embedding", "part", "created", "left_out" (counts
    by reason), "looks" (how often the frozen test set was looked at, this time too; 0 while none is frozen). Raises
    SSLStudioError ("no_test_labels", "unknown_model", "model_damaged").
    """
    import numpy as np

    model = project.catalogue.model(model_id)
    description, head, train_ids = load_model(project.models_dir / model_id)
    chosen, left_out = unseen(project, model.embedding, description["class_ids"], train_ids)
    if not chosen.items:
        raise SSLStudioError(
            "There is no labelled test image to score this model on.",
            "Label images of patients in the test part.",
            code="no_test_labels",
        )
    vectors = chosen.vectors()
    proba = call(compute, "sslstudio.classifiers.linear:predict_proba", head, vectors)
    heads = attending.learn(project, description, train_ids, compute)
    attended = attending.attend(heads, vectors, chosen.groups(), chosen.studies(), compute)
    kept = head.cross_validation.get("conformal") or {}
    scores: dict[str, Any] = {
        **described(compute, description, head, chosen, np.asarray(proba), kept),
        "model_id": model_id,
        "embedding": model.embedding,
        "part": "test",
        "created": now(),
        "left_out": left_out,
        "looks": project.catalogue.count_look(
            model_id, len(chosen.items), len({item.subject for item in chosen.items})
        ),
    }
    scores["attention"] = attending.reasons(heads)
    keep_scores(project, description, scores, chosen, np.asarray(proba), attended)
    return scores


def unseen(
    project: Project, embedding: str, class_ids: Sequence[int], train_ids: set[int]
) -> tuple[Chosen, dict[str, int]]:
    """The labelled test images that a model of these classes may be scored on, and how many were left out and why."""
    chosen = _choose(project, embedding, "test")
    held = project.catalogue.held_subjects()
    if held:  # who was drawn at random since does not join a test set that was fixed beforehand
        chosen = chosen.keep([item.subject in held for item in chosen.items])
    subjects = _subjects(project, train_ids)
    seen = sum(item.subject in subjects for item in chosen.items)
    chosen = chosen.keep([item.subject not in subjects for item in chosen.items])
    twins = project.catalogue.copies_of(train_ids)
    copied = sum(item.image_id in twins for item in chosen.items)
    chosen = chosen.keep([item.image_id not in twins for item in chosen.items])
    uncovered = sum(class_id not in class_ids for class_id in chosen.classes)
    left_out = {
        "patient_in_training": seen,
        "copy_in_training": copied,
        "class_not_in_model": uncovered,
        "not_embedded": chosen.missing,
    }
    return chosen.only(class_ids), left_out


def described(
    compute: Compute | None,
    description: Mapping[str, Any],
    head: Any,
    chosen: Chosen,
    proba: NDArray[np.floating],
    sets: Mapping[str, Any],
) -> dict[str, Any]:
    """All that is said of probabilities (N, K) for these images, as plain JSON; `sets` are the conformal ones."""
    position = {class_id: place for place, class_id in enumerate(description["class_ids"])}
    cases = (chosen.targets(position), proba, chosen.groups())
    known = (*cases, list(description["classes"]))
    return {
        **call(compute, "sslstudio.classifiers.scores:evaluate", *known),
        **call(compute, "sslstudio.classifiers.trust:describe", *known, float(head.temperature)),
        "conformal": {**sets, "levels": call(compute, "sslstudio.classifiers.conformal:describe", *cases, dict(sets))},
    }


def keep_scores(
    project: Project,
    description: Mapping[str, Any],
    scores: dict[str, Any],
    chosen: Chosen,
    proba: NDArray[np.floating],
    attended: Mapping[str, NDArray[np.floating]],
) -> None:
    """Store scores with the model, and beside them what it said of each image that was tested, and of its study and
    patient by attention. Adds "units", what there is to count (`classifiers.pooled.facts`)."""
    from sslstudio.classifiers.pooled import facts

    position = {class_id: place for place, class_id in enumerate(description["class_ids"])}
    model_id = description["model_id"]
    folder = project.models_dir / model_id
    ids = [item.image_id for item in chosen.items]
    known = (chosen.targets(position), proba, chosen.groups(), chosen.studies())
    tested.keep(folder, ids, *known, attended)
    nothing = attending.nothing_place(project, description["class_ids"])
    scores["nothing"] = "" if nothing < 0 else description["classes"][nothing]
    scores["units"] = facts(tested.read(folder).said(), nothing)
    store_scores(project, model_id, scores)


def store_scores(project: Project, model_id: str, scores: dict[str, Any]) -> None:
    """Replace the scores of a model, in its folder and in the catalogue."""
    _write_json(project.models_dir / model_id / "scores.json", scores)
    project.catalogue.set_model_scores(model_id, scores)


class Owned(Protocol):
    """An image with its patient and study."""

    @property
    def image_id(self) -> int: ...
    @property
    def subject(self) -> str: ...
    @property
    def study(self) -> str: ...


@dataclass(frozen=True)
class Chosen:
    """Labelled images that have a vector. `missing` of them were imported after the embedding."""

    items: Sequence[Owned]
    classes: list[int]
    rows: list[int]
    matrix: Any
    missing: int

    def keep(self, mask: Iterable[bool]) -> Chosen:
        return self.pick([place for place, wanted in enumerate(mask) if wanted])

    def pick(self, kept: Sequence[int]) -> Chosen:
        return Chosen(
            [self.items[n] for n in kept],
            [self.classes[n] for n in kept],
            [self.rows[n] for n in kept],
            self.matrix,
            self.missing,
        )

    def only(self, class_ids: Iterable[int]) -> Chosen:
        wanted = set(class_ids)
        return self.keep([class_id in wanted for class_id in self.classes])

    def vectors(self) -> NDArray[np.float32]:
        import numpy as np

        return np.asarray(self.matrix[np.asarray(self.rows, dtype=np.int64)], dtype=np.float32)

    def targets(self, position: dict[int, int]) -> NDArray[np.int64]:
        import numpy as np

        return np.asarray([position[class_id] for class_id in self.classes], dtype=np.int64)

    def groups(self) -> NDArray[np.str_]:
        import numpy as np

        return np.asarray([item.subject for item in self.items], dtype=np.str_)

    def studies(self) -> NDArray[np.str_]:
        import numpy as np

        return np.asarray([item.study for item in self.items], dtype=np.str_)


def _choose(project: Project, embedding: str, part: Part) -> Chosen:
    """The labelled images of `part`, not excluded, in the order of their ids."""
    ids, matrix = load_embeddings(project, embedding)
    row_of = {int(image_id): row for row, image_id in enumerate(ids)}
    labels = project.catalogue.labels()
    found = [
        (item, label.class_id)
        for item in project.catalogue.items()
        if item.part == part and (label := labels.get(item.image_id)) is not None and label.class_id is not None
    ]
    with_vector = [(item, class_id) for item, class_id in found if item.image_id in row_of]
    return Chosen(
        [item for item, _ in with_vector],
        [class_id for _, class_id in with_vector],
        [row_of[item.image_id] for item, _ in with_vector],
        matrix,
        len(found) - len(with_vector),
    )


def origin(project: Project, run_id: str) -> dict[str, Any]:
    """Source, backbone and image size of an embed run, from its backbone.json, else from its spec."""
    spec = json.loads(project.catalogue.run(run_id).spec_json)
    found = {name: spec.get(name, "") for name in ("source", "backbone", "image_size")}
    try:
        described = json.loads((project.run_dir(run_id) / "artifacts" / "backbone.json").read_bytes())
    except (OSError, ValueError):
        return found
    seen = {"rendering": described["rendering"]} if described.get("rendering") else {}
    return found | seen | {"backbone": described["name"], "image_size": described["image_size"]}


def save_model(project: Project, description: dict[str, Any], head: Any, train_ids: list[int]) -> None:
    """Write the model's folder at once, then its row."""
    import numpy as np

    model_id = description["model_id"]
    partial = project.models_dir / f".{model_id}.partial"
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    np.savez(
        partial / "head.npz",
        allow_pickle=False,
        coef=head.coef,
        intercept=head.intercept,
        mean=head.mean,
        scale=head.scale,
        train_ids=np.asarray(train_ids, dtype=np.int64),
    )
    _write_json(partial / "model.json", description)
    partial.replace(project.models_dir / model_id)
    project.catalogue.add_model(
        ModelRow(model_id, description["embedding"], description["created"], tuple(description["classes"]))
    )


def load_model(folder: Path) -> tuple[dict[str, Any], Any, set[int]]:
    import numpy as np

    from sslstudio.classifiers.linear import LinearHead

    try:
        description = json.loads((folder / "model.json").read_bytes())
        with np.load(folder / "head.npz", allow_pickle=False) as arrays:
            head = LinearHead(
                coef=arrays["coef"],
                intercept=arrays["intercept"],
                mean=arrays["mean"],
                scale=arrays["scale"],
                C=description["C"],
                temperature=description["temperature"],
                cross_validation=description["cross_validation"],
            )
            return description, head, {int(image_id) for image_id in arrays["train_ids"]}
    except (OSError, ValueError, KeyError):
        raise SSLStudioError("This model cannot be read.", "Fit it again.", code="model_damaged") from None


def _subjects(project: Project, image_ids: set[int]) -> set[str]:
    items = project.catalogue.items(include_excluded=True)
    return {item.subject for item in items if item.image_id in image_ids}


def _write_json(path: Path, content: dict[str, Any]) -> None:
    partial = path.with_name(path.name + ".partial")
    partial.write_text(json.dumps(content, indent=2, ensure_ascii=False), encoding="utf-8")
    partial.replace(path)
