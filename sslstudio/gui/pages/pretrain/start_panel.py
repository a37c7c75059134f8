"""What the network starts from: nothing, photographs, an earlier run of this project, or a file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QFileDialog, QVBoxLayout, QWidget

from sslstudio.gui.pages.pretrain import texts
from sslstudio.gui.widgets.controls import PlainButton, SectionTitle, Segmented, Text

RANDOM, IMAGENET, EARLIER, FILE = "random", "imagenet", "earlier", "file"


@dataclass(frozen=True)
class EarlierRun:
    """A finished training whose network can be a start."""

    run_id: str
    task: str
    backbone: str
    image_size: int

    @property
    def title(self) -> str:
        """ "simclr-1: SimCLR, ResNet-18, 64 px"."""
        return (
            f"{self.run_id}: {texts.method_title(self.task)}, {texts.backbone_title(self.backbone)}, "
            f"{self.image_size} px"
        )


class StartPanel(QWidget):
    """Setters, and a signal for each wish. ``earlier_chosen(run id)`` also comes from the one-click proposal."""

    start_chosen = Signal(str)
    earlier_chosen = Signal(str)
    file_chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._proposed = ""
        self.choice = Segmented(texts.STARTS, texts.START_FROM)
        self.choice.chosen.connect(self._chosen)
        self.help = Text(texts.START_HELP[RANDOM], "small")
        self.file = PlainButton(texts.CHOOSE_FILE, "file")
        self.file.setToolTip(texts.START_HELP[FILE])
        self.file.clicked.connect(self._ask_file)
        self.file.hide()
        self.runs = QComboBox()
        self.runs.setAccessibleName(texts.EARLIER_RUN)
        self.runs.setToolTip(texts.START_HELP[EARLIER])
        self.runs.activated.connect(lambda _: self.earlier_chosen.emit(str(self.runs.currentData())))
        self.runs.hide()
        self.proposal = Text("", "small")
        self.take = PlainButton("", "resume")
        self.take.clicked.connect(lambda: self.earlier_chosen.emit(self._proposed))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 8, 0, 0)
        column.setSpacing(8)
        column.addWidget(SectionTitle(texts.START_FROM))
        for part in (self.choice, self.runs, self.file, self.help, self.proposal, self.take):
            column.addWidget(part)
        self.set_runs(())
        self.set_proposal("", "", "")

    def set_runs(self, runs: Sequence[EarlierRun], chosen: str = "") -> None:
        """The runs that can be gone on from; the option is off, with the reason, while there is none."""
        self.runs.clear()
        for run in runs:
            self.runs.addItem(run.title, run.run_id)
        self.runs.setCurrentIndex(max(0, self.runs.findData(chosen)) if runs else -1)
        self.choice.set_enabled(EARLIER, bool(runs), texts.NO_EARLIER)

    def set_start(self, value: str, run_id: str = "") -> None:
        """Show what is chosen, without telling."""
        self.choice.set_value(value)
        if run_id:
            self.runs.setCurrentIndex(self.runs.findData(run_id))
        self.help.setText(texts.START_HELP[value])
        self.file.setVisible(value == FILE)
        self.runs.setVisible(value == EARLIER)

    def set_proposal(self, text: str, action: str, run_id: str) -> None:
        """Propose an earlier run in a sentence, and a button to take it; with "" neither."""
        self._proposed = run_id
        self.proposal.setText(text)
        self.proposal.setVisible(bool(text))
        self.take.setText(action)
        self.take.setToolTip(text)
        self.take.setVisible(bool(action))

    def set_file(self, name: str) -> None:
        """The weights file that was chosen."""
        self.file.setText(name or texts.CHOOSE_FILE)

    def _chosen(self, value: str) -> None:
        self.set_start(value)
        if value == EARLIER:
            self.earlier_chosen.emit(str(self.runs.currentData()))
        else:
            self.start_chosen.emit(value)

    def _ask_file(self) -> None:
        chosen, _ = QFileDialog.getOpenFileName(self, texts.CHOOSE_FILE, "", "Weights (*.safetensors *.pth *.pt)")
        if chosen:
            self.file_chosen.emit(Path(chosen))
