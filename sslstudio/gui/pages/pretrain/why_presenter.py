"""Asks for the recommendation whenever data, methods or the effort change, and puts it into the panel on request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from PySide6.QtCore import QObject, QTimer

from sslstudio.backbones import at_hand
from sslstudio.backbones.table import ARCHITECTURES
from sslstudio.gui.pages.page import Services
from sslstudio.gui.pages.pretrain import texts
from sslstudio.gui.pages.pretrain.setting_up import SettingUp
from sslstudio.gui.pages.pretrain.setup_panel import SetupPanel
from sslstudio.session.planning import Effort
from sslstudio.session.recommending import Choice, Recommendation, recommend
from sslstudio.session.recommending_volumes import recommend_for_volumes

SETTINGS = ("backbone", "image_size", "epochs", "batch_size")


class WhyPresenter(QObject):
    """Keeps a `WhyPanel` in step with what is set up."""

    def __init__(self, services: Services, panel: SetupPanel, setting_up: SettingUp) -> None:
        super().__init__(panel)
        self._panel, self._setting_up = panel, setting_up
        self._at_hand: Mapping[str, bool] = {}
        self._found: Recommendation | None = None
        self._later = QTimer(self, singleShot=True, interval=100)
        self._later.timeout.connect(self.show)
        panel.parameters_changed.connect(self._later.start)
        panel.why.take_requested.connect(self._take)
        services.background.run(_weights_at_hand, done=self._take_at_hand)

    def close(self) -> None:
        """Stop asking."""
        self._later.stop()

    def show(self) -> None:
        """Ask again and show the answer."""
        at, found = self._setting_up, None
        if at.facts is not None and at.images:
            usable = [method.entry for method in at.found.methods if not method.problem]
            effort = cast(Effort, self._panel.effort.value())
            if at.seeing.volumes:
                found = recommend_for_volumes(at.facts, usable, gpu=at.gpu, speeds=at.speeds, effort=effort)
            else:
                found = recommend(at.facts, usable, gpu=at.gpu, at_hand=self._at_hand, speeds=at.speeds, effort=effort)
        self._found = found
        self._panel.why.set_lines([_line(choice) for choice in found.choices] if found is not None else [])
        self._panel.why.set_taken(found is not None and self._is_taken(found))

    def _is_taken(self, found: Recommendation) -> bool:
        spec = self._setting_up.specification()
        names = ("task", "init", *SETTINGS, *self._depth())
        return all(getattr(spec, name) == getattr(found.spec, name) for name in names)

    def _depth(self) -> tuple[str, ...]:
        """The number of slices counts only where they are seen together."""
        return ("depth",) if self._setting_up.seeing.volumes else ()

    def _take(self) -> None:
        if self._found is None:
            return
        spec = self._found.spec
        self._setting_up.pick_method(spec.task)
        self._setting_up.starting.choose(spec.init)
        self._setting_up.take({name: getattr(spec, name) for name in (*SETTINGS, *self._depth())})
        self.show()

    def _take_at_hand(self, known: Mapping[str, bool]) -> None:
        self._at_hand = known
        self.show()


def _weights_at_hand() -> dict[str, bool]:
    return {name: at_hand.imagenet(name) for name in ARCHITECTURES}


def _line(choice: Choice) -> tuple[str, str, str]:
    label = texts.WHY_NAMES.get(choice.name, choice.name)
    value = str(choice.value)
    names = {"task": texts.method_title(value), "backbone": texts.backbone_title(value)}
    shown = names.get(choice.name, texts.WHY_STARTS.get(value, value) if choice.name == "init" else value)
    return f"{label}: {shown}", choice.reason, choice.evidence
