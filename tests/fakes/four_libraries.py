"""Runs a Python file as in an environment that has onnxruntime, numpy, pydicom and pillow alone.

Every module that belongs to another distribution than those and what they ask for is refused, whatever is installed.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import re
import runpy
import sys
from collections.abc import Sequence
from importlib import metadata
from types import ModuleType

WANTED = ("onnxruntime", "numpy", "pydicom", "pillow")


def needed(names: Sequence[str]) -> set[str]:
    """The distributions and all that they ask for without extras, by their normalised names."""
    found: set[str] = set()
    open_names = [*names]
    while open_names:
        name = re.sub(r"[-_.]+", "-", open_names.pop()).lower()
        if name in found:
            continue
        found.add(name)
        lines = [line for line in metadata.requires(name) or () if "extra ==" not in line]
        open_names += re.findall(r"^[\w.-]+", "\n".join(lines), re.MULTILINE)
    return found


class Refuse(importlib.abc.MetaPathFinder):
    """Finds nothing, and says no to top-level modules of distributions that are not allowed."""

    def __init__(self) -> None:
        allowed = needed(WANTED)
        self.owners = {
            module: {re.sub(r"[-_.]+", "-", owner).lower() for owner in owners}
            for module, owners in metadata.packages_distributions().items()
        }
        self.refused = {module for module, owners in self.owners.items() if not owners & allowed}
        self.refused |= {"sslstudio", "plugins"}

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname.partition(".")[0] in self.refused:
            raise ModuleNotFoundError(f"No module named {fullname!r}", name=fullname)
        return None


if __name__ == "__main__":
    refuse = Refuse()
    assert {"torch", "onnx", "pandas", "tifffile"} & refuse.refused >= {"torch", "onnx", "tifffile"}
    sys.meta_path.insert(0, refuse)
    for module in [*sys.modules]:
        if module.partition(".")[0] in refuse.refused:
            del sys.modules[module]
    sys.argv = sys.argv[1:]
    runpy.run_path(sys.argv[0], run_name="__main__")
