"""Puts the Data page together."""

from __future__ import annotations

from sslstudio.gui.actions.registry import Action
from sslstudio.gui.item_models.project_images import ProjectImages
from sslstudio.gui.pages.data import rendering_texts, texts
from sslstudio.gui.pages.data.controller import DataController
from sslstudio.gui.pages.data.pacs import texts as pacs_texts
from sslstudio.gui.pages.data.pacs.controller import PacsController
from sslstudio.gui.pages.data.rendering_controller import RenderingController
from sslstudio.gui.pages.data.rendering_view import RenderingPane
from sslstudio.gui.pages.data.view import DataView
from sslstudio.gui.pages.data.view_actions import view_actions
from sslstudio.gui.pages.page import Page, Services
from sslstudio.importers.rendering import presets


def create(services: Services) -> Page:
    """The Data page of one open project."""
    thumbnails = ProjectImages.of(services).thumbnails
    view = DataView(thumbnails.pixmap)
    thumbnails.ready.connect(lambda _: view.images.tree_model.pictures_came())
    controller = DataController(services, view)
    sees = RenderingPane([(name, one.title) for name, one in presets().items()])
    rendering = RenderingController(services, sees)
    view.add_section("rendering", rendering_texts.TITLE, "window-level", sees, help=rendering_texts.HELP)
    panel = view.panel
    pacs = PacsController(services, view, panel.retrieving, controller.importing.add_sources)
    panel.pacs_requested.connect(pacs.open)
    dispose = services.actions.add(
        Action("data.folder", texts.ADD_FOLDER, panel.folder_requested.emit, "Run", "Ctrl+D", page="data"),
        Action("data.files", texts.ADD_FILES, panel.files_requested.emit, "Run", page="data"),
        Action("data.pacs", pacs_texts.FROM_PACS, pacs.open, "Run", page="data"),
        Action(
            "data.import",
            texts.IMPORT,
            panel.import_requested.emit,
            "Run",
            "Ctrl+Return",
            lambda: panel.start.reason,
            "data",
        ),
        *view_actions(view, controller),
    )

    def close() -> None:
        dispose()
        pacs.close()
        rendering.close()
        controller.close()

    return Page(
        "data",
        texts.TITLE,
        "data",
        view,
        badge=controller.badge,
        refresh=controller.refresh,
        activate=controller.activate,
        close=close,
    )
