"""Puts the Home page together."""

from __future__ import annotations

from sslstudio.gui.pages.home.controller import HomeController, HomeServices
from sslstudio.gui.pages.home.view import HomeView
from sslstudio.gui.pages.page import Page


def create(services: HomeServices, view: HomeView) -> Page:
    """The Home page, on a view that the window may tell what it is waiting for."""
    controller = HomeController(services, view)
    return Page("home", "Home", "home", view, refresh=controller.refresh, activate=controller.refresh)
