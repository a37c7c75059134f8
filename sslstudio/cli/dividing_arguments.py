"""The options that say how labelled images are divided, and the commands on the two sides; a part of the parser."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from sslstudio.cli.arguments import add, count

if TYPE_CHECKING:
    from sslstudio.cli.arguments import Commands

SPLITS = ("hold-out", "cross", "drawn", "by-value", "leave-one-out", "from-date", "external")
SETTLE = ("together", "leave-out", "differ")


def dividing_options(command: argparse.ArgumentParser) -> None:
    """How images are divided into those that train and those that test."""
    command.add_argument("--split", choices=SPLITS, default="hold-out", help="who trains and who tests (hold-out)")
    command.add_argument(
        "--split-by", default="", metavar="COLUMN", help="column of by-value, leave-one-out, from-date or external"
    )
    command.add_argument(
        "--test", nargs="+", default=[], metavar="VALUE", help="values of the column that test (by-value, external)"
    )
    command.add_argument("--since", metavar="DATE", help="from-date: images from here on test, 2021-03-01 or 2021")
    command.add_argument("--folds", type=count, default=5, metavar="N", help="cross: parts of the patients (5)")
    command.add_argument("--repeats", type=count, default=1, metavar="N", help="cross: how often they are dealt (1)")


def add_dividing(commands: Commands) -> None:
    """The commands `leaks` and `test-set`."""
    leaks = add(commands, "leaks", "dividing:leaks", "look for pictures that stand on both sides, and settle them")
    leaks.add_argument("run", metavar="RUN", help="pretraining or embedding run, random or imagenet")
    dividing_options(leaks)
    leaks.add_argument("--settle", choices=SETTLE, help="put each pair on one side, leave one out, or keep both")
    test_set = add(commands, "test-set", "dividing:test_set", "show, freeze or thaw the test set")
    change = test_set.add_mutually_exclusive_group()
    change.add_argument("--freeze", action="store_true", help="from now on its patients never train")
    change.add_argument("--thaw", action="store_true", help="give it up; its figures are worth less from then on")
    test_set.add_argument("--because", default="", metavar="TEXT", help="why it is thawed, which is kept")
