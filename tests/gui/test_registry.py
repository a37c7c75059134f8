"""Actions are data: clashes are refused, disposers dispose, and what cannot be done says why."""

from __future__ import annotations

import pytest

from sslstudio.errors import SSLStudioError
from sslstudio.gui.actions.registry import Action, ActionRegistry
from sslstudio.gui.palette import matches


def action(name: str, keys: str = "", page: str = "", reason: str = "", done: list[str] | None = None) -> Action:
    return Action(
        name, name.title(), lambda: (done if done is not None else []).append(name), "View", keys, lambda: reason, page
    )


def test_an_action_that_cannot_be_done_says_why_and_does_nothing() -> None:
    done: list[str] = []
    registry = ActionRegistry()
    registry.add(action("free", done=done), action("barred", reason="Not now.", done=done))
    assert registry.trigger("free") == ""
    assert registry.trigger("barred") == "Not now."
    assert done == ["free"]


def test_the_disposer_takes_back_what_was_added_and_tells() -> None:
    registry = ActionRegistry()
    told: list[int] = []
    stop = registry.on_change(lambda: told.append(len(registry.all())))
    dispose = registry.add(action("one"), action("two"))
    dispose()
    stop()
    registry.add(action("three"))
    assert told == [2, 0]


@pytest.mark.parametrize(
    ("first", "second", "clash"), [("", "label", True), ("data", "label", False), ("label", "label", True)]
)
def test_keys_may_repeat_only_on_different_pages(first: str, second: str, clash: bool) -> None:
    registry = ActionRegistry()
    registry.add(action("one", "Ctrl+K", first))
    if clash:
        with pytest.raises(SSLStudioError, match="already means"):
            registry.add(action("two", "Ctrl+K", second))
    else:
        registry.add(action("two", "Ctrl+K", second))


def test_the_same_name_twice_is_refused() -> None:
    registry = ActionRegistry()
    registry.add(action("one"))
    with pytest.raises(SSLStudioError):
        registry.add(action("one"))


def test_own_actions_of_a_page_come_first() -> None:
    registry = ActionRegistry()
    registry.add(action("window"), action("label", page="label"), action("data", page="data"))
    assert [entry.id for entry in registry.for_page("label")] == ["label", "window"]


@pytest.mark.parametrize(
    ("query", "title", "score"),
    [
        ("go da", "Go to Data", 2),
        ("Go", "Go to Data", 3),
        ("gtd", "Go to Data", 1),
        ("zebra", "Go to Data", 0),
        ("", "Any", 3),
    ],
)
def test_the_palette_finds_words_in_any_order_and_letters_in_order(query: str, title: str, score: int) -> None:
    assert matches(query, title) == score
