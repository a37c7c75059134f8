"""The entry point: no command, `open` or `demo` open the window; every other command runs on the command line."""

from __future__ import annotations

import multiprocessing
import sys
from collections.abc import Sequence
from pathlib import Path

from sslstudio.cli.dispatch import execute
from sslstudio.cli.parser import build_parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run SSL Studio with `argv` (by default the process's own) and return the exit code: 0, 1, or 2 for usage."""
    try:
        options = build_parser().parse_args(sys.argv[1:] if argv is None else argv)
    except SystemExit as stop:  # argparse ends this way after --help (0) and usage errors (2)
        return stop.code if isinstance(stop.code, int) else 2
    if not options.command:
        return _open_window(None, demo=False)
    if options.command == "open":
        return _open_window(options.project, demo=False)
    if options.command == "demo" and not options.headless:
        return execute(options, then=lambda result: _open_window(Path(result["project"]), demo=True))
    return execute(options)


def _open_window(project: Path | None, *, demo: bool) -> int:
    """Open the window; Qt is loaded here and not before, so that no other command needs it."""
    from sslstudio.gui import app

    return app.main(project, demo)


if __name__ == "__main__":
    multiprocessing.freeze_support()
    sys.exit(main())
