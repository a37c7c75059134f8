"""README, CONTRIBUTING and the automatic run name the same commands, and those are commands that exist."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from installer import bootstrap
from sslstudio.cli.parser import build_parser

COMMAND = re.compile(r"^\s*(?:\$ )?(python3 installer/bootstrap\.py [^#\n]+|sslstudio [a-z][^#\n]*)", re.MULTILINE)
DOCUMENTS = ("README.md", "CONTRIBUTING.md", "docs/user-guide.md")
CHECK = "python3 installer/bootstrap.py test"


def fenced(text: str) -> str:
    return "\n".join(re.findall(r"```(?:sh|console|text)?\n(.*?)```", text, re.DOTALL)).replace("\\\n", " ")


def commands(root: Path, name: str) -> list[list[str]]:
    path = root / name
    if not path.exists():
        return []
    return [re.sub(r"[\[\]]", "", line).split() for line in COMMAND.findall(fenced(path.read_text(encoding="utf-8")))]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_command_in_a_document_is_understood(root: Path, name: str) -> None:
    for words in commands(root, name):
        if words[0] == "python3":
            assert words[2] in bootstrap.COMMANDS, words
            arguments = words[3:] if words[2] == "run" else ["demo", *words[3:]] if words[2] == "demo" else None
        else:
            arguments = words[1:]
        if arguments:
            build_parser().parse_args(arguments)


def test_the_two_commands_of_a_newcomer_are_in_the_readme(root: Path) -> None:
    named = {" ".join(words) for words in commands(root, "README.md")}
    assert {"python3 installer/bootstrap.py demo", CHECK} <= named


def test_one_command_checks_all_everywhere(root: Path) -> None:
    assert CHECK in {" ".join(words) for words in commands(root, "CONTRIBUTING.md")}
    assert [line for line in (root / ".ci/run").read_text().splitlines() if "python3" in line] == [f"exec {CHECK}"]


def test_bootstrap_without_arguments_explains_itself(root: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(root / "installer/bootstrap.py")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "installer/bootstrap.py demo" in done.stderr
    assert done.stdout == ""
