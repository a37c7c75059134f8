"""Commands that learn from images without labels: pretrain, resume, embed, map."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from sslstudio.cli.follow import attend, carry_out, opened
from sslstudio.cli.output import Output, Result
from sslstudio.domain.specs import EmbedSpec, MapSpec, PretrainSpec
from sslstudio.errors import SSLStudioError
from sslstudio.jobs import control
from sslstudio.session import workflow

STARTS = ("random", "imagenet")


def pretrain(options: argparse.Namespace, output: Output) -> Result:
    """`sslstudio pretrain PROJECT --task simclr ...`."""
    weights_file = None if options.init in STARTS else Path(options.init)
    if weights_file is not None and not weights_file.is_file():
        raise SSLStudioError(
            f"There is no weights file {options.init}.",
            "Give random, imagenet or the path of a file.",
            code="no_weights",
        )
    chosen: dict[str, Any] = {
        name: getattr(options, name) for name in ("learning_rate", "weight_decay") if getattr(options, name) is not None
    }
    spec = PretrainSpec(
        task=options.task,
        backbone=options.backbone,
        init=options.init if weights_file is None else weights_file.name,
        image_size=options.image_size,
        epochs=options.epochs,
        batch_size=options.batch_size,
        preset=options.preset,
        device=options.device,
        precision=options.precision,
        seed=options.seed,
        parameters=dict(options.parameters),
        **chosen,
    )
    with opened(options.project) as project:
        result = carry_out(project, workflow.prepare_pretrain(project, spec, weights_file), output)
    _tell_pretraining(result, output)
    return result


def resume(options: argparse.Namespace, output: Output) -> Result:
    """`sslstudio resume PROJECT RUN [--extend-epochs N]`."""
    with opened(options.project) as project:
        project.catalogue.run(options.run)
        control.resume(project.run_dir(options.run), extend_epochs=options.extend_epochs)
        result = attend(project, options.run, output)
    _tell_pretraining(result, output)
    return result


def _tell_pretraining(result: Result, output: Output) -> None:
    numbers = [f"{name} {result[name]:.3f}" for name in ("loss", "chance", "collapse") if _number(result.get(name))]
    output.say(f"{result['run']} finished" + (": " + ", ".join(numbers) if numbers else ""))


def _number(value: object) -> bool:
    return isinstance(value, int | float)


def embed(options: argparse.Namespace, output: Output) -> Result:
    """`sslstudio embed PROJECT RUN|random|imagenet`."""
    spec = EmbedSpec(
        source=options.source,
        backbone=options.backbone,
        image_size=options.image_size,
        batch_size=options.batch_size,
        device=options.device,
        seed=options.seed,
    )
    with opened(options.project) as project:
        result = carry_out(project, workflow.prepare_embed(project, spec), output)
    output.say(f"{result['run']}: {result.get('count', 0)} images as vectors of {result.get('dimensions', 0)} numbers")
    return result


def make_map(options: argparse.Namespace, output: Output) -> Result:
    """`sslstudio map PROJECT RUN`."""
    with opened(options.project) as project:
        embedding = workflow.resolve_embedding(project, options.run)
        spec = MapSpec(embedding=embedding, method=options.method, clusters=options.clusters, seed=options.seed)
        result = carry_out(project, workflow.prepare_map(project, spec), output)
    output.say(f"{result['run']}: {result.get('method', '')} of {embedding}, {result.get('clusters', 0)} clusters")
    return {**result, "embedding": embedding}
