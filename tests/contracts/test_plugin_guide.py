"""The plugin of docs/plugins.md keeps the contract: what an author copies works."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sslstudio.cli.parser import build_parser
from sslstudio.cli.workings import contract_results


def block(text: str, language: str) -> str:
    found = re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)
    assert len(found) == 1
    return str(found[0])


@pytest.mark.slow
def test_the_guides_plugin_keeps_the_contract(root: Path, tmp_path: Path) -> None:
    text = (root / "docs" / "plugins.md").read_text(encoding="utf-8")
    folder = tmp_path / "rotation"
    (folder / "rotation").mkdir(parents=True)
    (folder / "plugin.toml").write_text(block(text, "toml"), encoding="utf-8")
    (folder / "rotation" / "__init__.py").write_text(block(text, "python"), encoding="utf-8")
    assert [one for one in contract_results(folder) if not one["ok"]] == []


def test_the_guides_commands_are_understood(root: Path) -> None:
    lines = block((root / "docs" / "plugins.md").read_text(encoding="utf-8"), "sh").splitlines()
    assert len(lines) >= 4
    for line in lines:
        build_parser().parse_args(line.split()[1:])
