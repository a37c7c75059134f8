"""Setting a training up: method, effort, start and parameters become a specification and a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import cast

from PySide6.QtCore import QObject, Signal

from sslstudio.domain.specs import Pairing, ParameterValue, Preset, PretrainSpec
from sslstudio.gui.pages.pretrain import texts
from sslstudio.gui.pages.pretrain.method_gallery import MethodGallery
from sslstudio.gui.pages.pretrain.methods import Advice, Found, Method, advise, arrange
from sslstudio.gui.pages.pretrain.seeing import Seeing
from sslstudio.gui.pages.pretrain.setup_panel import SetupPanel
from sslstudio.gui.pages.pretrain.starting import Starting
from sslstudio.session import planning as plan
from sslstudio.session.offering import VOLUMES_IN_A_BATCH, DataFacts

_RECOMMENDED = ("learning_rate", "weight_decay", "warmup_fraction", "backbone")


class SettingUp(QObject):
    """Keeps a `SetupPanel` and the cards of the methods consistent; knows nothing of runs under way.

    ``method_changed`` fires when another method was taken.
    """

    method_changed = Signal()

    def __init__(self, panel: SetupPanel, gallery: MethodGallery) -> None:
        super().__init__(panel)
        self._panel, self._gallery = panel, gallery
        self.found = Found()
        self._advice = Advice({}, {})
        self.facts: DataFacts | None = None
        self._method = ""
        self._picked = False
        self.images = self._patients = 0
        """How many images would be trained on, and of how many patients."""
        self.speeds: Mapping[str, float] = {}
        self.gpu = False
        self.pairing = Pairing()
        self.preset: Preset = "auto"
        self.starting = Starting(panel.start_from, self._start_changed)
        self.seeing = Seeing(panel, self._sees_others)
        gallery.method_chosen.connect(self.pick_method)
        panel.method.recommended_requested.connect(lambda: self.pick_method(self._advice.best))
        panel.kind.chosen.connect(self._preset_chosen)
        panel.effort_chosen.connect(lambda _: self._apply_effort())
        panel.parameters_changed.connect(self._show_plan)
        panel.reset_requested.connect(self._reset)

    def set_data(self, images: int, patients: int, speeds: Mapping[str, float], facts: DataFacts) -> None:
        """What there is to learn from, and how fast this computer was seen to train.

        The facts decide what methods mean anything on the images.
        """
        changed = (images, patients, facts) != (self.images, self._patients, self.facts)
        self.facts = facts
        self.seeing.set_facts(facts)
        self._panel.kind.set_resolved(facts.preset)
        self.images, self._patients, self.speeds = images, patients, speeds
        if changed:
            self._settle()
            self._apply_effort()
        self._show_plan()

    def set_methods(self, found: Found) -> None:
        """The methods that are installed."""
        self.found = found
        self._settle()

    def set_machine(self, text: str) -> None:
        """What this computer trains on, as `machine.describe` says it."""
        self.gpu = not text.startswith("CPU")
        self._apply_effort()

    def pick_method(self, method_id: str) -> None:
        """Take this method, by the user's wish: no recommendation changes it any more."""
        self._picked = True
        self._choose_method(method_id)

    def problem(self) -> str:
        """Why what stands in the panel cannot be started, or ""."""
        if not self.images:
            return texts.NO_IMAGES
        if self.method is None:
            return texts.NO_METHOD
        misfit = texts.start_misfit(self.starting.init, self.starting.backbone, str(self._panel.values()["backbone"]))
        why = self.seeing.problem() or self._advice.reasons.get(self._method, "")
        return why or self.starting.problem() or misfit

    def specification(self) -> PretrainSpec:
        """What would be started now."""
        values: dict[str, object] = dict(self._panel.values())
        values["parameters"] = self._panel.method_values()
        if self.method is not None and self.method.requires.bags:
            values["pairing"] = self.pairing
        init = self.starting.init
        return PretrainSpec.model_validate({"task": self._method, "init": init, "preset": self.preset, **values})

    def take(self, values: Mapping[str, ParameterValue]) -> None:
        """Put these settings into the panel."""
        self._panel.set_values(values)
        self.seeing.show()
        self._panel.parameters_changed.emit()

    def device(self, asked: object) -> str:
        """Under which name the speed of a device is kept: "auto" is what this computer has."""
        return str(asked) if asked != "auto" else ("gpu" if self.gpu else "cpu")

    @property
    def resolved_preset(self) -> Preset:
        """The kind of image in force; "auto" follows the data."""
        known = self.facts.preset if self.facts is not None else "plain"
        return known if self.preset == "auto" else self.preset

    def _preset_chosen(self, preset: Preset) -> None:
        self.preset = preset
        self._settle()
        self._panel.parameters_changed.emit()

    @property
    def method(self) -> Method | None:
        """The method in force, None while there is none that can be chosen."""
        return self.found.method(self._method)

    def _settle(self) -> None:
        """Methods or data are known now, or are others: show the cards, and take the recommended method."""
        facts = replace(self.facts, preset=self.resolved_preset) if self.facts is not None else None
        volumes = self.seeing.volumes
        self._panel.set_data(texts.data_line(self.images, self._patients), 0 < self.images < 1000 and not volumes)
        network = self.seeing.backbone if volumes else ""
        self._advice = advise(self.found, facts, self.images, self._patients, network)
        best = self._advice.best or next((method.id for method in self.found.methods if not method.problem), "")
        if not self._picked and best != self._method and best:
            self._choose_method(best)
        else:
            self._show_methods()

    def _choose_method(self, method_id: str) -> None:
        self._method = method_id
        method = self.method
        self._panel.set_method_form(method)
        if method is not None:
            wanted = _suited(method)
            if self.seeing.keeps(method):
                del wanted["backbone"]
            self._panel.set_values(wanted)
        self.seeing.set_method(method)
        self.starting.set_method(method)
        self._start_changed(self.starting.backbone)
        self._show_methods()
        self._apply_effort()
        self.method_changed.emit()

    def _show_methods(self) -> None:
        advice = self._advice
        self._gallery.set_groups(arrange(self.found, advice), self._method)
        method, best = self.method, self.found.method(advice.best)
        other = best.title if best is not None and advice.best != self._method else ""
        note = ""
        if method is not None:
            note = texts.family_note(method.title, method.requires.families, str(self._panel.values()["backbone"]))
            note = " ".join(filter(None, (advice.cautions.get(self._method, ""), note)))
        self._panel.method.set_method(method, texts.instead(other, advice.praise), other, note)

    def _start_changed(self, backbone: str) -> None:
        if backbone:
            self._panel.set_values({"backbone": backbone})
        self._panel.parameters_changed.emit()

    def _sees_others(self) -> None:
        """Volumes take the place of images, or the other way round."""
        self.starting.set_volumes(self.seeing.volumes)
        self._settle()
        self._apply_effort()

    def _apply_effort(self) -> None:
        volumes = self.seeing.volumes
        batch = self.method.entry.recommended_batch if self.method is not None else 0
        effort = cast(plan.Effort, self._panel.effort.value())
        made = plan.make_plan(
            effort,
            self.seeing.samples(self.images),
            VOLUMES_IN_A_BATCH if volumes else batch,
            gpu=self.gpu,
            volumes=volumes,
        )
        self._panel.set_values({"image_size": made.image_size, "epochs": made.epochs, "batch_size": made.batch_size})
        self._panel.parameters_changed.emit()

    def _reset(self) -> None:
        self._panel.common.reset()
        self._panel.rare.reset()
        self._panel.reset_method_form()
        self.preset = "auto"
        self._panel.kind.set_preset("auto")
        if self.method is not None:
            self._panel.set_values(_suited(self.method))
        self.seeing.show()
        self._apply_effort()

    def _show_plan(self) -> None:
        self.seeing.show()
        values = self._panel.values()
        size, epochs, backbone = int(values["image_size"]), int(values["epochs"]), str(values["backbone"])
        device, depth = self.device(values["device"]), self.seeing.depth
        speed, measured = plan.images_per_second(self.speeds, backbone, size, device, gpu=device != "cpu", depth=depth)
        samples = self.seeing.samples(self.images)
        lasts = texts.estimate(plan.seconds(samples, epochs, speed), measured) if samples else ""
        line = texts.effort_line(size, epochs, int(values["batch_size"]), texts.backbone_title(backbone), depth)
        self._panel.set_plan(lasts, line)


def _suited(method: Method) -> dict[str, ParameterValue]:
    """Settings of a run that suit the method, and those of every run where it asks for nothing."""
    wishes = method.entry.recommended.model_dump()
    defaults = PretrainSpec()
    return {name: wishes[name] or getattr(defaults, name) for name in _RECOMMENDED}
