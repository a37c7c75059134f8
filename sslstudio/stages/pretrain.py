"""Pretraining as a job: the task's plugin and the backbone's start come in, a trained backbone goes out."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # before torch loads: idle threads sleep, not spin

from torch import nn

from sslstudio.api import ParameterValue, PretextTask, TaskContext
from sslstudio.backbones import backbone_file, kept, table, weights
from sslstudio.backbones.build import build
from sslstudio.domain.specs import EARLIER, PretrainSpec
from sslstudio.errors import SSLStudioError
from sslstudio.extensions import host
from sslstudio.extensions.host import PluginInfo
from sslstudio.importers.pixel_cache import PixelCache
from sslstudio.stages.context import StageContext
from sslstudio.training import devices
from sslstudio.training.checkpoint import load_newest
from sslstudio.training.keeping import BestWeights
from sslstudio.training.pixel_store import channels_of
from sslstudio.training.pretraining import TaskFactory, pretrain


def run(spec: PretrainSpec, context: StageContext) -> dict[str, Any]:
    """Train the backbone of `spec` on the run's items and write it to `artifacts/`; see docs/architecture.md."""
    items = context.items()
    make_task, parameters = find_task(spec, context)
    devices.use_every_core()
    channels: Literal[1, 3] = 3 if channels_of(items) == 3 else 1
    checkpoints = context.run_dir / "checkpoints"
    backbone = _backbone(spec, channels, context, checkpoints)
    cache = PixelCache(context.pixels_dir)
    artifacts = context.artifact_path(backbone_file.WEIGHTS).parent
    entry = table.find(spec.backbone)
    mean, std = entry.normalisation(channels)
    description = backbone_file.BackboneDescription(
        name=spec.backbone,
        in_channels=channels,
        feature_dim=entry.feature_dim,
        image_size=spec.image_size,
        mean=mean,
        std=std,
        source=context.job.run_id,
        rendering=context.job.rendering,
        depth=spec.depth if entry.dimensions == 3 else 0,
    )
    keeper = BestWeights(artifacts, lambda tensors, folder: backbone_file.save(tensors, description, folder))
    _, result = pretrain(
        spec, items, cache, backbone, make_task, parameters, checkpoints, artifacts, context, keeper=keeper
    )
    context.check_place()
    handed_on = kept.hand_on(artifacts, spec.keep)
    for name in kept.FILES:
        context.artifact(name, artifacts / name)
    best = kept.offered(artifacts).get("best", {})
    return {
        "loss": result.loss,
        "chance": result.chance,
        "collapse": result.collapse,
        "epochs": result.epochs,
        "seconds": round(result.seconds, 1),
        "kept": handed_on,
        "best": best,
    }


def find_task(spec: PretrainSpec, context: StageContext) -> tuple[TaskFactory, Mapping[str, ParameterValue]]:
    """The pretext task of `spec` and its complete parameters; imports the plugin's code."""
    info = host.find_plugin(spec.task)
    _compare(info, context)
    parameters = info.task(spec.task).values(spec.parameters)
    task_class = host.load(info, spec.task)
    if not issubclass(task_class, PretextTask):
        raise SSLStudioError(f"The plugin {info.id} does not bring a pretext task.", code="plugin_broken")

    def make_task(task_context: TaskContext) -> PretextTask:
        return task_class(task_context)

    return make_task, parameters


def _backbone(spec: PretrainSpec, channels: int, context: StageContext, checkpoints: Path) -> nn.Module:
    """The backbone at its start; a run that resumes gets its weights from the checkpoint, so none are looked up."""
    backbone = build(spec.backbone, channels, spec.image_size, spec.seed)
    if spec.init == "random" or load_newest(checkpoints)[0] is not None:
        return backbone
    if spec.init.startswith(EARLIER):
        return _earlier(backbone, spec, channels, context)
    if spec.init == "imagenet":
        report = weights.load_imagenet(backbone, spec.backbone)
    else:
        if Path(spec.init).name != spec.init:
            raise SSLStudioError("The weights file must lie in the run's private folder.", code="bad_weights_name")
        report = weights.load_file(backbone, context.private_dir / spec.init)
    if report.missing:
        context.warn(
            "weights_partly_matched",
            f"{len(report.matched)} parts of the backbone start from the file, {len(report.missing)} at random.",
        )
    return backbone


def _earlier(backbone: nn.Module, spec: PretrainSpec, channels: int, context: StageContext) -> nn.Module:
    """`backbone` with the weights that an earlier pretraining ended with; raises SSLStudioError when they misfit."""
    source = spec.init.removeprefix(EARLIER)
    if Path(source).name != source or source in ("", ".", ".."):
        raise SSLStudioError("There is no run of that name.", code="no_backbone")
    trained, found = backbone_file.load(context.run_dir.parent / source / "artifacts")
    if (found.name, found.in_channels) != (spec.backbone, channels):
        raise SSLStudioError(
            f"The run {source} trained {found.name} for {found.in_channels} channels; "
            f"this one needs {spec.backbone} for {channels}.",
            "Choose the same backbone, or another start.",
            code="weights_misfit",
        )
    weights.fit_weights(backbone, trained.state_dict())
    return backbone


def _compare(info: PluginInfo, context: StageContext) -> None:
    """Say it when the plugin is not the one the run was prepared with."""
    prepared = context.job.plugin.get("sha256")
    if prepared and prepared != info.sha256:
        context.warn(
            "plugin_changed",
            f"The plugin {info.id} has changed since this run was prepared; its results may differ.",
        )
