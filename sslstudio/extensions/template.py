"""A new plugin's folder, from the template in `resources/plugin_template`: it keeps the contract as it is written."""

from __future__ import annotations

import keyword
from pathlib import Path
from string import Template

from sslstudio.errors import SSLStudioError
from sslstudio.extensions import host
from sslstudio.resources import text

_FILES = {
    "plugin.toml": "plugin.toml",
    "pyproject.toml": "pyproject.toml",
    "README.md": "README.md",
    "__init__.py": "{id}/__init__.py",
    "test_task.py": "tests/test_{id}.py",
}
_LONGEST = 40


def write(folder: Path, title: str = "") -> list[Path]:
    """Write a new plugin into `folder`, named after it; returns the files, the manifest first.

    Raises SSLStudioError: "bad_plugin_name", "plugin_exists" (the folder is not empty), "plugin_id_taken",
    "cannot_write".
    """
    plugin_id = folder.name.replace("-", "_")
    usable = plugin_id.isascii() and plugin_id.isidentifier() and plugin_id == plugin_id.lower()
    if not usable or keyword.iskeyword(plugin_id) or plugin_id.startswith("_") or len(plugin_id) > _LONGEST:
        raise SSLStudioError(
            f"{folder.name} cannot name a plugin.",
            f"Use small letters, digits and underscores, at most {_LONGEST}, with a letter first.",
            code="bad_plugin_name",
        )
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise SSLStudioError(f"{folder.name} is there and not empty.", "Choose a new folder.", code="plugin_exists")
    if plugin_id in {info.id for info in host.discover()}:
        raise SSLStudioError(
            f"There is a plugin called {plugin_id} already.", "Choose another name.", code="plugin_id_taken"
        )
    words = plugin_id.split("_")
    values = {
        "id": plugin_id,
        "dashed": "-".join(words),
        "title": _one_line(title) or " ".join(words).capitalize(),
        "class_name": "".join(word.capitalize() for word in words),
    }
    try:
        return [_fill(name, folder / target.format(id=plugin_id), values) for name, target in _FILES.items()]
    except OSError:
        raise SSLStudioError(
            "The folder takes no files.", "Choose one you may write to.", code="cannot_write"
        ) from None


def _fill(name: str, target: Path, values: dict[str, str]) -> Path:
    filled = Template(text(f"plugin_template/{name}.txt")).substitute(values)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(filled, encoding="utf-8")
    return target


def _one_line(title: str) -> str:
    """A title that fits between quotation marks of a TOML string."""
    return " ".join(title.replace('"', "'").replace("\\", "/").split())[:80]
