"""Hands the chosen groups to the Label page, which checks a blind sample of them before all get one label."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
from PySide6.QtCore import QObject

from sslstudio.gui.item_models.current_map import CurrentMap
from sslstudio.gui.pages.explore import group_texts as texts
from sslstudio.gui.pages.explore.groups_panel import GroupsPanel
from sslstudio.gui.pages.page import Services


class View(Protocol):
    """The part of the view that is driven here."""

    panel: GroupsPanel
    groups: Any


class GroupLabelling(QObject):
    """`why_not` says why nothing can be done with groups at all; "" when it can."""

    def __init__(self, services: Services, view: View, why_not: Callable[[], str], parent: QObject) -> None:
        super().__init__(parent)
        self._services, self._view, self._why_not = services, view, why_not
        self._current = CurrentMap.of(services)
        view.panel.label_requested.connect(self.begin)

    def reason(self) -> str:
        """Why no group can be labelled now; "" when one can."""
        return self._why_not() or ("" if self._view.groups.chosen() else texts.GROUP_NEEDED)

    def show_reason(self) -> None:
        """Bring the button up to date."""
        self._view.panel.set_label_reason(self.reason())

    def begin(self) -> None:
        """Bring the Label page to the front and ask it to check the chosen groups."""
        data, reason = self._current.known.map, self.reason()
        if data is None or reason:
            self._services.notify.info(reason or texts.NO_MAP)
            return
        chosen = self._view.groups.chosen()
        ids = data.ids[np.isin(data.cluster, chosen)]
        name = self._current.known.group_names.get(chosen[0], "") if len(chosen) == 1 else ""
        self._services.navigate("label")
        self._services.session.check_asked.emit(np.sort(ids), name)
