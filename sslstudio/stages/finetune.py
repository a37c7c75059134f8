"""Fine-tuning as a job: a backbone and the labels of training patients come in, a network fitted to them goes out.

What it leaves is what an embedding and a linear head leave: backbone, embeddings of all images, head. So whatever can
be done with a linear head (scores, probabilities of all images, export, map, queue) can be done with it.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # before torch loads: idle threads sleep, not spin

import numpy as np
import safetensors.torch
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from sslstudio.backbones import backbone_file, lora
from sslstudio.backbones.backbone_file import BackboneDescription
from sslstudio.classifiers import fitting, linear
from sslstudio.classifiers.splits import split_by_group
from sslstudio.domain.items import Item
from sslstudio.domain.specs import FinetuneSpec
from sslstudio.errors import SSLStudioError
from sslstudio.importers.pixel_cache import PixelCache
from sslstudio.stages import embed
from sslstudio.stages.context import StageContext
from sslstudio.training import devices
from sslstudio.training.checkpoint import load_newest
from sslstudio.training.finetuning import HeadStart, Learners, finetune
from sslstudio.training.keeping import BEST, BestWeights

HEAD, HEAD_WEIGHTS = "head.npz", "head.safetensors"
BATCH = 128
HELD_OUT = 0.2
"""The share of the labelled training images that chooses the epoch and calibrates, and is not learned from."""
_BACKBONE = "backbone."
Doubles = NDArray[np.float64]
Ints = NDArray[np.int64]


def run(spec: FinetuneSpec, context: StageContext) -> dict[str, Any]:
    """Fine-tune on the labelled training items and leave backbone, embeddings and head; see docs/architecture.md.

    Items of the test part carry no label here. Raises SSLStudioError: "few_labels", "no_backbone", "sees_volumes",
    "mode_does_not_fit", and what the training loop raises.
    """
    devices.use_every_core()
    learners = choose(spec, context.items())
    start, description = backbone_file.load(context.run_dir.parent / spec.embedding / "artifacts")
    if description.depth:
        raise SSLStudioError(
            "Networks that see whole volumes cannot be fine-tuned yet.",
            "Choose the view of a network that sees single images.",
            code="sees_volumes",
        )
    device = devices.choose_device(spec.device)
    devices.make_repeatable(spec.seed, device)
    cache = PixelCache(context.pixels_dir)
    looker = _Looker(context, cache, device)
    checkpoints = context.run_dir / "checkpoints"
    head = _head_start(spec, learners, start, description, looker, resumed=load_newest(checkpoints)[0] is not None)
    description = description.model_copy(update={"source": context.job.run_id})
    artifacts = context.artifact_path(HEAD).parent
    keeper = BestWeights(artifacts, lambda tensors, folder: _save(tensors, description, folder))
    result, watch = finetune(spec, learners, start, description, head, cache, checkpoints, keeper, context)
    context.check_place()
    tuned, _ = backbone_file.load(artifacts / BEST)
    features = looker.features(tuned, description, context.items())
    embed.write(context, features, context.items())
    learned = safetensors.torch.load_file(artifacts / BEST / HEAD_WEIGHTS)
    found = _settle(context, learners, features, learned)
    for path in backbone_file.save(tuned, description, artifacts):
        context.artifact(path.name, path)
    counted = Counter(item.label for item in learners.items)
    return {
        **found,
        "epochs": result.epochs,
        "best_epoch": watch.best_epoch + 1,
        "start": watch.start.get("balanced_accuracy"),
        "seconds": round(result.seconds, 1),
        "count": len(features),
        "dimensions": description.feature_dim,
        "n_images": len(learners.items),
        "n_subjects": len({item.subject for item in learners.items}),
        "per_class": {name: counted[name] for name in spec.classes},
    }


def choose(spec: FinetuneSpec, items: Sequence[Item]) -> Learners:
    """The labelled training items, about a fifth of their patients held out; raises SSLStudioError ("few_labels")."""
    place = {name: number for number, name in enumerate(spec.classes)}
    known = [item for item in items if item.part == "train" and item.label in place]
    classes = np.array([place[item.label] for item in known], dtype=np.int64)
    groups = np.array([item.subject for item in known], dtype=np.str_)
    held_out = split_by_group(groups, classes, HELD_OUT, spec.seed)
    if any(len(np.unique(classes[side])) < len(spec.classes) for side in (held_out, ~held_out)):
        raise SSLStudioError(
            "There are too few labels for fine-tuning: a class has labels of one patient only.",
            "Label images of at least two training patients of each class.",
            code="few_labels",
        )
    return Learners(known, classes.tolist(), held_out.tolist())


@dataclass(frozen=True)
class _Looker:
    """Looks at images with a backbone as embedding does."""

    context: StageContext
    cache: PixelCache
    device: torch.device

    def features(self, backbone: nn.Module, description: BackboneDescription, items: Sequence[Item]) -> Any:
        """Features (N, D) float16."""
        layout = devices.memory_format(2, self.device)
        backbone = backbone.to(device=self.device, memory_format=layout).eval()  # type: ignore[call-overload]
        return embed.embed_with(backbone, description, items, (), self.cache, self.device, BATCH, self.context)


def _head_start(
    spec: FinetuneSpec,
    learners: Learners,
    backbone: nn.Module,
    description: BackboneDescription,
    looker: _Looker,
    *,
    resumed: bool,
) -> HeadStart:
    """The linear classifier's head on the images that learn; zeros for "full", or where a checkpoint brings it."""
    classes, dimensions = len(spec.classes), description.feature_dim
    if resumed:
        zeros = torch.zeros(dimensions)
        return HeadStart(torch.zeros(classes, dimensions), torch.zeros(classes), zeros, torch.ones(dimensions))
    rows = [row for row, out in enumerate(learners.held_out) if not out]
    seen = [learners.items[row] for row in rows]
    vectors = looker.features(backbone, description, seen).astype(np.float32)
    target = np.array([learners.classes[row] for row in rows], dtype=np.int64)
    found = linear.fit(vectors, target, np.array([item.subject for item in seen]), classes, spec.seed)
    coef, intercept, mean, scale = (
        torch.from_numpy(np.array(each, dtype=np.float32))
        for each in (found.coef, found.intercept, found.mean, found.scale)
    )
    if spec.mode == "full":
        coef, intercept = torch.zeros_like(coef), torch.zeros_like(intercept)
    return HeadStart(coef, intercept, mean, scale)


def _save(tensors: Mapping[str, Tensor], description: BackboneDescription, folder: Path) -> None:
    """A classifier's tensors as a backbone that stands by itself, and its head."""
    body = {name.removeprefix(_BACKBONE): tensor for name, tensor in tensors.items() if name.startswith(_BACKBONE)}
    head = {
        name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items() if not name.startswith(_BACKBONE)
    }
    folder.mkdir(parents=True, exist_ok=True)
    temporary = folder / f"{HEAD_WEIGHTS}.partial"
    safetensors.torch.save_file(head, temporary)
    temporary.replace(folder / HEAD_WEIGHTS)
    backbone_file.save(lora.merged(body), description, folder)


def _settle(context: StageContext, learners: Learners, features: Any, learned: Mapping[str, Tensor]) -> dict[str, Any]:
    """Write the head beside the ids it has learned from; its temperature and scores by the images held out."""
    arrays: dict[str, Any] = {name: learned[name].numpy() for name in ("coef", "intercept", "mean", "scale")}
    train_ids = np.array([item.image_id for item in learners.items], dtype=np.int64)
    path = context.artifact_path(HEAD)
    with path.with_name(f".{HEAD}.partial").open("wb") as stream:
        np.savez(stream, allow_pickle=False, train_ids=train_ids, **arrays)
    path.with_name(f".{HEAD}.partial").replace(path)
    context.artifact(HEAD, path)
    row_of = {item.image_id: row for row, item in enumerate(context.items())}
    everyone = zip(learners.items, learners.classes, learners.held_out, strict=True)
    held = [(item, number) for item, number, out in everyone if out]
    rows = [row_of[item.image_id] for item, _ in held]
    y: Ints = np.array([number for _, number in held], dtype=np.int64)
    head = linear.LinearHead(**arrays, C=0.0, temperature=1.0)
    logits = linear.logits(head, features[rows].astype(np.float32))
    temperature = fitting.temperature(logits, y)
    validation = {
        "n_images": len(y),
        "n_subjects": len({item.subject for item, _ in held}),
        "balanced_accuracy": round(fitting.balanced_accuracy(y, logits.argmax(axis=1)), 6),
        "log_loss": round(fitting.balanced_log_loss(logits / temperature, y), 6),
    }
    return {"temperature": temperature, "validation": validation}
