"""Fine-tuning: preparing the run, taking its model over, and whether it beats the linear head on the same cases."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sslstudio.backbones.table import find
from sslstudio.catalogue.rows import ModelRow
from sslstudio.catalogue.runs import now
from sslstudio.domain.items import Item
from sslstudio.domain.specs import FinetuneMode, FinetuneSpec
from sslstudio.domain.split_plans import SplitPlan
from sslstudio.errors import SSLStudioError
from sslstudio.jobs.run_directory import RunDirectory
from sslstudio.session import classifying, leaks, planning
from sslstudio.session.classifying import Compute
from sslstudio.session.preparing import backbone_of, rendering_of, write_run
from sslstudio.session.project import Project
from sslstudio.session.results import load_embeddings, resolve_embedding

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

KIND = "finetuned"
FEWEST_PATIENTS = 2
LARGEST_BATCH, SMALLEST_BATCH = 32, 8
STEPS_AN_EPOCH = 8
_VIEWS_OF_PRETRAINING = 2.0  # speeds are measured where each image is seen twice
_DEVICES = ("auto", "cuda", "mps", "cpu")  # as pretraining and fine-tuning name them when they keep a speed
_BEGINNING = 20.0  # seconds until libraries are loaded and images prepared
_LOOKING = 3.0  # a look costs a third of a step


@dataclass(frozen=True)
class Offer:
    """What fine-tuning would learn from, or `reason` why it cannot be done now.

    `embedding` is the run whose network it starts from, `classes` those with labels of enough training patients.
    """

    reason: str
    embedding: str = ""
    classes: tuple[str, ...] = ()
    images: int = 0
    patients: int = 0
    seconds: float = 0.0
    measured: bool = False
    family: str = "cnn"
    has_test: bool = False


def offer(project: Project, name: str, *, epochs: int = 20, gpu: bool = False) -> Offer:
    """Whether the network of an embedding (a name as in `resolve_embedding`) can be fine-tuned, and what it costs.

    The time is an estimate from the speeds that pretraining has measured in this project, else a first guess.
    """
    try:
        run_id = resolve_embedding(project, name)
        described = _described(project, run_id)
        items, classes = _learners(project, run_id)
    except SSLStudioError as problem:
        return Offer(f"{problem.message} {problem.hint}".strip())
    learned = [item for item in items if item.label]
    backbone, size = str(described["name"]), int(described["image_size"])
    speeds = dict(project.catalogue.setting(planning.SPEEDS, {}))
    known = (planning.images_per_second(speeds, backbone, size, device, gpu=gpu) for device in _DEVICES)
    speed, measured = max(known, key=lambda found: found[1])  # the first that was measured, else the guess
    work = len(learned) * epochs / _VIEWS_OF_PRETRAINING + len(items) / (_VIEWS_OF_PRETRAINING * _LOOKING)
    labels = project.catalogue.labels()
    test = {item.image_id for item in project.catalogue.items() if item.part == "test"}
    return Offer(
        reason="", embedding=run_id, classes=classes, images=len(learned),
        patients=len({item.subject for item in learned}), measured=measured,
        seconds=_BEGINNING + work / max(speed, 1e-6),
        family=find(backbone).family,
        has_test=any(label.class_id is not None and image_id in test for image_id, label in labels.items()),
    )  # fmt: skip


def prepare_finetune(project: Project, name: str, mode: FinetuneMode = "lpft", **chosen: Any) -> str:
    """A run that fits the network of an embedding to the labels of the training patients; `chosen` are spec fields.

    Labels of test patients do not go with it. Raises SSLStudioError: "not_embedded", "few_labels", "no_backbone",
    "sees_volumes", "mode_does_not_fit", "leaky_split".
    """
    run_id = resolve_embedding(project, name)
    described = _described(project, run_id)
    if mode == "lora" and find(str(described["name"])).family != "vit":
        raise SSLStudioError(
            "Small matrices (LoRA) are for vision transformers.", "Choose another way.", code="mode_does_not_fit"
        )
    classifying.ensure_split(project)
    leaks.require_tight(project, run_id, SplitPlan())
    items, classes = _learners(project, run_id)
    learned = sum(bool(item.label) for item in items)
    batch = min(LARGEST_BATCH, max(SMALLEST_BATCH, learned // STEPS_AN_EPOCH))
    spec = FinetuneSpec.model_validate(
        {"embedding": run_id, "source": _source(project, run_id), "classes": classes, "mode": mode}
        | {"batch_size": batch}
        | chosen
    )
    title = f"Fine-tune {spec.source or run_id}, {described['name']}"
    return write_run(
        project, "finetune", "finetune", title, spec, items, rendering=rendering_of(project, run_id)
    )  # fmt: skip


def adopt_finetuned(project: Project, run_id: str) -> None:
    """Make a model of what a finished fine-tuning left; its embeddings were moved before. Repeating changes nothing."""
    import numpy as np

    from sslstudio.classifiers.linear import LinearHead

    if (project.models_dir / run_id / "model.json").is_file():
        return
    run = RunDirectory(project.run_dir(run_id))
    result, spec = run.result(), FinetuneSpec.model_validate_json(project.catalogue.run(run_id).spec_json)
    infos = {info.name: info for info in project.catalogue.classes()}
    known = [infos.get(name) for name in spec.classes]
    if any(info is None for info in known):
        raise SSLStudioError(
            "A class that this classifier knows is gone or has another name by now.",
            "Fine-tune again.",
            code="result_missing",
        )
    try:
        with np.load(run.artifacts_dir / "head.npz", allow_pickle=False) as arrays:
            parts = {name: arrays[name] for name in ("coef", "intercept", "mean", "scale")}
            train_ids = [int(value) for value in arrays["train_ids"]]
    except (OSError, ValueError, KeyError):
        raise SSLStudioError("A result of this run is missing.", "Start it again.", code="result_missing") from None
    validation = dict(result["validation"])
    description = {
        "model_id": run_id,
        "kind": KIND,
        "mode": spec.mode,
        "classes": list(spec.classes),
        "class_ids": [info.class_id for info in known if info is not None],
        "colours": [info.colour for info in known if info is not None],
        "embedding": run_id,
        **classifying.origin(project, run_id),
        "source": spec.source,
        "start": spec.embedding,
        "C": 0.0,
        "temperature": float(result["temperature"]),
        **{name: result[name] for name in ("n_images", "n_subjects", "per_class", "epochs", "best_epoch")},
        "seed": spec.seed,
        "created": now(),
        "cross_validation": {
            "method": "fine-tuned", "folds": 1, "reason": "", "grid": [],
            **{name: validation[name] for name in ("balanced_accuracy", "log_loss", "n_images", "n_subjects")},
        },
    }  # fmt: skip
    head = LinearHead(**parts, C=0.0, temperature=description["temperature"])
    classifying.save_model(project, description, head, train_ids)
    _keep_speed(project, description, float(result.get("seconds") or 0.0))


def _keep_speed(project: Project, description: dict[str, Any], seconds: float) -> None:
    """Remember how fast it was, so that the next estimate rests on a measurement; pretraining's own stays."""
    if seconds <= 0:
        return
    key = planning.speed_key(str(description["backbone"]), int(description["image_size"]), "auto")
    speeds = dict(project.catalogue.setting(planning.SPEEDS, {}))
    seen = float(description["n_images"]) * float(description["epochs"])
    speeds.setdefault(key, round(seen / (seconds * _VIEWS_OF_PRETRAINING), 2))
    project.catalogue.set_setting(planning.SPEEDS, speeds)


def compare_with_linear(project: Project, model_id: str, compute: Compute | None = None) -> dict[str, Any]:
    """Is a fine-tuned model better than the linear head? Both learned from the same images of the same network.

    The linear head is fitted now on the embedding that the fine-tuning started from; both are scored on the same test
    images. The result of `classifiers.gain.compare` is kept in the model's scores as "against_linear" and returned.
    Raises SSLStudioError: "unknown_model", "no_test_labels", "not_finetuned", "not_embedded".
    """
    import numpy as np

    model = project.catalogue.model(model_id)
    description, head, train_ids = classifying.load_model(project.models_dir / model_id)
    if description.get("kind") != KIND or model.scores is None:
        raise SSLStudioError("This classifier is not fine-tuned, or not tested yet.", code="not_finetuned")
    chosen, _ = classifying.unseen(project, model.embedding, description["class_ids"], train_ids)
    start_ids, start = load_embeddings(project, description["start"])
    row_of = {int(image_id): row for row, image_id in enumerate(start_ids)}
    chosen = chosen.keep([item.image_id in row_of for item in chosen.items])
    labels, items = project.catalogue.labels(), project.catalogue.items()
    position = {class_id: place for place, class_id in enumerate(description["class_ids"])}
    learned = [
        (row_of[item.image_id], position[label.class_id], item.subject)
        for item in items
        if item.image_id in train_ids and item.image_id in row_of and (label := labels.get(item.image_id)) is not None
        and label.class_id in position
    ]  # fmt: skip
    if not chosen.items or not learned:
        raise SSLStudioError("There is no labelled test image to compare on.", code="no_test_labels")
    vectors = np.asarray(start[[row for row, _, _ in learned]], dtype=np.float32)
    target = np.array([place for _, place, _ in learned], dtype=np.int64)
    groups = np.array([subject for _, _, subject in learned], dtype=np.str_)
    seed = int(description["seed"])
    linear = classifying.call(
        compute, "sslstudio.classifiers.linear:fit", vectors, target, groups, len(position), seed
    )  # fmt: skip
    tested: NDArray[np.float32] = np.asarray(start[[row_of[item.image_id] for item in chosen.items]], dtype=np.float32)
    proba = classifying.call(compute, "sslstudio.classifiers.linear:predict_proba", head, chosen.vectors())
    other = classifying.call(compute, "sslstudio.classifiers.linear:predict_proba", linear, tested)
    found: dict[str, Any] = classifying.call(
        compute, "sslstudio.classifiers.gain:compare", chosen.targets(position), proba, other, chosen.groups(), seed
    )  # fmt: skip
    project.catalogue.set_model_scores(model_id, {**model.scores, "against_linear": found})
    return found


def recommended(models: Sequence[ModelRow]) -> str:
    """The newest model that is not known to be no better than a linear head; "" when there is none."""
    for model in reversed(models):
        against = (model.scores or {}).get("against_linear")
        if against is None or against.get("verdict") == "better":
            return model.model_id
    return models[-1].model_id if models else ""


def sentence(found: dict[str, Any]) -> str:
    """A comparison with the linear head in words."""
    if found["low"] is None:
        return "Too few test patients to compare with the linear head: keep the linear head until there are more."
    points, low, high = (100 * float(found[name]) for name in ("value", "low", "high"))
    on = f"on the same {int(found['n']):,} test images of {int(found['n_subjects']):,} patients"
    figures = (
        f"{float(found['first']):.2f} against {float(found['second']):.2f}, a difference of {points:+.1f} points "
        f"(95 % interval {low:+.1f} to {high:+.1f}) {on}"
    )
    if found["verdict"] == "better":
        return f"Better than the linear head: balanced accuracy {figures}."
    if found["verdict"] == "worse":
        return f"Worse than the linear head: balanced accuracy {figures}. Keep the linear head."
    return (
        f"Not shown to be better than the linear head: balanced accuracy {figures}. "
        "Keep the linear head; more labels may tell."
    )


def _learners(project: Project, run_id: str) -> tuple[list[Item], tuple[str, ...]]:
    """All images as the network sees them, with labels only where they may be learned from; and the classes."""
    seen = rendering_of(project, run_id)
    items = project.catalogue.items() if seen is None else project.catalogue.items(rendering=seen)
    patients: defaultdict[str, set[str]] = defaultdict(set)
    for item in items:
        if item.part != "test" and item.label:
            patients[item.label].add(item.subject)
    classes = tuple(
        info.name for info in project.catalogue.classes() if len(patients[info.name]) >= FEWEST_PATIENTS
    )  # fmt: skip
    if len(classes) < 2:
        raise SSLStudioError(
            "Fine-tuning needs two classes with labels of two training patients each.",
            "Label a few more images.",
            code="few_labels",
        )
    frozen = [
        item if item.part != "test" and item.label in classes else item.model_copy(update={"label": ""})
        for item in items
    ]
    return frozen, classes


def _described(project: Project, run_id: str) -> dict[str, Any]:
    described = backbone_of(project, run_id)
    if described is None:
        raise SSLStudioError("The network of this view is gone.", "Embed the images again.", code="no_backbone")
    if described.get("depth"):
        raise SSLStudioError(
            "Networks that see whole volumes cannot be fine-tuned yet.",
            "Choose the view of a network that sees single images.",
            code="sees_volumes",
        )
    return described


def _source(project: Project, run_id: str) -> str:
    """What an embedding was made with."""
    row = project.catalogue.run(run_id)
    return row.run_id if row.stage == "finetune" else str(json.loads(row.spec_json).get("source", ""))
