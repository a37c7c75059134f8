"""The keys of the section "Images" as actions."""

from __future__ import annotations

from collections.abc import Callable

from sslstudio.gui.actions.registry import Action
from sslstudio.gui.pages.data import texts
from sslstudio.gui.pages.data.controller import DataController
from sslstudio.gui.pages.data.view import IMAGES, DataView


def view_actions(view: DataView, controller: DataController) -> list[Action]:
    """Looking at images and leaving them out; each says why it does nothing while another section is in front."""
    pane, viewer = view.images, view.images.viewer

    def elsewhere() -> str:
        return "" if view.sections.current_section() == IMAGES else texts.OPEN_IMAGES

    def not_excludable() -> str:
        return elsewhere() or controller.choosing.reason_not()

    def action(
        id: str, title: str, do: Callable[[], object], keys: str, reason: Callable[[], str] = elsewhere
    ) -> Action:
        return Action(f"data.{id}", title, lambda: (do(), None)[1], "View", keys, reason, "data", group=3)

    return [
        action("before", "Image before in the series", lambda: controller.viewing.step(-1), "["),
        action("after", "Next image in the series", lambda: controller.viewing.step(1), "]"),
        action("play", "Play the series, or stop", viewer.toggle_play, "P"),
        action("invert", "Swap black and white", viewer.toggle_inverted, "I"),
        action("reset", "The image's own window", viewer.reset, "R"),
        action("fit", "Whole image", viewer.image.fit, "F"),
        action("fit_again", "Whole image (as 0)", viewer.image.fit, "0"),
        action("actual", "One to one", viewer.image.one_to_one, "1"),
        action("larger", "Larger", lambda: viewer.image.zoom_by(1.25), "+"),
        action("smaller", "Smaller", lambda: viewer.image.zoom_by(1 / 1.25), "-"),
        action("find", "Search images", pane.filters.focus_search, "Ctrl+F"),
        action("filter", "Filter images...", pane.filters.open_popup, "Ctrl+Shift+F"),
        action("exclude", "Leave out of training...", pane.open_reasons, "X", not_excludable),
        action("include", "Take in again", controller.choosing.take_in, "Shift+X", not_excludable),
    ]
