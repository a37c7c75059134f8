"""Choosing what a training starts from; the run to go on from decides the network."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from sslstudio.backbones.table import ARCHITECTURES, sees_volumes
from sslstudio.domain.specs import EARLIER as PREFIX
from sslstudio.gui.pages.pretrain import texts
from sslstudio.gui.pages.pretrain.methods import Method
from sslstudio.gui.pages.pretrain.start_panel import EARLIER, FILE, IMAGENET, RANDOM, EarlierRun, StartPanel


class Starting:
    """Keeps a `StartPanel` consistent. `changed(backbone)` is called after a choice, with the network it asks for."""

    def __init__(self, panel: StartPanel, changed: Callable[[str], None]) -> None:
        self._panel, self._changed = panel, changed
        self._runs: Sequence[EarlierRun] = ()
        self._usable: Sequence[EarlierRun] = ()
        self._method: Method | None = None
        self._volumes = False
        self._value = RANDOM
        self._run = ""
        self._file: Path | None = None
        panel.start_chosen.connect(self.choose)
        panel.earlier_chosen.connect(self.continue_from)
        panel.file_chosen.connect(self._choose_file)

    def set_runs(self, runs: Sequence[EarlierRun]) -> None:
        """The finished trainings of the project, newest first."""
        if list(runs) != list(self._runs):
            self._runs = runs
            self._show()

    def set_method(self, method: Method | None) -> None:
        """The method chosen: only runs of a network that it can train are a start."""
        self._method = method
        self._show()

    def set_volumes(self, volumes: bool) -> None:
        """Whether the network sees volumes: there are no ImageNet weights for those that do."""
        self._volumes = volumes
        if volumes and self._value == IMAGENET:
            self._value = RANDOM
        self._show()

    def problem(self) -> str:
        """Why nothing can be started from what stands here, or ""."""
        return texts.NO_WEIGHTS if self._value == FILE and self._file is None else ""

    @property
    def init(self) -> str:
        """`PretrainSpec.init`; a file's own name is put in when the run is prepared."""
        if self._value == EARLIER:
            return f"{PREFIX}{self._run}"
        return RANDOM if self._value == FILE else self._value

    @property
    def backbone(self) -> str:
        """The network that an earlier run asks for, or ""."""
        return next((run.backbone for run in self._usable if self._value == EARLIER and run.run_id == self._run), "")

    @property
    def weights(self) -> Path | None:
        """The weights file to start from, if one is."""
        return self._file if self._value == FILE else None

    def continue_from(self, run_id: str) -> None:
        """Start from this earlier run."""
        if any(run.run_id == run_id for run in self._usable):
            self._value, self._run = EARLIER, run_id
            self._show()
            self._changed(self.backbone)

    def reset(self) -> None:
        """Back to a start from nothing."""
        self._value, self._run, self._file = RANDOM, "", None
        self._panel.set_file("")
        self._show()

    def choose(self, value: str) -> None:
        """Start from nothing ("random"), from "imagenet" or from a "file"."""
        self._value = value
        self._show()
        self._changed("")

    def _choose_file(self, file: Path) -> None:
        self._file = file
        self._panel.set_file(file.name)
        self._changed("")

    def _show(self) -> None:
        method = self._method
        fitting = [
            name
            for name, one in ARCHITECTURES.items()
            if method is None
            or (one.family in method.requires.families and one.dimensions in method.requires.dimensions)
        ]
        self._usable = [run for run in self._runs if run.backbone in fitting]
        if self._value == EARLIER and all(run.run_id != self._run for run in self._usable):
            self._value, self._run = RANDOM, ""
        self._panel.set_runs(self._usable, self._run)
        self._panel.set_start(self._value, self._run)
        self._panel.choice.set_enabled(IMAGENET, not self._volumes, texts.NO_IMAGENET)
        self._propose()

    def _propose(self) -> None:
        """Methods that compare images of one patient were published as a second step, after one on single images."""
        method = self._method
        if method is None or not method.requires.bags or self._value == EARLIER:
            self._panel.set_proposal("", "", "")
            return
        alike = [run for run in self._usable if sees_volumes(run.backbone) == self._volumes]
        first = next((run for run in alike if run.task == "simclr"), None)
        if first is None:
            self._panel.set_proposal(texts.simclr_first(method.title), "", "")
        else:
            text = texts.continue_why(method.title)
            self._panel.set_proposal(text, texts.continue_from(first.run_id), first.run_id)
