"""The command that says which facts beside the picture (scanner, site, day ...) the groups of a map follow."""

from __future__ import annotations

import argparse
import importlib
from typing import Any

from sslstudio.cli.follow import opened
from sslstudio.cli.output import Output, Result
from sslstudio.session import shortcut_words as words
from sslstudio.session.shortcut_check import Followed, check


def shortcuts(options: argparse.Namespace, output: Output) -> Result:
    """`sslstudio shortcuts PROJECT RUN [--seed N] [--details]`."""
    with opened(options.project, read_only=True) as project:
        report = check(
            project, options.run, _here, lambda done, total, what: output.progress(done, total, "columns", what),
            seed=options.seed,
        )  # fmt: skip
        names = {
            int(number): str(name)
            for number, name in project.catalogue.setting(f"group_names:{report.map_id}", {}).items()
        }
    output.say(words.summary(report))
    for one in report.columns:
        if one.found:
            output.say(f"- {words.sentence(one, names)} ({words.strength(one)})")
        elif options.details and not one.test.skipped:
            output.say(f"- {one.info.title}: {words.strength(one)}")
        for name, figures in words.details(one) if options.details else ():
            output.say(f"    {name}: {figures}")
    quiet = [one.info.title for one in report.columns if not one.found and not one.test.skipped]
    if quiet:
        output.say(f"Not followed: {', '.join(quiet)}.")
    for one in report.columns:
        if one.test.skipped:
            output.say(words.sentence(one))
    for out in report.left_out:
        output.note(f"Left out: {out.title} ({out.reason})")
    output.say(words.basis(report))
    return {
        "embedding": report.embedding,
        "map": report.map_id,
        "images": report.images,
        "of": report.of,
        "patients": report.patients,
        "labelled": report.labelled,
        "columns": [_row(one, names) for one in report.columns],
        "left_out": {out.key: out.reason for out in report.left_out},
    }


def _here(target: str, /, *args: Any, **kwargs: Any) -> Any:
    module, _, name = target.partition(":")
    return getattr(importlib.import_module(module), name)(*args, **kwargs)


def _row(one: Followed, names: dict[int, str]) -> Result:
    def figures(found: Any) -> Result | None:
        if found is None:
            return None
        return {"effect": found.effect, "by_chance": found.by_chance, "p": found.p, "shuffles": found.shuffles}

    return {
        "column": one.info.key,
        "title": one.info.title,
        "found": one.found,
        "strength": one.test.strength,
        "p": one.p,
        "groups": figures(one.test.groups),
        "neighbours": figures(one.test.neighbours),
        "labels": figures(one.test.labels),
        "labels_p": one.label_p if one.test.labels is not None else None,
        "follows": [share.group + 1 for share in one.concerned],
        "skipped": one.test.skipped,
        "sentence": words.sentence(one, names),
    }
