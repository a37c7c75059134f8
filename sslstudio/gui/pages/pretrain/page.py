"""Puts the Pretrain page together."""

from __future__ import annotations

from sslstudio.gui.actions.registry import Action
from sslstudio.gui.pages.page import Page, Services
from sslstudio.gui.pages.pretrain import texts
from sslstudio.gui.pages.pretrain.controller import PretrainController
from sslstudio.gui.pages.pretrain.view import PretrainView


def create(services: Services) -> Page:
    """The Pretrain page of one open project."""
    view = PretrainView()
    controller = PretrainController(services, view)
    dispose = services.actions.add(
        Action("pretrain.start", texts.START, controller.start, "Run", "Ctrl+Return", controller.reason, "pretrain"),
    )

    def close() -> None:
        dispose()
        controller.close()

    return Page(
        "pretrain",
        texts.TITLE,
        "pretrain",
        view,
        badge=controller.badge,
        refresh=controller.refresh,
        activate=controller.activate,
        close=close,
    )
