"""The commands that score new files with a model package alone; a part of the parser."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from sslstudio.cli.arguments import add, subject_pattern
from sslstudio.cli.counting_arguments import POOL_HELP, POOLINGS

if TYPE_CHECKING:
    from sslstudio.cli.arguments import Commands

ORDERS = ("header", "study", "path")


def add_predicting(commands: Commands) -> None:
    """`predict` and `listen`."""
    predict = add(
        commands, "predict", "predicting:predict", "score new files with a model package alone", project=False
    )
    _package(predict)
    predict.add_argument("sources", nargs="*", type=Path, metavar="SOURCE", help="folders, files or archives to score")
    predict.add_argument(
        "--watch", type=Path, metavar="FOLDER", help="score what is copied into FOLDER, each file once, until Ctrl+C"
    )
    _options(predict)
    _settle(predict)
    listen = add(
        commands,
        "listen",
        "predicting:listen",
        "score the images that are sent here by DICOM C-STORE, until Ctrl+C",
        project=False,
    )
    _package(listen)
    listen.add_argument(
        "--host",
        default="127.0.0.1",
        metavar="ADDRESS",
        help="address to listen at; any other than 127.0.0.1 is open to other computers, unencrypted (127.0.0.1)",
    )
    listen.add_argument("--port", type=int, default=11113, metavar="N", help="port to listen at (11113)")
    listen.add_argument(
        "--ae-title", default="SSLSTUDIO", metavar="TITLE", help="the title that senders have to call (SSLSTUDIO)"
    )
    _options(listen)
    _settle(listen)


def _package(command: argparse.ArgumentParser) -> None:
    command.add_argument("package", type=Path, metavar="PACKAGE", help="folder or .zip of the model package")


def _settle(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--settle",
        type=float,
        default=30.0,
        metavar="S",
        help="a study is reported when nothing new came for it for S seconds (30)",
    )


def _options(command: argparse.ArgumentParser) -> None:
    """How new files become answers for studies and patients, and where these go."""
    command.add_argument("--pool", choices=POOLINGS, help=f"{POOL_HELP} (as the model was scored)")
    subject_pattern(command)
    command.add_argument(
        "--patients-by",
        choices=ORDERS,
        default="header",
        help="what decides first: DICOM patient, DICOM study, or the pattern (header)",
    )
    command.add_argument(
        "--promise",
        type=int,
        choices=(90, 95),
        default=90,
        help="abstain for an image when more than one class cannot be ruled out at this promise, in percent (90)",
    )
    command.add_argument(
        "-o",
        "--output",
        type=Path,
        required=True,
        metavar="FILE",
        help="table to write: .csv, .parquet, .json; -studies and -patients are added to its name",
    )
    command.add_argument(
        "--sr",
        type=Path,
        metavar="FOLDER",
        help="a DICOM structured report for each DICOM study, to send back to the archive; it names the patient",
    )
    command.add_argument(
        "--capture",
        type=Path,
        metavar="FOLDER",
        help="a DICOM picture for each DICOM study, for viewers that show no reports; it names the patient",
    )
