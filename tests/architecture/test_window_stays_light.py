"""The window's process never loads torch or its relatives, and starts without the slow numeric libraries."""

from __future__ import annotations

import subprocess
import sys

NEVER = ("torch", "torchvision", "lightly", "monai", "timm", "pytorch_lightning")
NOT_AT_START = ("sklearn", "scipy", "pacmap", "numba", "pydicom", "onnxruntime", "onnx", "imagecodecs")

BUILD_WINDOW = """
import sys
import sslstudio.gui.app
import sslstudio.gui.window
print(" ".join(sorted(name for name in sys.modules if "." not in name)))
"""

COMMAND_LINE = """
import sys
from sslstudio.cli.parser import build_parser
build_parser()
print(" ".join(sorted(name for name in sys.modules if "." not in name)))
"""


def loaded(program: str) -> set[str]:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


def test_the_window_never_loads_torch_and_starts_light() -> None:
    modules = loaded(BUILD_WINDOW)
    assert sorted(modules & set(NEVER)) == []
    assert sorted(modules & set(NOT_AT_START)) == []


def test_the_command_line_parses_before_it_loads_anything_heavy() -> None:
    modules = loaded(COMMAND_LINE)
    assert sorted(modules & {*NEVER, *NOT_AT_START, "numpy", "PySide6", "pydantic"}) == []
