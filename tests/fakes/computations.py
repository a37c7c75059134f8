"""Functions for the compute process: quick, slow, failing and fatal ones."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time

from sslstudio.errors import SSLStudioError


def add(a: int, b: int = 1) -> int:
    """The sum."""
    return a + b


def process_id() -> int:
    """The id of the process that computes."""
    return os.getpid()


def modules() -> list[str]:
    """What is imported there."""
    return sorted(sys.modules)


def sleep(seconds: float) -> str:
    """Busy for a while."""
    time.sleep(seconds)
    return "slept"


def hold_the_interpreter(seconds: int) -> None:
    """Native code that lets no other thread of its process go on."""
    ctypes.PyDLL(None).sleep(seconds)


def say_no() -> None:
    """A refusal in plain words."""
    raise SSLStudioError("Too few labels.", "Label more.", code="few_labels")


def trip(secret: str) -> None:
    """An error with something private in its text."""
    raise ValueError(secret)


def die() -> None:
    """The process ends without a word."""
    os.kill(os.getpid(), signal.SIGTERM if sys.platform == "win32" else signal.SIGKILL)
