"""Puts the Classify page together."""

from __future__ import annotations

from sslstudio.gui.explain.controller import Explaining
from sslstudio.gui.pages.classify.controller import ClassifyController
from sslstudio.gui.pages.classify.split_presenter import SplitPresenter
from sslstudio.gui.pages.classify.tuning import Tuning
from sslstudio.gui.pages.classify.view import ClassifyView
from sslstudio.gui.pages.page import Page, Services
from sslstudio.session import pooling


def create(services: Services) -> Page:
    """The Classify page of an open project."""
    view = ClassifyView()
    split = SplitPresenter(services, view.split, view)
    controller = ClassifyController(services, view, view, view.examination, split, view.counting)

    tuning = Tuning(services, view.tuning, controller.refresh, view, split.show_leaks)
    release = Explaining.of(services).add_to(services.actions, "classify")

    def refresh() -> None:
        controller.refresh()
        tuning.refresh()

    def close() -> None:
        release()
        controller.close()

    def badge() -> str:
        tested = [model.scores for model in controller.models() if model.scores]
        accuracy = pooling.counted(tested[-1]).get("balanced_accuracy") if tested else None
        return f"{accuracy['value']:.2f}" if isinstance(accuracy, dict) and accuracy.get("value") is not None else ""

    return Page(
        "classify",
        "Classify",
        "classify",
        view,
        badge=badge,
        refresh=refresh,
        activate=controller.activate,
        close=close,
    )
