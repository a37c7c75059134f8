"""Options of the commands about what leaves: the sharing check and the report; apart and free of imports."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sslstudio.cli.arguments import add

if TYPE_CHECKING:
    from sslstudio.cli.arguments import Commands


def add_sharing(commands: Commands) -> None:
    check = add(
        commands,
        "share-check",
        "sharing:share_check",
        "look for patients, paths and originals of a project in a folder or file that is to leave",
        project=False,
    )
    check.add_argument("roots", nargs="+", type=Path, metavar="FOLDER_OR_FILE", help="what is to leave")
    check.add_argument("--project", type=Path, required=True, metavar="PROJECT", help="whose patients to look for")
    report = add(commands, "report", "sharing:report", "write a report of the whole project for a colleague or a board")
    report.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="FILE.pdf|FILE.html",
        help="file; without it methods paragraph, BibTeX and commands",
    )
