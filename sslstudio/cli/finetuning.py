"""The command that fits a network to the labels, tests it and says whether that beats the linear head."""

from __future__ import annotations

import argparse
from typing import Any

from sslstudio.cli.classifying import show_scores
from sslstudio.cli.follow import carry_out, opened
from sslstudio.cli.output import Output, Result
from sslstudio.domain.split_plans import SplitPlan
from sslstudio.errors import SSLStudioError
from sslstudio.session import finetuning, leaks, workflow


def finetune(options: argparse.Namespace, output: Output) -> Result:
    """`sslstudio finetune PROJECT RUN [--mode lpft] [--epochs N] ...`; test images are never learned from."""
    chosen: dict[str, Any] = {
        name: value
        for name in ("epochs", "patience", "batch_size", "learning_rate", "slower", "preset", "device", "seed", "rank")
        if (value := getattr(options, name)) is not None
    }
    with opened(options.project) as project:
        if options.estimate:
            found = finetuning.offer(project, options.run, **({"epochs": options.epochs} if options.epochs else {}))
            if found.reason:
                raise SSLStudioError(found.reason, code="not_offered")
            output.say(estimate(found))
            return {"images": found.images, "patients": found.patients, "seconds": round(found.seconds)}
        run_id = workflow.prepare_finetune(project, options.run, options.mode, **chosen)
        result = carry_out(project, run_id, output)
        held = result["validation"]
        output.say(
            f"{run_id}: best after {result['best_epoch']} of {result['epochs']} epochs, balanced accuracy "
            f"{held['balanced_accuracy']:.3f} on {held['n_images']} training images of {held['n_subjects']} patients "
            "held out to choose them"
        )
        try:
            leaks.require_tight(project, run_id, SplitPlan())
            scores = workflow.evaluate(project, run_id)
            against = workflow.compare_with_linear(project, run_id)
        except SSLStudioError as problem:
            if problem.code not in ("no_test_labels", "leaky_split"):
                raise
            output.say(f"Not tested: {problem.message} {problem.hint}".strip())
            return {**result, "model": run_id, "scores": None, "against_linear": None}
    show_scores(scores, output)
    output.say(finetuning.sentence(against))
    return {**result, "model": run_id, "scores": scores, "against_linear": against}


def estimate(found: finetuning.Offer) -> str:
    """How long it will take, in words."""
    minutes = max(1, round(found.seconds / 60))
    guess = "" if found.measured else ", a guess until a training has been measured on this computer"
    return (
        f"Fine-tuning learns from {found.images:,} images of {found.patients:,} patients and takes at most about "
        f"{minutes:,} {'minute' if minutes == 1 else 'minutes'}{guess}."
    )
