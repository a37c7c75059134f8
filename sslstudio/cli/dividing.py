"""Commands on the two sides: leaks between them, the frozen test set; and how a split is said on the command line."""

from __future__ import annotations

import argparse

from sslstudio.cli.follow import opened
from sslstudio.cli.output import Output, Result
from sslstudio.domain.split_plans import SplitPlan, Way
from sslstudio.errors import SSLStudioError
from sslstudio.session import leaks as leak_check
from sslstudio.session import splitting
from sslstudio.session.leak_words import NOTHING
from sslstudio.session.project import Project

SPLITS: dict[str, Way] = {
    "hold-out": "hold_out", "cross": "cross", "drawn": "drawn", "by-value": "by_value",
    "leave-one-out": "leave_one_out", "from-date": "from_date", "external": "external",
}  # fmt: skip
SOLUTIONS: dict[str, leak_check.Solution] = {"together": "together", "leave-out": "leave_out", "differ": "differ"}


def plan_of(project: Project, options: argparse.Namespace) -> SplitPlan:
    """What `--split` and its options say. Raises SSLStudioError "bad_split", "bad_date"."""
    way = SPLITS[options.split]
    column = options.split_by
    if way == "from_date":
        column = column or "day"
        since = None if options.since is None else splitting.number_of(project, column, options.since)
        return SplitPlan(way=way, column=column, since=since)
    if way in ("by_value", "leave_one_out", "external"):
        choice = next(one for one in splitting.choices(project) if one.way == way)
        if choice.reason:
            raise SSLStudioError(choice.reason, "Divide the images in another way.", code="bad_split")
        known = next((one for one in choice.columns if column in ("", one.key, one.title)), None)
        if known is None:
            named = ", ".join(one.key for one in choice.columns)
            raise SSLStudioError("These images cannot be divided by that.", f"By: {named}.", code="bad_split")
        keys = {name: value.key for value in known.values for name in (value.key, value.name)}
        unknown = [value for value in options.test if value not in keys]
        if unknown or (way != "leave_one_out" and not options.test):
            named = ", ".join(value.name for value in known.values)
            raise SSLStudioError(
                f"Say by --test which of {known.title} test.", f"There are: {named}.", code="bad_split"
            )
        return SplitPlan(way=way, column=known.key, values=tuple(keys[value] for value in options.test))
    return SplitPlan(way=way, folds=options.folds, repeats=options.repeats)


def show_preview(found: splitting.Preview, output: Output) -> None:
    """What a plan gives, for a person. Raises SSLStudioError "bad_split" if it cannot be carried out."""
    if found.reason:
        raise SSLStudioError(found.reason, "Divide the images in another way.", code="bad_split")
    names = sorted({name for side in (found.train, found.test) for name, _ in side.classes})
    rows = [
        (title, side.images, side.patients, *(dict(side.classes).get(name, 0) for name in names))
        for title, side in (("training", found.train), ("test", found.test))
    ]
    output.table(("side", "images", "patients", *names), rows)
    for sentence in (*found.notes, *([found.advice] if found.advice else [])):
        output.say(sentence)


def leaks(options: argparse.Namespace, output: Output) -> Result:
    """`sslstudio leaks PROJECT RUN [--split ...] [--settle together|leave-out|differ]`."""
    with opened(options.project) as project:
        plan = plan_of(project, options)
        found = leak_check.look(project, options.run, plan)
        if options.settle:
            leak_check.solve(project, found.found, SOLUTIONS[options.settle])
            after = leak_check.look(project, options.run, plan)
            output.say(f"{len(found.found) - len(after.found):,} of {len(found.found):,} pairs settled")
            found = after
    for sentence in found.sentences() or [NOTHING]:
        output.say(sentence)
    rows = [(one.kind, one.left, one.right, f"{one.score:.3f}") for one in found.found[:50]]
    if rows:
        output.table(("kind", "training image", "test image", "alike"), rows)
    return {
        "leaks": [{"kind": one.kind, "train": one.left, "test": one.right, "score": one.score} for one in found.found],
        "compared": found.compared,
    }


def test_set(options: argparse.Namespace, output: Output) -> Result:
    """`sslstudio test-set PROJECT [--freeze | --thaw --because TEXT]`."""
    changing = options.freeze or options.thaw
    with opened(options.project, read_only=not changing) as project:
        if options.freeze:
            project.catalogue.freeze_test()
        if options.thaw:
            project.catalogue.thaw_test(options.because)
        standing, history = project.catalogue.frozen_test(), project.catalogue.test_history()
    if standing.frozen:
        output.say(
            f"The test set is frozen: {standing.images:,} images of {standing.subjects:,} patients; looked at "
            f"{standing.looks:,} times. Scores creep up with each look."
        )
    else:
        output.say("The test set is not frozen.")
    output.table(("when", "what", "model", "images", "patients", "why"), history)
    return {
        "frozen": standing.frozen, "images": standing.images, "subjects": standing.subjects, "looks": standing.looks,
        "thaws": standing.thaws,
    }  # fmt: skip
