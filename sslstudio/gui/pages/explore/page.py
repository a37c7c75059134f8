"""Puts the Explore page together."""

from __future__ import annotations

from functools import partial

from sslstudio.gui.explain.controller import Explaining
from sslstudio.gui.item_models import tile_texts
from sslstudio.gui.item_models.current_map import CurrentMap
from sslstudio.gui.item_models.project_images import ProjectImages
from sslstudio.gui.pages.explore.controller import ExploreController
from sslstudio.gui.pages.explore.view import ExploreView
from sslstudio.gui.pages.page import Page, Services


def create(services: Services) -> Page:
    """The Explore page of an open project."""
    images = ProjectImages.of(services)
    current = CurrentMap.of(services)
    view = ExploreView(partial(tile_texts.tile, images))
    controller = ExploreController(services, view, view)

    release = Explaining.of(services).add_to(services.actions, "explore")

    def close() -> None:
        release()
        controller.close()

    def badge() -> str:
        groups = len(images.groups())
        return f"{groups} groups" if current.known.map is not None and groups else ""

    return Page(
        "explore",
        "Explore",
        "explore",
        view,
        badge=badge,
        refresh=controller.refresh,
        activate=controller.activate,
        close=close,
    )
