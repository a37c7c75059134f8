"""The options that say what counts as one case, and how images are pooled; a part of the parser."""

from __future__ import annotations

import argparse

UNITS = ("image", "study", "patient")
POOLINGS = ("mean", "max", "attention")
ORDERS = ("header", "study", "path")
POOL_HELP = "how images of a study or patient become one answer: their mean, the highest of each class, or attention"


def predict_options(command: argparse.ArgumentParser) -> None:
    """How new files become answers for studies and patients."""
    command.add_argument("--pool", choices=POOLINGS, help=f"{POOL_HELP} (as the model was scored)")
    command.add_argument(
        "--subject-pattern",
        default="",
        metavar="REGEX",
        help="finds the patient in a file's path, by a group called subject: '(?P<subject>[^/]+)/'",
    )
    command.add_argument(
        "--patients-by",
        choices=ORDERS,
        default="header",
        help="what decides first: DICOM patient, DICOM study, or the pattern (header)",
    )


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
