"""An Explore page on a small project, whose long work is done in the test's own process."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from sslstudio.gui.pages.explore import long_work
from sslstudio.gui.pages.explore.page import create
from sslstudio.gui.pages.explore.view import ExploreView
from sslstudio.gui.pages.page import Page
from tests.gui.image_project import Desk


class NowIdle:
    """A child process that is not one: computes at once, in the thread that asks."""

    def call(self, target: str, *args: Any) -> Any:
        module, _, name = target.partition(":")
        return getattr(importlib.import_module(module), name)(*args)

    def close(self) -> None:
        """There is nothing to end."""


def compute_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the page start no child process."""
    monkeypatch.setattr(long_work, "IdleCompute", NowIdle)


def shown(made: Desk, qtbot: QtBot) -> Iterator[tuple[Desk, Page, ExploreView]]:
    """The page in front, with its images, its map and its groups."""
    page = create(made.services)
    view = page.widget
    assert isinstance(view, ExploreView)
    qtbot.addWidget(view)
    view.resize(1100, 760)
    view.show()
    page.activate()
    qtbot.waitUntil(lambda: len(view.gallery.grid.tiles.ids) > 0, timeout=10000)
    qtbot.waitUntil(lambda: bool(view.groups.groups.rows), timeout=10000)
    yield made, page, view
    page.close()
    made.close()
