"""Puts the Data page together."""

from __future__ import annotations

from sslstudio.gui.actions.registry import Action
from sslstudio.gui.item_models.project_images import ProjectImages
from sslstudio.gui.pages.data import rendering_texts, review_texts, texts
from sslstudio.gui.pages.data.controller import DataController
from sslstudio.gui.pages.data.pacs import texts as pacs_texts
from sslstudio.gui.pages.data.pacs.controller import PacsController
from sslstudio.gui.pages.data.rendering_controller import RenderingController
from sslstudio.gui.pages.data.rendering_view import RenderingPane
from sslstudio.gui.pages.data.review import ReviewController
from sslstudio.gui.pages.data.review_pictures import ReviewPictures
from sslstudio.gui.pages.data.review_view import ReviewPane
from sslstudio.gui.pages.data.view import DataView
from sslstudio.gui.pages.data.view_actions import view_actions
from sslstudio.gui.pages.page import Page, Services
from sslstudio.importers.pixel_cache import PixelCache
from sslstudio.importers.rendering import presets


def create(services: Services) -> Page:
    """The Data page of one open project."""
    thumbnails = ProjectImages.of(services).thumbnails
    view = DataView(thumbnails.pixmap)
    thumbnails.ready.connect(view.images.tree_model.pictures_came)
    review = _add_review(services, view)
    controller = DataController(services, view)
    sees = RenderingPane([(name, one.title) for name, one in presets().items()])
    rendering = RenderingController(services, sees)
    view.add_section("rendering", rendering_texts.TITLE, "window-level", sees, help=rendering_texts.HELP)
    panel = view.panel
    pacs = PacsController(services, view, panel.retrieving, controller.inflow.importing.add_sources)
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

    def refresh() -> None:
        controller.refresh()
        review.refresh()

    return Page(
        "data",
        texts.TITLE,
        "data",
        view,
        badge=controller.badge,
        refresh=refresh,
        activate=controller.activate,
        close=close,
    )


def _add_review(services: Services, view: DataView) -> ReviewController:
    project = services.session.project
    pane = ReviewPane(ReviewPictures(services.background, project.catalogue.image, PixelCache(project.pixels_dir)))
    review = ReviewController(services, pane)
    view.add_section("review", review_texts.TITLE, "eye", pane, review.badge, review_texts.HELP)
    review.counted.connect(view.sections.refresh_badges)
    return review
