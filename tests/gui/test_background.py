"""Results come back in the window's thread; superseded and late ones are dropped."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import Future

import pytest
from pytestqt.qtbot import QtBot

from sslstudio.errors import SSLStudioError
from sslstudio.gui.background import Background


@pytest.fixture
def background(qtbot: QtBot) -> Iterator[Background]:
    made = Background(threads=2)
    yield made
    made.close()


def test_the_function_runs_elsewhere_and_its_result_arrives_here(qtbot: QtBot, background: Background) -> None:
    seen: list[tuple[bool, bool]] = []
    here = threading.get_ident()
    background.run(
        lambda: threading.get_ident() != here, done=lambda there: seen.append((there, threading.get_ident() == here))
    )
    qtbot.waitUntil(lambda: seen == [(True, True)])
    assert not background.busy


def test_only_the_newest_of_a_key_is_delivered(qtbot: QtBot, background: Background) -> None:
    gate, seen = threading.Event(), []

    def slow(value: int) -> int:
        gate.wait(5)
        return value

    for value in range(5):
        background.run(slow, value, done=seen.append, key="same")
    background.run(slow, 9, done=seen.append, key="other")
    gate.set()
    qtbot.waitUntil(lambda: not background.busy)
    assert sorted(seen) == [4, 9]


def test_a_dropped_call_and_a_closed_background_deliver_nothing(qtbot: QtBot, background: Background) -> None:
    seen: list[int] = []
    background.drop(background.run(lambda: 1, done=seen.append))
    gate = threading.Event()
    background.run(gate.wait, 5, done=lambda _: seen.append(2))
    background.close()
    gate.set()
    qtbot.wait(100)
    assert seen == []
    assert background.run(lambda: 3, done=seen.append) == -1


def test_a_problem_goes_to_who_takes_it_else_to_everyone(qtbot: QtBot, background: Background) -> None:
    def fail() -> None:
        raise SSLStudioError("Full.", "Make room.", code="full")

    taken: list[SSLStudioError] = []
    background.run(fail, failed=taken.append)
    qtbot.waitUntil(lambda: [error.code for error in taken] == ["full"])
    with qtbot.waitSignal(background.unhandled) as told:
        background.run(fail)
    assert told.args is not None and told.args[0].code == "full"


def test_a_bug_reaches_the_excepthook(qtbot: QtBot, background: Background, monkeypatch: pytest.MonkeyPatch) -> None:
    caught: list[type[BaseException]] = []
    monkeypatch.setattr("sys.excepthook", lambda kind, _error, _trace: caught.append(kind))
    background.run(lambda: 1 / 0)
    qtbot.waitUntil(lambda: caught == [ZeroDivisionError])


def test_a_future_is_waited_for(qtbot: QtBot, background: Background) -> None:
    future: Future[int] = Future()
    seen: list[int] = []
    background.wait_for(future, done=seen.append)
    future.set_result(7)
    qtbot.waitUntil(lambda: seen == [7])
