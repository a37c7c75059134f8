"""Setting a training up: method, effort, start and parameters become a specification and a time."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import cast

from PySide6.QtCore import QObject

from sslstudio.domain.specs import ParameterValue, PretrainSpec
from sslstudio.gui.pages.pretrain import plan, texts
from sslstudio.gui.pages.pretrain.methods import Method, recommend
from sslstudio.gui.pages.pretrain.setup_panel import SetupPanel


class SettingUp(QObject):
    """Keeps a `SetupPanel` consistent; knows nothing of runs."""

    def __init__(self, panel: SetupPanel) -> None:
        super().__init__(panel)
        self._panel = panel
        self._methods: list[Method] = []
        self._method = ""
        self._images = self._patients = 0
        self._speeds: Mapping[str, float] = {}
        self._start_from = "random"
        self._file: Path | None = None
        self._gpu = False
        panel.method_chosen.connect(self.choose_method)
        panel.effort_chosen.connect(lambda _: self._apply_effort())
        panel.start_chosen.connect(self._choose_start)
        panel.file_chosen.connect(self._choose_file)
        panel.parameters_changed.connect(self._show_plan)
        panel.reset_requested.connect(self._reset)

    def set_data(self, images: int, patients: int, speeds: Mapping[str, float]) -> None:
        """What there is to learn from, and how fast this computer was seen to train."""
        changed = (images, patients) != (self._images, self._patients)
        self._images, self._patients, self._speeds = images, patients, speeds
        self._panel.set_data(texts.data_line(images, patients), 0 < images < 1000)
        if changed:
            self._show_methods()
            self._apply_effort()
        self._show_plan()

    def set_methods(self, methods: list[Method]) -> None:
        """The methods that are installed."""
        self._methods = methods
        self._method = recommend(methods, self._images, self._patients)
        self._show_methods()
        self._panel.set_method_form(self._chosen())
        self._apply_effort()

    def set_machine(self, text: str) -> None:
        """What this computer trains on, as `machine.describe` says it."""
        self._gpu = not text.startswith("CPU")
        self._apply_effort()

    def choose_method(self, method_id: str) -> None:
        """Take this method."""
        self._method = method_id
        self._panel.set_method(method_id)
        self._panel.set_method_form(self._chosen())
        self._apply_effort()

    def problem(self) -> str:
        """Why what stands in the panel cannot be started, or ""."""
        if not self._images:
            return texts.NO_IMAGES
        if self._chosen() is None:
            return texts.NO_METHOD
        return texts.NO_WEIGHTS if self._start_from == "file" and self._file is None else ""

    def weights(self) -> Path | None:
        """The weights file to start from, if one is."""
        return self._file if self._start_from == "file" else None

    def specification(self) -> PretrainSpec:
        """What would be started now."""
        values: dict[str, ParameterValue | dict[str, ParameterValue]] = dict(self._panel.values())
        values["parameters"] = self._panel.method_values()
        init = "imagenet" if self._start_from == "imagenet" else "random"
        return PretrainSpec.model_validate({"task": self._method, "init": init, **values})

    def device(self, asked: object) -> str:
        """Under which name the speed of a device is kept: "auto" is what this computer has."""
        return str(asked) if asked != "auto" else ("gpu" if self._gpu else "cpu")

    def _chosen(self) -> Method | None:
        return next((method for method in self._methods if method.id == self._method and not method.problem), None)

    def _show_methods(self) -> None:
        marked = recommend(self._methods, self._images, self._patients) if self._images else ""
        why = texts.recommended(self._images, self._patients, marked)
        self._panel.set_methods(self._methods, self._method, marked, why)

    def _choose_start(self, value: str) -> None:
        self._start_from = value
        self._panel.parameters_changed.emit()

    def _choose_file(self, file: Path) -> None:
        self._file = file
        self._panel.set_file(file.name)
        self._panel.parameters_changed.emit()

    def _apply_effort(self) -> None:
        chosen = self._chosen()
        effort = cast(plan.Effort, self._panel.effort.value())
        made = plan.make_plan(effort, self._images, chosen.recommended_batch if chosen else 0, gpu=self._gpu)
        self._panel.set_values({"image_size": made.image_size, "epochs": made.epochs, "batch_size": made.batch_size})
        self._panel.parameters_changed.emit()

    def _reset(self) -> None:
        self._panel.common.reset()
        self._panel.rare.reset()
        self._panel.reset_method_form()
        self._apply_effort()

    def _show_plan(self) -> None:
        values = self._panel.values()
        size, epochs, backbone = int(values["image_size"]), int(values["epochs"]), str(values["backbone"])
        device = self.device(values["device"])
        speed, measured = plan.images_per_second(self._speeds, backbone, size, device, gpu=device != "cpu")
        lasts = texts.estimate(plan.seconds(self._images, epochs, speed), measured) if self._images else ""
        line = texts.effort_line(size, epochs, int(values["batch_size"]), texts.backbone_title(backbone))
        self._panel.set_plan(lasts, line)
