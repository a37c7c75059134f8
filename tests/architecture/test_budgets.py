"""No module, class or function outgrows its budget: what does is doing two things."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

MODULE_LINES, CLASS_LINES, CLASS_METHODS, FUNCTION_LINES = 400, 300, 20, 60
FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)


def sources(root: Path) -> Iterator[Path]:
    for folder in ("sslstudio", "plugins", "installer", "benchmarks"):
        yield from sorted((root / folder).rglob("*.py"))


def excesses(path: Path) -> Iterator[str]:
    text = path.read_text(encoding="utf-8")
    if (lines := len(text.splitlines())) > MODULE_LINES:
        yield f"module has {lines} lines"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ClassDef):
            length = (node.end_lineno or 0) - node.lineno + 1
            methods = sum(isinstance(part, FUNCTION) for part in node.body)
            if length > CLASS_LINES:
                yield f"class {node.name} has {length} lines"
            if methods > CLASS_METHODS:
                yield f"class {node.name} has {methods} methods"
        elif isinstance(node, FUNCTION):
            length = (node.end_lineno or 0) - node.lineno + 1
            if length > FUNCTION_LINES:
                yield f"function {node.name} has {length} lines"


def test_every_source_file_stays_within_its_budget(root: Path) -> None:
    found = [f"{path.relative_to(root)}: {excess}" for path in sources(root) for excess in excesses(path)]
    assert not found, "\n".join(found)


def test_every_source_file_opens_by_saying_what_lives_there(root: Path) -> None:
    def docstring(path: Path) -> str | None:
        return ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))

    silent = [
        str(path.relative_to(root))
        for path in sources(root)
        if path.read_text(encoding="utf-8") and not docstring(path)
    ]
    assert not silent, "\n".join(silent)


@pytest.mark.parametrize(
    ("source", "excess"),
    [
        ("x = 1\n" * 401, "module has 401 lines"),
        ("class A:\n" + "    x = 1\n" * 300, "class A has 301 lines"),
        ("class A:\n" + "".join(f"    def m{i}(self): ...\n" for i in range(21)), "class A has 21 methods"),
        ("def f():\n" + "    x = 1\n" * 60, "function f has 61 lines"),
    ],
)
def test_the_measure_finds_each_kind_of_excess(tmp_path: Path, source: str, excess: str) -> None:
    path = tmp_path / "sample.py"
    path.write_text(source, encoding="utf-8")
    assert excess in list(excesses(path))
