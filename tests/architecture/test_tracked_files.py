"""What no tracked file may hold: a path of someone's machine, or the address of a package registry."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

FORBIDDEN = {
    "a path of one machine": re.compile(
        rb"/wor[k]/(main|shared|\.)|/roo[t]/|/home/(?!user\b|me\b)\w+/|C:\\\\?Users\\\\?\w+"
    ),
    "a registry's address": re.compile(rb"py[p]i\.org|pyth[o]nhosted\.|np[m]js\.|deb\.deb[i]an\.|/simpl[e]/"),
}


def tracked(root: Path) -> list[str]:
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, check=False)
    if listing.returncode != 0:
        pytest.skip("not a git checkout")
    return [name for name in listing.stdout.decode("utf-8").split("\0") if name]


def test_no_tracked_file_names_a_machine_or_a_registry(root: Path) -> None:
    found = []
    for name in tracked(root):
        path = root / name
        if not path.is_file():
            continue
        content = path.read_bytes()
        found += [f"{name}: {what}" for what, pattern in FORBIDDEN.items() if pattern.search(content)]
    assert not found, "\n".join(found)


def test_no_tracked_folder_has_a_name_that_says_nothing(root: Path) -> None:
    empty_words = {"models", "utils", "helpers", "common", "misc"}
    found = [name for name in tracked(root) if empty_words & set(Path(name).parts[:-1])]
    assert not found, "\n".join(found)
