"""The examination of one classifier: panels under tabs, from its scores to its worst cases."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtWidgets import QVBoxLayout, QWidget

from sslstudio.gui.pages.classify import examination_texts as texts
from sslstudio.gui.pages.classify.cut_panel import CutPanel
from sslstudio.gui.pages.classify.score_panel import ScorePanel
from sslstudio.gui.pages.classify.subgroup_panel import SubgroupPanel
from sslstudio.gui.pages.classify.trust_panel import TrustPanel
from sslstudio.gui.pages.classify.worst_panel import WorstPanel
from sslstudio.gui.widgets.tabbed import Tabbed


class ExaminationView(QWidget):
    """Setters for what is found; the panels answer what concerns only them."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.scores = ScorePanel()
        self.trust = TrustPanel()
        self.cut = CutPanel()
        self.subgroups = SubgroupPanel()
        self.worst = WorstPanel()
        self.tabs = Tabbed(texts.EXAMINATION)
        self.tabs.add_panel("scores", texts.SCORES, texts.SCORES_HELP, self.scores)
        self.tabs.add_panel("trust", texts.TRUST, texts.TRUST_HELP, self.trust)
        self.tabs.add_panel("cut", texts.CUT, texts.CUT_HELP, self.cut)
        self.tabs.add_panel("subgroups", texts.SUBGROUPS, texts.SUBGROUPS_HELP, self.subgroups)
        self.tabs.add_panel("worst", texts.WORST, texts.WORST_HELP, self.worst)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.tabs)

    def set_scores(self, scores: Mapping[str, Any], colours: Mapping[str, str]) -> None:
        """What the evaluation found."""
        self.scores.set_scores(scores, colours)
        self.trust.set_scores(scores)
        self.cut.set_scores(scores)
