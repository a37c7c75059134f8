"""Scores by study or patient on the command line: what was asked for, and its figures for a person."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from typing import Any

from sslstudio.cli.output import Output
from sslstudio.domain.units import PLURAL, Counting
from sslstudio.errors import SSLStudioError
from sslstudio.session import attending, pooling
from sslstudio.session.project import Project

WAYS = {"mean": "mean", "max": "highest", "attention": "attention"}


def say_nothing_class(project: Project, options: argparse.Namespace) -> None:
    """Keep which class means that nothing was found, if it is said. Raises SSLStudioError ("unknown_class")."""
    if options.nothing is None:
        return
    known = {info.name: info.class_id for info in project.catalogue.classes()}
    if options.nothing and options.nothing not in known:
        raise SSLStudioError(
            f"There is no class {options.nothing}.", f"There are: {', '.join(known) or 'none'}.", code="unknown_class"
        )
    attending.set_nothing_class(project, known.get(options.nothing))


def counted(project: Project, model_id: str, options: argparse.Namespace, scores: dict[str, Any]) -> dict[str, Any]:
    """The scores with what was asked for counted; as they are where nothing was asked for."""
    if options.by is None and options.pool is None:
        return scores
    counting = Counting(unit=options.by or "patient", pooling=options.pool or "mean")
    return pooling.count(project, model_id, counting)


def show_pooled(scores: Mapping[str, Any], output: Output, interval: Callable[[dict[str, Any]], str]) -> None:
    """The figures by study or patient, if they were counted; `interval` writes a score."""
    pooled = scores.get("pooled")
    if not pooled:
        return
    many = PLURAL[pooled["unit"]]
    output.say(
        f"By {pooled['unit']}, pooled by {WAYS[pooled['pooling']]}: {pooled['n_cases']} test {many} of "
        f"{pooled['n_subjects']} patients, {pooled['n_images']} images"
    )
    if pooled["differ"]:
        output.say(f"left out: {pooled['differ']} {many} whose images are of different classes")
    if pooled["further"]:
        output.say(f"not pooled: {pooled['further']} further images of these patients, without a label the model knows")
    rows = []
    for row in pooled["comparison"]:
        gap = row["differences"].get("balanced_accuracy")
        difference = f"{gap['value']:+.3f} ({gap['low']:+.2f} to {gap['high']:+.2f})" if gap else "-"
        verdict = row["verdict"] if row["differences"] else "-"
        figures = (interval(row["balanced_accuracy"]), interval(row["macro_auc"]))
        rows.append((WAYS[row["pooling"]], *figures, difference, verdict))
    output.table(("pooled by", "balanced accuracy", "AUROC", "difference from the mean", ""), rows)
    for reason in {pooling.refusal(scores, Counting(unit=pooled["unit"], pooling="attention"))} - {""}:
        output.say(reason)
    of_class = ("sensitivity", "specificity", "precision", "auc")
    output.table(
        ("class", many, "sensitivity", "specificity", "PPV", "AUROC"),
        [(one["name"], one["n"], *(interval(one[name]) for name in of_class)) for one in pooled["per_class"]],
    )
    output.say(pooled["method"])
