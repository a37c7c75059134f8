"""Saved views: what is kept, under which names, and what is made of a setting that another version wrote."""

from __future__ import annotations

from pathlib import Path

import pytest

from sslstudio.errors import SSLStudioError
from sslstudio.session import Project, saved_views
from sslstudio.session.saved_views import LONGEST_NAME, MOST_VIEWS, SavedView

DOUBTFUL = SavedView(
    name="Doubtful", sort="confidence", sort_name="certainty", grouping="patient", mode="table", side=90, images=(3, 5)
)


def test_views_survive_closing_the_project(tmp_path: Path) -> None:
    views = saved_views.put((SavedView(name="All"),), DOUBTFUL)
    with Project.create(tmp_path / "p") as project:
        saved_views.store(project, views)
    with Project.open(tmp_path / "p") as project:
        assert saved_views.load(project) == views


def test_a_name_stands_for_one_view() -> None:
    views = saved_views.put((DOUBTFUL, SavedView(name="All")), SavedView(name="doubtful", side=64))
    assert [(view.name, view.side) for view in views] == [("doubtful", 64), ("All", 112)]
    with pytest.raises(SSLStudioError, match="already a view called all"):
        saved_views.rename(views, "Doubtful", "all")
    assert [view.name for view in saved_views.rename(views, "ALL", "Everything")] == ["doubtful", "Everything"]
    assert [view.name for view in saved_views.rename(views, "all", "ALL")] == ["doubtful", "ALL"]
    assert [view.name for view in saved_views.remove(views, "DOUBTFUL")] == ["All"]
    assert saved_views.clean("  a \n b " + "x" * 99) == ("a b " + "x" * 99)[:LONGEST_NAME]


def test_there_is_an_end_to_views_but_an_old_one_can_still_be_replaced() -> None:
    views = tuple(SavedView(name=str(n)) for n in range(MOST_VIEWS))
    with pytest.raises(SSLStudioError):
        saved_views.put(views, SavedView(name="one more"))
    assert saved_views.put(views, SavedView(name="7", side=200))[7].side == 200


@pytest.mark.parametrize(
    "stored",
    [None, "text", 3, [{"name": ""}], [{"name": "x", "hologram": True}], [["x"]], [{"name": "x", "side": 10**9}]],
)
def test_what_cannot_be_understood_is_left_out(stored: object) -> None:
    assert saved_views.parse(stored) == ()
    if isinstance(stored, list):
        assert saved_views.parse([*stored, {"name": "Kept"}]) == (SavedView(name="Kept"),)
