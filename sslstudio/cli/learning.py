"""Commands that learn from images without labels: pretrain, resume, embed, map."""

from __future__ import annotations

import argparse
from pathlib import Path

from sslstudio.backbones import kept
from sslstudio.backbones.table import sees_volumes
from sslstudio.cli.follow import attend, carry_out, opened
from sslstudio.cli.output import Output, Result
from sslstudio.domain.specs import EmbedSpec, MapSpec, Pairing, PretrainSpec, named_start
from sslstudio.domain.stacks import middles, stacks
from sslstudio.errors import SSLStudioError
from sslstudio.extensions.host import find_plugin
from sslstudio.extensions.manifest import PretextTaskEntry
from sslstudio.jobs import control
from sslstudio.jobs.run_directory import RunDirectory
from sslstudio.session import offering, waiting, workflow
from sslstudio.session.pairing import coverage
from sslstudio.session.project import Project

SETTINGS = (
    *("backbone", "image_size", "depth", "epochs", "batch_size", "learning_rate", "weight_decay", "preset", "device"),
    *("precision", "seed", "keep", "accumulation", "checkpointing", "compile"),
)


def pretrain(options: argparse.Namespace, output: Output) -> Result:
    """`sslstudio pretrain PROJECT --task simclr ...`."""
    weights_file, entry = _weights_file(options), find_plugin(options.task).task(options.task)
    with opened(options.project) as project:
        spec = _specification(project, options, weights_file, entry)
        run_id = workflow.prepare_pretrain(project, spec, weights_file)
        _tell_data(project, run_id, spec, entry, output)
        if options.queue:
            return _wait_in_turn(project, run_id, output)
        result = carry_out(project, run_id, output)
    _tell_pretraining(result, output)
    return result


def _wait_in_turn(project: Project, run_id: str, output: Output) -> Result:
    """Put a prepared run into the queue; it starts by itself, perhaps now."""
    started = waiting.enqueue(project, run_id)
    state = waiting.queue_of(project).state()
    if started == run_id:
        output.say(f"{run_id} has started; it goes on without this command.")
    else:
        held = " The queue is held: let it go on with `sslstudio queue`." if state.held else ""
        output.say(f"{run_id} waits as number {state.waiting.index(run_id) + 1} and starts by itself.{held}")
    return {"run": run_id, "state": "running" if started == run_id else "waiting", "waiting": list(state.waiting)}


def queue(options: argparse.Namespace, output: Output) -> Result:
    """`sslstudio queue PROJECT [--remove RUN] [--first RUN] [--hold | --go-on]`."""
    with opened(options.project) as project:
        line = waiting.queue_of(project)
        if options.remove:
            waiting.withdraw(project, options.remove)
        if options.first:
            line.move(options.first, 0)
        if options.hold or options.go_on:
            line.hold(options.hold)
        started = waiting.advance(project)
        state = line.state()
    if started is not None:
        output.say(f"{started} has started.")
    for place, run_id in enumerate(state.waiting, 1):
        output.say(f"{place}. {run_id}")
    if not state.waiting:
        output.say("No training waits.")
    return {"waiting": list(state.waiting), "held": state.held, "started": started}


def preflight(options: argparse.Namespace, output: Output) -> Result:
    """`sslstudio preflight PROJECT --task simclr ... [--fit]`."""
    weights_file, entry = _weights_file(options), find_plugin(options.task).task(options.task)
    with opened(options.project) as project:
        spec = _specification(project, options, weights_file, entry)
        result = carry_out(project, workflow.prepare_preflight(project, spec, fit=options.fit), output)
    for sentence in result.get("sentences", ()):
        output.say(str(sentence))
    changed = result.get("changed")
    if changed:
        output.say("Changed: " + ", ".join(f"{name} {value}" for name, value in changed.items()))
    return result


def _weights_file(options: argparse.Namespace) -> Path | None:
    """The file to start from; None for a start with a name. Raises SSLStudioError ("no_weights")."""
    weights_file = None if named_start(options.init) else Path(options.init)
    if weights_file is not None and not weights_file.is_file():
        raise SSLStudioError(
            f"There is no weights file {options.init}.",
            "Give random, imagenet, run: and the name of a run, or the path of a file.",
            code="no_weights",
        )
    return weights_file


def _specification(
    project: Project, options: argparse.Namespace, weights_file: Path | None, entry: PretextTaskEntry
) -> PretrainSpec:
    """What the options ask for, completed by what an earlier run fixes and the method recommends."""
    pairing = _pairing(options, entry)
    chosen = workflow.earlier_settings(project, options.init) | {
        name: getattr(options, name) for name in SETTINGS if getattr(options, name) is not None
    }
    return PretrainSpec(
        **offering.suited(entry, chosen),
        init=options.init if weights_file is None else weights_file.name,
        parameters=dict(options.parameters),
        pairing=pairing,
    )


def _pairing(options: argparse.Namespace, entry: PretextTaskEntry) -> Pairing:
    """The pairing rules given; raises SSLStudioError when the task compares no images of one patient."""
    rules = {
        "bag": options.pair_within,
        "alike": options.pair_alike,
        "slice_gap": options.slice_gap,
        "most_days": options.most_days,
    }
    given = {name: value for name, value in rules.items() if value is not None}
    if given and not entry.requires.bags:
        raise SSLStudioError(
            f"{entry.title} does not compare different images of one patient, so there are no pairs to choose.",
            "Leave the rules for pairs out, or choose a method that does, such as micle.",
            code="no_pairs",
        )
    if any(given.get(name, 0) < 0 for name in ("slice_gap", "most_days")):
        raise SSLStudioError("A gap and a number of days cannot be negative.", "Give 0 or more.", code="bad_pairing")
    return Pairing(**given)


def _tell_data(project: Project, run_id: str, spec: PretrainSpec, entry: PretextTaskEntry, output: Output) -> None:
    """Say what of the images speaks against the method, and how many pairs the rules leave."""
    warning = offering.caution(entry, offering.data_facts(project, spec.preset))
    if warning:
        output.note(warning)
    if entry.requires.bags:
        items = RunDirectory(project.run_dir(run_id)).items()
        found = coverage(middles(stacks(items)) if sees_volumes(spec.backbone) else items, spec.pairing)
        output.note(
            f"Different images are compared in {found.paired} of {found.bags} groups; elsewhere two views of one image."
        )


def resume(options: argparse.Namespace, output: Output) -> Result:
    """`sslstudio resume PROJECT RUN [--extend-epochs N]`."""
    with opened(options.project) as project:
        project.catalogue.run(options.run)
        control.resume(project.run_dir(options.run), extend_epochs=options.extend_epochs)
        result = attend(project, options.run, output)
    _tell_pretraining(result, output)
    return result


def stop(options: argparse.Namespace, output: Output) -> Result:
    """`sslstudio stop PROJECT RUN [--keep best|last|discard]`, also while the window has the project open."""
    with opened(options.project, read_only=True) as project:
        row, folder = project.catalogue.run(options.run), project.run_dir(options.run)
    if row.stage != "pretrain" and options.keep is not None:
        raise SSLStudioError(f"{options.run} has no weights to keep.", "Stop it without --keep.", code="nothing_kept")
    run = RunDirectory(folder)
    taken = ""
    if run.alive():
        control.cancel(folder, options.keep)
        state = control.stop(folder)
        taken = control.settle_kept(folder)
    else:
        state = run.state()
        if options.keep is not None:
            taken = control.choose_kept(folder, options.keep)
    if run.alive():  # a busy computer takes its time to end a process
        output.say(f"{options.run} is ending; what becomes of its weights is settled when the project is next opened.")
        return {"run": options.run, "state": run.state().value, "kept": ""}
    told = _weights(run, options.keep, taken) if row.stage == "pretrain" else ""
    output.say(f"{options.run} has ended ({state.value}){told}")
    epoch = kept.offered(run.artifacts_dir).get(taken, {}).get("epoch")
    return {"run": options.run, "state": state.value, "kept": taken, "epoch": None if epoch is None else epoch + 1}


def _weights(run: RunDirectory, wish: str | None, taken: str) -> str:
    """What has become of the weights of a training that has ended, as the second half of a sentence."""
    offered, using = kept.offered(run.artifacts_dir), taken or kept.in_use(run.artifacts_dir)
    if kept.discarded(run.artifacts_dir):
        return "; its weights are gone"
    if not offered:
        return "; it ended before it had learned anything, so it has no weights"
    if not using:
        return "; none of its weights are in use: choose with --keep"
    epoch = kept.epoch_of(offered.get(using, {}))
    which = f"the weights of its {using} epoch" + (f" ({epoch})" if epoch else "")
    before = "no epoch was measured yet; " if (wish, taken) == ("best", "last") else ""
    return f"; {before}{which} are {'kept' if taken else 'in use'}"


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
        depth=options.depth,
        batch_size=options.batch_size,
        device=options.device,
        seed=options.seed,
    )
    with opened(options.project) as project:
        result = carry_out(project, workflow.prepare_embed(project, spec), output)
    what = f"volumes ({result['slices']} slices)" if "slices" in result else "images"
    output.say(f"{result['run']}: {result.get('count', 0)} {what} as vectors of {result.get('dimensions', 0)} numbers")
    return result


def make_map(options: argparse.Namespace, output: Output) -> Result:
    """`sslstudio map PROJECT RUN`."""
    with opened(options.project) as project:
        embedding = workflow.resolve_embedding(project, options.run)
        spec = MapSpec(
            embedding=embedding,
            method=options.method,
            grouping=options.grouping,
            clusters=options.clusters,
            seed=options.seed,
            keep=workflow.map_to_keep(project, embedding) if options.keep else "",
        )
        result = carry_out(project, workflow.prepare_map(project, spec), output)
    output.say(f"{result['run']}: {result.get('method', '')} of {embedding}, {result.get('clusters', 0)} clusters")
    return {**result, "embedding": embedding}
