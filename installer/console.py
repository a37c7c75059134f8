"""Progress lines, plain failures and child processes of the set-up; apart so that every step speaks the same way."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Sequence, Union

Argument = Union[str, Path]


class SetupError(Exception):
    """The set-up cannot go on: one sentence saying why, and a hint saying what to do."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


def say(text: str) -> None:
    """One progress line on stderr; stdout belongs to the command that runs in the end."""
    print(f"[set-up] {text}", file=sys.stderr, flush=True)


def run(command: Sequence[Argument], env: dict[str, str] | None = None, *, aside: bool = False) -> int:
    """Run `command` with this terminal; returns its exit code. Ctrl+C is the child's to handle; we wait for it.

    With `aside` the child asks nothing and prints to stderr, so that stdout keeps to what runs in the end.
    """
    arguments = [str(part) for part in command]
    try:
        if aside:
            child = subprocess.Popen(arguments, env=env, stdin=subprocess.DEVNULL, stdout=sys.stderr.fileno())
        else:
            child = subprocess.Popen(arguments, env=env)
    except OSError:
        return 127
    while True:
        try:
            return child.wait()
        except KeyboardInterrupt:
            continue


def output_of(command: Sequence[Argument], env: dict[str, str] | None = None) -> str | None:
    """What `command` prints, stripped, or None when it cannot run or fails."""
    arguments: list[str] = [str(part) for part in command]
    try:
        done = subprocess.run(
            arguments, env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL, check=False
        )
    except OSError:
        return None
    if done.returncode != 0:
        return None
    return done.stdout.decode("utf-8", "replace").strip()


def installer_environment() -> dict[str, str]:
    """This process's environment for uv: no foreign virtual environment, patient downloads, pip's mirror if set."""
    env = dict(os.environ)
    env.pop("VIRTUAL_ENV", None)
    env.setdefault("UV_HTTP_TIMEOUT", "300")
    if "PIP_INDEX_URL" in env and "UV_INDEX_URL" not in env:
        env.setdefault("UV_DEFAULT_INDEX", env["PIP_INDEX_URL"])
    if "PIP_CERT" in env:
        env.setdefault("SSL_CERT_FILE", env["PIP_CERT"])
    return env
