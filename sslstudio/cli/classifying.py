"""Commands on classifiers: fit, score, compare, export."""

from __future__ import annotations

import argparse
import shutil
from typing import Any

from sslstudio.cli import counting, dividing, few_labels
from sslstudio.cli.follow import carry_out, opened
from sslstudio.cli.output import Output, Result
from sslstudio.errors import SSLStudioError
from sslstudio.session import examining, judging, leaks, splitting, workflow
from sslstudio.session.project import Project

OVERALL = (
    ("balanced_accuracy", "balanced accuracy"),
    ("accuracy", "accuracy"),
    ("kappa", "Cohen's kappa"),
    ("macro_auc", "AUROC, mean of classes"),
    ("macro_f1", "F1, mean of classes"),
)
EXPORTED = {"package": "the model package", "backbone": "the network", "monai": "the MONAI bundle"}
OF_CLASS = (
    ("sensitivity", "sensitivity"),
    ("specificity", "specificity"),
    ("precision", "PPV"),
    ("npv", "NPV"),
    ("f1", "F1"),
    ("auc", "AUROC"),
    ("average_precision", "AUPRC"),
)


def classify(options: argparse.Namespace, output: Output) -> Result:
    """`sslstudio classify PROJECT RUN [--mode linear] [--split WAY] [--by UNIT] [--pool WAY]`.

    By hold-out the test images are not looked at; by any other split the model is scored at once.
    """
    with opened(options.project) as project:
        embedding = workflow.resolve_embedding(project, options.run)
        counting.say_nothing_class(project, options)
        plan = dividing.plan_of(project, options)
        if plan.way == "hold_out":
            workflow.ensure_split(project)
        dividing.show_preview(splitting.preview(project, plan, embedding, options.seed), output)
        leaks.require_tight(project, embedding, plan, seed=options.seed)
        model_id = judging.fit(
            project, embedding, plan, seed=options.seed,
            progress=lambda done, total: output.progress(done, total, "classifiers"),
        )  # fmt: skip
        row = project.catalogue.model(model_id)
        scores = None if row.scores is None else counting.counted(project, model_id, options, row.scores)
    output.say(f"{model_id}: {', '.join(row.classes)} from {embedding}")
    if scores is not None:
        show_scores(scores, output)
    made = {"model": model_id, "embedding": embedding, "classes": list(row.classes)}
    return made | ({} if scores is None else {"scores": scores})


def evaluate(options: argparse.Namespace, output: Output) -> Result:
    """`sslstudio evaluate PROJECT MODEL [--by UNIT] [--pool WAY] [--subgroups] [--worst N] [--against MODEL]`; on the
    labelled test images, by the split the model was made with.
    """
    with opened(options.project) as project:
        model, plan = project.catalogue.model(options.model), project.catalogue.model_split(options.model)
        leaks.require_tight(project, model.embedding, plan)
        counting.say_nothing_class(project, options)
        scores = counting.counted(project, options.model, options, judging.evaluate(project, options.model))
        closer = _closer(project, options)
    show_scores(scores, output)
    for row in closer.get("subgroups", ()):
        gap = row["difference"] or {}
        output.say(
            f"{row['column']} {row['value']}: balanced accuracy {interval(row['balanced_accuracy'])}, difference from "
            f"the "
            f"rest {interval(gap)}, {row['n']} images of {row['n_subjects']} patients, {row['verdict']}"
        )
    for case in closer.get("worst", ()):
        output.say(f"image {case['image']}: {case['label']} called {case['called']} with {case['share']:.2f}")
    if "against" in closer:
        output.say(closer["against"]["said"])
    return {"model": options.model, **scores, **closer}


def _closer(project: Project, options: argparse.Namespace) -> dict[str, Any]:
    """What was asked for beyond the scores."""
    found: dict[str, Any] = {}
    if options.subgroups:
        found["subgroups"] = examining.subgroups(project, options.model).rows
    if options.worst > 0:
        names, cases = project.catalogue.model(options.model).classes, examining.worst_first(project, options.model)
        found["worst"] = [
            {
                "image": int(cases.ids[place]),
                "label": names[int(cases.label[place])],
                "called": names[int(cases.called[place])],
                "share": round(float(cases.share_of_called[place]), 6),
                "loss": round(float(cases.loss[place]), 6),
            }
            for place in range(min(options.worst, len(cases.ids)))
            if cases.label[place] != cases.called[place]
        ]
    if options.against:
        compared = examining.compare(project, options.model, options.against)
        found["against"] = {**compared, "said": examining.said(compared, options.model, options.against)}
    return found


def show_scores(scores: dict[str, Any], output: Output) -> None:
    """Scores with their intervals and n, for a person."""
    output.say(f"{scores['n_images']} test images of {scores['n_subjects']} patients, 95 % intervals")
    if scores.get("looks"):
        output.say(f"The frozen test set was looked at {scores['looks']:,} times now; scores creep up with each look.")
    for key, title in OVERALL:
        whole = scores["patients"] or {}
        by_patient = f", by patient {interval(whole[key])}" if whole.get(key) else ""
        output.say(f"{title} {interval(scores[key])}{by_patient}")
    rows = [
        (one["name"], one["n"], one["n_subjects"], *(interval(one[name]) for name, _ in OF_CLASS))
        for one in scores["per_class"]
    ]
    output.table(("class", "n", "patients", *(title for _, title in OF_CLASS)), rows)
    for level in scores["conformal"]["levels"]:
        output.say(
            f"sets that promise {level['coverage']:.0%} held the truth in {interval(level['held'])} of the images, "
            f"{level['mean_size']:.2f} classes each; it cannot tell in {level['cannot_tell']:.0%}"
        )
    if scores["conformal"]["levels"] and scores["conformal"]["n_images"] < 50:
        output.say("the sets are indicative only: set on fewer than 50 images")
    output.say(scores["method"])
    for note in scores["notes"]:
        output.say(note)
    counting.show_pooled(scores, output, interval)


def interval(score: dict[str, float | None]) -> str:
    """A score with its interval, for example "0.81 (0.72-0.88)"; "-" when it cannot be computed."""
    value, low, high = score.get("value"), score.get("low"), score.get("high")
    if value is None:
        return "-"
    return f"{value:.3f}" if low is None or high is None else f"{value:.3f} ({low:.2f}-{high:.2f})"


def compare(options: argparse.Namespace, output: Output) -> Result:
    """`sslstudio compare PROJECT RUN... [--per-class N...] [--draws N]`; the few-label yardstick."""
    with opened(options.project, read_only=True) as project:
        found = few_labels.compare(
            project,
            options.runs,
            per_class=options.per_class,
            draws=options.draws,
            seed=options.seed,
            progress=lambda done, total: output.progress(done, total, "classifiers"),
        )
    output.say(f"Balanced accuracy on {found.n_test} test images, mean of {options.draws} draws of the labels")
    header = ("embedding", *(f"{n} per class" if n else f"all {found.n_train}" for n in options.per_class))
    output.table(header, [(row.run, *(f"{score.mean:.3f}" for score in row.scores)) for row in found.rows])
    return {
        "n_test": found.n_test,
        "n_train": found.n_train,
        "rows": [
            {
                "run": row.run,
                "embedding": row.embedding,
                "scores": [
                    {"per_class": s.per_class, "draws": len(s.draws), "mean": s.mean, "sd": s.sd} for s in row.scores
                ],
            }
            for row in found.rows
        ],
    }


def export(options: argparse.Namespace, output: Output) -> Result:
    """`sslstudio export PROJECT MODEL -o DIR [--format package|backbone|monai] [--anyway]`."""
    from sslstudio.exporters.sharing.words_of_result import said

    for taken in (options.output, options.output.with_name(options.output.name + ".zip")):
        if taken.exists():
            raise SSLStudioError(f"{taken} exists already.", "Name a new folder.", code="exists")
    with opened(options.project) as project:
        run_id = workflow.prepare_export(project, options.model, options.format)
        result = carry_out(project, run_id, output)
        found = result.get("sharing", {})
        if found and (found["found"] or found["not_searched"]) and not options.anyway:
            raise SSLStudioError(
                said(found),
                f"Nothing was written to {options.output.name}. sslstudio share-check shows it; --anyway writes it.",
                code="would_leak",
            )
        partial = options.output.with_name(options.output.name + ".partial")
        shutil.rmtree(partial, ignore_errors=True)
        shutil.copytree(project.run_dir(run_id) / "artifacts" / "package", partial)
        partial.replace(options.output)
        archive = options.output.with_name(options.output.name + ".zip")
        shutil.copyfile(project.run_dir(run_id) / "artifacts" / "package.zip", archive)
    if found:
        output.say(said(found))
    output.say(f"Wrote {EXPORTED[options.format]} to {options.output} and {archive.name} beside it")
    if isinstance(result.get("largest_difference"), float):
        what = "feature" if options.format == "backbone" else "probability"
        output.say(
            f"largest difference of a {what} between it and the project, on {result['images_compared']} images:"
            f" {result['largest_difference']:.2e}"
        )
    return {**result, "package": str(options.output), "archive": str(archive)}
