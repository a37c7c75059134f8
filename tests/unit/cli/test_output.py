"""Results on stdout, progress on stderr, one JSON object alone where it is asked for."""

from __future__ import annotations

import io
import json

import pytest

from sslstudio.cli import output as output_module
from sslstudio.cli.output import Output


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def make(*, as_json: bool = False, terminal: bool = False) -> tuple[Output, io.StringIO, io.StringIO]:
    stdout, stderr = io.StringIO(), Terminal() if terminal else io.StringIO()
    return Output(as_json=as_json, stdout=stdout, stderr=stderr), stdout, stderr


def test_a_person_reads_lines_and_no_json() -> None:
    output, stdout, stderr = make()
    output.say("two images")
    output.note("beside")
    output.finish({"images": 2})
    assert stdout.getvalue() == "two images\n"
    assert stderr.getvalue() == "beside\n"


def test_json_is_one_line_alone_on_stdout() -> None:
    output, stdout, _ = make(as_json=True)
    output.say("two images")
    output.table(("a",), [(1,)])
    output.progress(1, 2, "images")
    output.finish({"images": 2, "name": "Röntgen"})
    assert stdout.getvalue().count("\n") == 1
    assert json.loads(stdout.getvalue()) == {"images": 2, "name": "Röntgen"}


@pytest.mark.parametrize("as_json", [False, True])
def test_a_failure_is_a_sentence_and_a_hint(as_json: bool) -> None:
    output, stdout, stderr = make(as_json=as_json)
    output.fail("It broke.", "Mend it.", "broken")
    assert stderr.getvalue() == "It broke. Mend it.\n"
    if as_json:
        assert json.loads(stdout.getvalue()) == {"error": "It broke.", "hint": "Mend it.", "code": "broken"}
    else:
        assert stdout.getvalue() == ""


def test_a_table_aligns_words_left_and_numbers_right() -> None:
    output, stdout, _ = make()
    output.table(("class", "n"), [("glioma", 5), ("none", 1200)])
    assert stdout.getvalue().splitlines() == ["class      n", "glioma     5", "none    1200"]


def test_off_a_terminal_progress_is_sparse(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(output_module.time, "monotonic", lambda: now[0])
    output, _, stderr = make()
    for second in range(30):
        now[0] = float(second)
        output.progress(second, 30, "images", "Importing", 30.0 - second)
    lines = stderr.getvalue().splitlines()
    assert lines == [
        "Importing, 10 of 30 images, 20 s left",
        "Importing, 20 of 30 images, 10 s left",
    ]


def test_on_a_terminal_progress_is_a_bar_that_makes_way_for_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(output_module.time, "monotonic", lambda: now[0])
    output, stdout, stderr = make(terminal=True)
    output.progress(1, 2, "epochs")
    now[0] = 1.0
    output.progress(2, 2, "epochs", seconds_left=240.0)
    output.say("done")
    assert stderr.getvalue().startswith("\r\x1b[K[" + "=" * 12 + " " * 12 + "] 1 of 2 epochs")
    assert "[" + "=" * 24 + "] 2 of 2 epochs, 4 min left" in stderr.getvalue()
    assert stderr.getvalue().endswith("\r\x1b[K")
    assert stdout.getvalue() == "done\n"


def test_progress_without_a_known_total_says_what_it_can(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(output_module.time, "monotonic", lambda: now[0])
    output, _, stderr = make()
    now[0] = 20.0
    output.progress(3, 0, "files", "Looking for files")
    assert stderr.getvalue() == "Looking for files, files\n"
