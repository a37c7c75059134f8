#!/usr/bin/env python3
"""From a fresh machine to a running SSL Studio with one command; the entry point, readable by any Python 3.

    python3 installer/bootstrap.py demo [ARGS]       open the window with the demo project
    python3 installer/bootstrap.py run [ARGS]        run the `sslstudio` command line with ARGS
    python3 installer/bootstrap.py test [ARGS]       run every check; ARGS go to pytest

The first run sets everything up in `.venv` beside this folder; later runs start at once.
"""

import sys
from pathlib import Path

COMMANDS = ("demo", "run", "test")


def main(arguments: list) -> int:  # type: ignore[type-arg]  # plain `list`: an old Python must be able to read this
    """Set up what `arguments` need, then run them; returns the exit code."""
    if not arguments or arguments[0] not in COMMANDS:
        asked_for_help = bool(arguments) and arguments[0] in ("-h", "--help")
        print(__doc__, file=sys.stdout if asked_for_help else sys.stderr)
        return 0 if asked_for_help else 2
    if sys.version_info < (3, 8):  # noqa: UP036 - the set-up meets Pythons that the project itself does not
        sys.stderr.write(
            "This Python is too old to set SSL Studio up: run the command with Python 3.11, 3.12 or 3.13.\n"
        )
        return 1
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    from installer.journey import travel

    return travel(arguments[0], arguments[1:])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
