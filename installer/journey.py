"""What each of the bootstrap's commands needs and runs; apart from bootstrap.py, which any old Python must read."""

from __future__ import annotations

import sys
from typing import Sequence

from installer import checks, environment, pacs_server, system_libraries
from installer.console import SetupError, run


def travel(command: str, arguments: Sequence[str]) -> int:
    """Set up for `command` ("demo", "run" or "test"), then run it; returns its exit code."""
    try:
        if command == "test" or opens_window(command, arguments):
            system_libraries.ensure(for_tests=command == "test")
        if command == "test":
            pacs_server.ensure()
        environment.ensure()
    except SetupError as problem:
        print(f"Set-up stopped: {problem.message}\n{problem.hint}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Set-up stopped on request; run the same command again to go on.", file=sys.stderr)
        return 130
    if command == "test":
        return checks.run_all(arguments)
    passed_on = ["demo", *arguments] if command == "demo" else list(arguments)
    return run([environment.python(), "-m", "sslstudio", *passed_on])


def opens_window(command: str, arguments: Sequence[str]) -> bool:
    """Whether the command ends in a window, which needs the desktop's libraries."""
    if command == "demo":
        return not {"--headless", "--help", "-h"} & set(arguments)
    return command == "run" and (not arguments or arguments[0] == "open")
