"""What all commands have in common, and the kinds of values that options take; free of imports, as the parser is."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]

EPILOG = "Research use only; not a medical device. Nothing leaves this computer."


def add(commands: Commands, name: str, function: str, text: str, *, project: bool = True) -> argparse.ArgumentParser:
    """One command; all of them know `--json`, and most work on a project folder."""
    command = commands.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".", epilog=EPILOG)
    command.set_defaults(function=function)
    command.add_argument("--json", action="store_true", help="print one JSON object as the last line and nothing else")
    if project:
        command.add_argument("project", type=Path, metavar="PROJECT", help="project folder (NAME.sslproj)")
    return command


def subject_pattern(command: argparse.ArgumentParser) -> None:
    """How a path says whose an image is."""
    command.add_argument(
        "--subject-pattern",
        default="",
        metavar="REGEX",
        help="finds the patient in a file's path, by a group called subject: '(?P<subject>[^/]+)/'",
    )


def count(text: str) -> int:
    """A whole number from 1 on, for argparse."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return number


def assignment(text: str) -> tuple[str, bool | int | float | str]:
    """NAME=VALUE for argparse; the value becomes true / false, a whole number, a number, or stays text."""
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise argparse.ArgumentTypeError("must look like NAME=VALUE")
    if value.lower() in ("true", "false"):
        return name, value.lower() == "true"
    for kind in (int, float):
        try:
            return name, kind(value)
        except ValueError:
            continue
    return name, value
