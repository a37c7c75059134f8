"""Commands that advise: what to train with on these images, and whether training was worth it."""

from __future__ import annotations

import argparse
import csv
import math
import shutil
import sys
from collections.abc import Sequence
from platform import machine

from sslstudio.backbones import at_hand
from sslstudio.backbones.table import ARCHITECTURES
from sslstudio.cli.follow import carry_out, opened
from sslstudio.cli.output import Output, Result
from sslstudio.domain.runs import Event, Metric, Monitor
from sslstudio.errors import SSLStudioError
from sslstudio.extensions.host import PluginState, discover
from sslstudio.jobs.run_directory import RunDirectory
from sslstudio.session import helping as asked
from sslstudio.session import offering, recommending, workflow
from sslstudio.session.recommending_volumes import recommend_for_volumes


def recommend(options: argparse.Namespace, output: Output) -> Result:
    """`sslstudio recommend PROJECT [--effort quick|balanced|thorough] [--volumes]`."""
    with opened(options.project, read_only=True) as project:
        facts, speeds = offering.data_facts(project), recommending.measured_speeds(project)
    methods = [
        entry
        for info in discover()
        if info.manifest is not None and info.state is PluginState.ENABLED
        for entry in info.manifest.pretext_tasks
    ]
    here = {name: at_hand.imagenet(name) for name in ARCHITECTURES}
    if options.volumes:
        found = recommend_for_volumes(facts, methods, gpu=_gpu(), speeds=speeds, effort=options.effort)
    else:
        found = recommending.recommend(facts, methods, gpu=_gpu(), at_hand=here, speeds=speeds, effort=options.effort)
    if found is None:
        what = "series that can be seen as volumes" if options.volumes else "images"
        raise SSLStudioError("There is nothing to learn from yet.", f"Import {what} first.", code="no_images")
    for choice in found.choices:
        output.say(f"{choice.name} {choice.value}: {choice.reason} ({choice.evidence})")
    rows = [
        (
            one.effort,
            one.spec.image_size,
            one.spec.epochs,
            max(1, round(one.seconds / 60)),
            "yes" if one.measured else "no",
        )
        for one in found.amounts
    ]
    output.say("")
    output.table(("effort", "pixels", "epochs", "minutes", "measured here"), rows)
    return {
        "spec": found.spec.model_dump(mode="json"),
        "choices": [vars(choice) for choice in found.choices],
        "efforts": [
            {
                "effort": one.effort,
                "spec": one.spec.model_dump(mode="json"),
                "seconds": round(one.seconds, 1),
                "measured": one.measured,
            }
            for one in found.amounts
        ],
    }


def _gpu() -> bool:
    """Whether this computer seems to have a graphics card that training can use; `doctor` makes sure."""
    return shutil.which("nvidia-smi") is not None or (sys.platform == "darwin" and machine() == "arm64")


def helping(options: argparse.Namespace, output: Output) -> Result:
    """`sslstudio helping PROJECT RUN [--seed N]`; embeds what is not embedded yet."""
    with opened(options.project) as project:
        listed, left_out = asked.candidates(project, options.run)
        pairs = []
        for candidate in listed:
            embedding = asked.embedding_of(project, candidate)
            if embedding is None:
                embedding = str(carry_out(project, workflow.prepare_embed(project, candidate.spec), output)["run"])
            pairs.append((candidate.title, embedding))
        found = asked.judge(
            project, pairs, options.seed, lambda done, total: output.progress(done, total, "classifiers")
        )
    told = asked.answer(found)
    output.say(told)
    output.say("")
    rows = [
        (one.name, f"{one.value:.3f}", _interval(one.interval), "" if one.above is None else f"{one.above:+.3f}",
         _interval(one.above_interval))
        for one in found.standings
    ]  # fmt: skip
    output.table(("weights", "balanced accuracy", "95 % interval", "run is above by", "95 % interval"), rows)
    for sentence in left_out:
        output.note(sentence)
    return {
        "answer": told,
        "verdict": found.standings[1].verdict,
        "n_images": found.n_images,
        "n_subjects": found.n_subjects,
        "folds": found.folds,
        "left_out": left_out,
        "standings": [
            {
                "name": one.name,
                "embedding": embedding,
                "balanced_accuracy": one.value,
                "interval": one.interval,
                "above": one.above,
                "above_interval": one.above_interval,
            }
            for one, (_, embedding) in zip(found.standings, pairs, strict=True)
        ],
    }


def _interval(found: tuple[float, float] | None) -> str:
    return "" if found is None else f"{found[0]:.3f} to {found[1]:.3f}"


def measured(events: Sequence[Event]) -> list[Metric | Monitor]:
    """The numbers of a run in their order, without those that a later part of the training took back."""
    least: dict[str, float] = {}
    standing: list[Metric | Monitor] = []
    for event in reversed(events):
        if isinstance(event, Metric | Monitor):
            place = event.step if isinstance(event, Metric) else event.epoch
            if place < least.get(event.event, math.inf):
                least[event.event] = place
                standing.append(event)
    return standing[::-1]


def curves(options: argparse.Namespace, output: Output) -> Result:
    """`sslstudio curves PROJECT RUN -o FILE.csv`: all numbers of a run, one line a number.

    Steps and epochs that were trained again after a kill or a roll-back stand there once, as they counted in the end.
    """
    with opened(options.project, read_only=True) as project:
        project.catalogue.run(options.run)
        events = RunDirectory(project.run_dir(options.run)).events().events
    partial = options.output.with_name(options.output.name + ".partial")
    count = 0
    with partial.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(("kind", "epoch", "step", "name", "value", "seconds"))
        began = events[0].at if events else 0.0
        for event in measured(events):
            step = event.step if isinstance(event, Metric) else ""
            for name, value in event.values.items():
                writer.writerow((event.event, event.epoch, step, name, value, round(event.at - began, 3)))
                count += 1
    partial.replace(options.output)
    output.say(f"Wrote {count} numbers of {options.run} to {options.output}")
    return {"run": options.run, "file": str(options.output), "count": count}
