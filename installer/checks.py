"""The whole check, as README, CONTRIBUTING and the automatic run use it: style, contracts, types, then every test."""

from __future__ import annotations

import os
from typing import NamedTuple, Sequence

from installer.console import Argument, run, say
from installer.environment import ROOT, program, python


class Check(NamedTuple):
    """One check before the tests: its name and its command."""

    name: str
    command: Sequence[Argument]


def checks() -> tuple[Check, ...]:
    """What runs before the tests; all of them run, so that one look shows all problems."""
    return (
        Check("ruff check", (program("ruff"), "check", ".")),
        Check("ruff format", (program("ruff"), "format", "--check", ".")),
        Check("lint-imports", (program("lint-imports"), "--no-cache")),
        Check("mypy --strict", (python(), "-m", "mypy", "--strict")),
    )


def workers() -> int:
    """Test processes to run at once: one for each core, four at most, because some of them train."""
    return max(1, min(4, os.cpu_count() or 1))


def test_environment() -> dict[str, str]:
    """Environment of the tests: no screen, and few enough threads in each that the cores are shared."""
    threads = str(max(1, (os.cpu_count() or 1) // workers()))
    env = dict(os.environ)
    env.setdefault("QT_QPA_PLATFORM", "offscreen")
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
        env.setdefault(name, threads)
    return env


def run_all(arguments: Sequence[str]) -> int:
    """Run every check, then pytest with `arguments`; 0 only when all of them passed. pytest's summary comes last."""
    os.chdir(str(ROOT))
    failed = []
    for check in checks():
        say(check.name)
        if run(check.command) != 0:
            failed.append(check.name)
    say("checks before the tests: " + (", ".join(failed) + " FAILED" if failed else "all passed"))
    # Files stay in the order of tests/conftest.py, slow ones first; xdist's own order would leave the longest for last.
    share: tuple[Argument, ...] = ("-n", str(workers()), "--dist", "loadfile", "--no-loadscope-reorder")
    tests: list[Argument] = [python(), "-m", "pytest", *share, *arguments]
    if run(tests, test_environment()) != 0:
        failed.append("pytest")
    if failed:
        say("FAILED: " + ", ".join(failed))
    return 1 if failed else 0
