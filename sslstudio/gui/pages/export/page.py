"""Puts the Export page together."""

from __future__ import annotations

from sslstudio.gui.pages.export.controller import ExportController
from sslstudio.gui.pages.export.view import ExportView
from sslstudio.gui.pages.page import Page, Services


def create(services: Services) -> Page:
    """The Export page of an open project."""
    view = ExportView()
    controller = ExportController(services, view, view)

    def badge() -> str:
        made = len(controller.packages())
        return f"{made} package{'' if made == 1 else 's'}" if made else ""

    return Page(
        "export",
        "Export",
        "export",
        view,
        badge=badge,
        refresh=controller.refresh,
        activate=controller.activate,
        close=controller.close,
    )
