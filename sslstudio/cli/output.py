"""Where a command's words go: results to stdout, progress to stderr, and with --json one object alone on stdout."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterable, Sequence
from typing import Any, TextIO

BAR_WIDTH = 24
SECONDS_BETWEEN_BARS = 0.1
SECONDS_BETWEEN_LINES = 10.0

Result = dict[str, Any]


class Output:
    """The streams of one command. `as_json` keeps stdout for the one JSON object of `finish` or `fail`."""

    def __init__(self, *, as_json: bool, stdout: TextIO | None = None, stderr: TextIO | None = None) -> None:
        self.as_json = as_json
        self._stdout = sys.stdout if stdout is None else stdout
        self._stderr = sys.stderr if stderr is None else stderr
        self._terminal = self._stderr.isatty()
        self._bar_shown = False
        self._last_progress = float("-inf") if self._terminal else time.monotonic()

    def say(self, text: str) -> None:
        """One line of the result for a person."""
        if not self.as_json:
            self._clear_bar()
            self._write(self._stdout, text + "\n")

    def table(self, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        """A table for a person: columns aligned, numbers to the right."""
        lines = [[str(cell) for cell in row] for row in rows]
        right = [bool(lines) and all(_is_number(line[column]) for line in lines) for column in range(len(header))]
        widths = [max(len(line[column]) for line in [list(header), *lines]) for column in range(len(header))]
        for line in [list(header), *lines]:
            cells = (
                cell.rjust(width) if aligned else cell.ljust(width)
                for cell, width, aligned in zip(line, widths, right, strict=True)
            )
            self.say("  ".join(cells).rstrip())

    def note(self, text: str) -> None:
        """One line beside the result, on stderr."""
        self._clear_bar()
        self._write(self._stderr, text + "\n")

    def progress(self, done: float, total: float, unit: str, text: str = "", seconds_left: float | None = None) -> None:
        """How far the work is: a bar on a terminal, else a line now and then."""
        now = time.monotonic()
        complete = total > 0 and done >= total
        wait = SECONDS_BETWEEN_BARS if self._terminal else SECONDS_BETWEEN_LINES
        if now - self._last_progress < wait and not (complete and self._terminal):
            return
        self._last_progress = now
        share = min(1.0, done / total) if total > 0 else 0.0
        parts = [
            text,
            f"{_figure(done)} of {_figure(total)} {unit}".strip() if total > 0 else unit,
            _duration(seconds_left),
        ]
        words = ", ".join(part for part in parts if part)
        if self._terminal:
            filled = round(share * BAR_WIDTH)
            self._write(self._stderr, f"\r\x1b[K[{'=' * filled}{' ' * (BAR_WIDTH - filled)}] {words}")
            self._bar_shown = True
        else:
            self._write(self._stderr, words + "\n")

    def finish(self, result: Result) -> None:
        """The command's result; written only with --json, because `say` has told a person already."""
        self._clear_bar()
        if self.as_json:
            self._write(self._stdout, json.dumps(result, ensure_ascii=False, default=str) + "\n")

    def fail(self, message: str, hint: str, code: str) -> None:
        """Why the command failed: a sentence and a hint on stderr, and with --json an object on stdout."""
        self.note(f"{message} {hint}".strip())
        if self.as_json:
            self._write(self._stdout, json.dumps({"error": message, "hint": hint, "code": code}) + "\n")

    def _clear_bar(self) -> None:
        if self._bar_shown:
            self._write(self._stderr, "\r\x1b[K")
            self._bar_shown = False
        self._last_progress = float("-inf") if self._terminal else self._last_progress

    @staticmethod
    def _write(stream: TextIO, text: str) -> None:
        stream.write(text)
        stream.flush()


def _is_number(text: str) -> bool:
    return text.replace(".", "", 1).replace(",", "").lstrip("+-").isdigit()


def _figure(number: float) -> str:
    """A whole number as it is, another with one decimal."""
    return f"{number:.0f}" if float(number).is_integer() else f"{number:.1f}"


def _duration(seconds: float | None) -> str:
    """Time left in words, "" when it is not known."""
    if seconds is None:
        return ""
    if seconds < 90:
        return f"{seconds:.0f} s left"
    return f"{seconds / 60:.0f} min left"
