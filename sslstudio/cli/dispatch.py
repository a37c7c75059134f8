"""From parsed options to an exit code: loads the one module a command needs, and turns errors into sentences."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Callable

from sslstudio.cli.output import Output, Result
from sslstudio.errors import SSLStudioError
from sslstudio.jobs import discreet_log

INTERRUPTED = 130


def execute(options: argparse.Namespace, *, then: Callable[[Result], int] | None = None) -> int:
    """Carry out one command; 0 or 1, or what `then` returns for the result. `then` opens the window after `demo`."""
    output = Output(as_json=options.json)
    module, _, name = options.function.partition(":")
    try:
        function: Callable[[argparse.Namespace, Output], Result]
        function = getattr(importlib.import_module(f"sslstudio.cli.{module}"), name)
        result = function(options, output)
    except SSLStudioError as problem:
        output.fail(problem.message, problem.hint, problem.code)
        return 1
    except KeyboardInterrupt:
        output.fail("Stopped on request.", "Nothing that was stored is lost.", "interrupted")
        return INTERRUPTED
    except BrokenPipeError:
        sys.stderr.close()
        return 1
    except Exception as bug:  # where it happened, without the words of a library: they may name a patient
        output.note(discreet_log.describe(bug).rstrip())
        kind = type(bug).__name__
        output.fail(f"SSL Studio met something it did not expect ({kind}).", "Please report the lines above.", "bug")
        return 1
    output.finish(result)
    if then is not None:
        return then(result)
    exit_code = result.get("exit_code", 0)
    return exit_code if isinstance(exit_code, int) else 1
