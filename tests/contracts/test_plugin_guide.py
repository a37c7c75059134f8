"""The plugin of docs/plugins.md is the template, word for word, and `test_pretext_tasks` checks its contract."""

from __future__ import annotations

import re
from pathlib import Path

from sslstudio.cli.parser import build_parser
from sslstudio.extensions import template


def block(text: str, language: str) -> str:
    found = re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)
    assert len(found) == 1
    return str(found[0])


def test_the_template_is_the_guides_plugin(root: Path, tmp_path: Path) -> None:
    template.write(tmp_path / "simsiam", "SimSiam")
    guide = (root / "docs" / "plugins.md").read_text(encoding="utf-8")
    code = (tmp_path / "simsiam" / "simsiam" / "__init__.py").read_text(encoding="utf-8")
    assert block(guide, "toml") == (tmp_path / "simsiam" / "plugin.toml").read_text(encoding="utf-8")
    assert block(guide, "python") == code
    assert len(code.splitlines()) < 60


def test_the_guides_commands_are_understood(root: Path) -> None:
    lines = block((root / "docs" / "plugins.md").read_text(encoding="utf-8"), "sh").splitlines()
    assert len(lines) >= 4
    for line in lines:
        build_parser().parse_args(line.split()[1:])
