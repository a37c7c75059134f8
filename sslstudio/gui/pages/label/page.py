"""Puts the Label page together."""

from __future__ import annotations

from functools import partial

from sslstudio.gui.explain.controller import Explaining
from sslstudio.gui.item_models import tile_texts
from sslstudio.gui.item_models.project_images import ProjectImages
from sslstudio.gui.pages.label.controller import LabelController
from sslstudio.gui.pages.label.view import LabelView
from sslstudio.gui.pages.page import Page, Services


def create(services: Services) -> Page:
    """The Label page of an open project."""
    images = ProjectImages.of(services)
    view = LabelView(partial(tile_texts.tile, images))
    controller = LabelController(services, view, view)

    release = Explaining.of(services).add_to(services.actions, "label")

    def close() -> None:
        release()
        controller.close()

    def badge() -> str:
        labelled = sum(1 for label in images.labels().values() if label.class_id is not None)
        return f"{labelled:,}" if labelled else ""

    return Page(
        "label",
        "Label",
        "label",
        view,
        badge=badge,
        refresh=controller.refresh,
        activate=controller.activate,
        close=close,
    )
