"""The options that say what counts as one case, and how images are pooled; a part of the parser."""

from __future__ import annotations

import argparse

UNITS = ("image", "study", "patient")
POOLINGS = ("mean", "max", "attention")
POOL_HELP = "how images of a study or patient become one answer: their mean, the highest of each class, or attention"


def counting_options(command: argparse.ArgumentParser) -> None:
    """What is counted in the scores."""
    command.add_argument("--by", choices=UNITS, help="what counts as one case (image, or what was chosen before)")
    command.add_argument("--pool", choices=POOLINGS, help=f"{POOL_HELP} (mean)")
    command.add_argument(
        "--nothing",
        metavar="CLASS",
        help="class of images that show nothing: a patient with one finding beside it counts for the finding; '' for "
        "none",
    )
