"""A plugin's code imports `sslstudio.api` and nothing else of the product; the bundled ones obey the same rule.

Their tests may use more, as the author of any plugin may in a checkout.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield node.module


def test_bundled_plugins_import_only_the_api(root: Path) -> None:
    wrong = [
        f"{path.relative_to(root)}: {name}"
        for path in sorted((root / "plugins").rglob("*.py"))
        for name in imports(path)
        if "tests" not in path.parts and name.split(".")[0] == "sslstudio" and name != "sslstudio.api"
    ]
    assert not wrong, "\n".join(wrong)
