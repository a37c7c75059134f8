"""The dialog that holds a table against the labels that stand, before anything is written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QDialog,
    QGridLayout,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QScrollArea,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from sslstudio.gui.pages.label import files_texts as texts
from sslstudio.gui.widgets.controls import PlainButton, PrimaryButton, SectionTitle, Segmented, Text
from sslstudio.session.label_import import ADD, SKIP, Columns, Entry, Plan, Verdict

_KEYS: dict[int, Verdict] = {Qt.Key.Key_M: "mine", Qt.Key.Key_T: "theirs", Qt.Key.Key_L: "leave"}
_IMAGE = int(Qt.ItemDataRole.UserRole) + 1


class _Rows(QTableWidget):
    """The table of images; M, T and L decide for the selected rows."""

    decided = Signal(str)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """A decision by its letter; all else as in any table."""
        verdict = _KEYS.get(event.key())
        if verdict is not None and not event.modifiers():
            self.decided.emit(verdict)
        else:
            super().keyPressEvent(event)


class ImportDialog(QDialog):
    """``changed()`` when columns or rater are others, ``image_shown(id)`` of the row in hand,
    ``import_requested()``."""

    changed = Signal()
    image_shown = Signal(int)
    import_requested = Signal()

    def __init__(self, name: str, names: Sequence[str], guess: Columns, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(texts.IMPORT.rstrip(" ."))
        self.resize(820, 600)
        self._guess = guess
        self._plan: Plan | None = None
        self._verdicts: dict[int, Verdict] = {}
        self._choices: dict[str, QComboBox] = {}
        self.image = _combo(texts.IMAGE_COLUMN, names, guess.image)
        self.label = _combo(texts.LABEL_COLUMN, names, guess.label)
        self.who = QLineEdit()
        self.who.setMaxLength(200)
        self.who.setAccessibleName(texts.WHO)
        self.who.setToolTip(texts.WHO_HELP)
        self.who.setPlaceholderText("Name or initials")
        self.who_column = _combo(f"{texts.WHO} {texts.WHO_COLUMN}", names, guess.rater)
        self.summary = Text(texts.READING, "")
        self.shown = Segmented(texts.SHOWN, "Which rows are listed")
        self.rows = _Rows(0, len(texts.HEADERS))
        self.take = PrimaryButton(texts.import_button(None))
        self._note = Text("", "small")
        self._classes = QWidget()
        self._grid = QGridLayout(self._classes)
        self._build(name)
        self._connect()
        self._ready()

    def columns(self) -> Columns:
        """Which columns are meant."""
        given = [str(combo.currentData()) for combo in (self.image, self.label, self.who_column)]
        guess = self._guess
        return Columns(given[0], given[1], given[2], guess.mark, guess.note, guess.subject, guess.frame)

    def verdicts(self) -> dict[int, Verdict]:
        """What was decided of each conflict."""
        return dict(self._verdicts)

    def classes(self) -> dict[str, str]:
        """What becomes of each class that the project does not have."""
        return {name: str(combo.currentData()) for name, combo in self._choices.items()}

    def set_plan(self, plan: Plan, known: Sequence[str]) -> None:
        """What the table holds; `known` are the names of the project's classes."""
        self._plan = plan
        self._verdicts = {entry.image_id: self._verdicts.get(entry.image_id, "mine") for entry in plan.conflicts}
        self.summary.set_role("")
        self.summary.setText(texts.summary(plan))
        self._list_classes(plan, known)
        if not plan.conflicts and self.shown.value() == "conflicts" and plan.new:
            self.shown.set_value("new")
        self._list()
        self._ready()

    def set_problem(self, text: str) -> None:
        """The table cannot be understood yet, and why."""
        self._plan = None
        self.summary.set_role("danger")
        self.summary.setText(text)
        self._list()
        self._ready()

    def decide(self, verdict: Verdict) -> None:
        """Decide so for the selected conflicts, or for all where none is selected."""
        if self._plan is None or self.shown.value() != "conflicts":
            return
        rows = {index.row() for index in self.rows.selectedIndexes()}
        chosen = [self._image_of(row) for row in sorted(rows)]
        for image_id in chosen if len(rows) > 1 or (rows and self.rows.hasFocus()) else self._verdicts:
            self._verdicts[image_id] = verdict
        for row in range(self.rows.rowCount()):
            cell = self.rows.item(row, 4)
            if cell is not None:
                cell.setText(texts.DECISIONS[self._verdicts[self._image_of(row)]])

    def _image_of(self, row: int) -> int:
        """The image of a row; -1 for a row that names none."""
        item = self.rows.item(row, 0)
        found = item.data(_IMAGE) if item is not None else None
        return -1 if found is None else int(found)

    def _list(self) -> None:
        plan, what = self._plan, self.shown.value()
        for button in self._bulk:
            button.setEnabled(plan is not None and what == "conflicts" and bool(plan.conflicts))
        self.rows.setRowCount(0)
        self._note.setText("")
        if plan is None:
            return
        if what == "unknown":
            self._list_unknown(plan)
            return
        entries = {"conflicts": plan.conflicts, "new": plan.new, "same": plan.same}[what]
        self.rows.setRowCount(min(len(entries), texts.MOST_ROWS))
        for row, entry in enumerate(entries[: texts.MOST_ROWS]):
            self._fill(row, entry, what)
        if len(entries) > texts.MOST_ROWS:
            self._note.setText(
                f"The first {texts.MOST_ROWS:,} of {len(entries):,} are listed; decisions for all hold for all."
            )

    def _fill(self, row: int, entry: Entry, what: str) -> None:
        who = ", ".join(one.rater for one in entry.given)
        decision = texts.DECISIONS[self._verdicts[entry.image_id]] if what == "conflicts" else ""
        for column, text in enumerate((f"#{entry.image_id}", entry.mine or "-", entry.theirs, who, decision)):
            item = QTableWidgetItem(text)
            item.setData(_IMAGE, entry.image_id)
            item.setToolTip(text)
            self.rows.setItem(row, column, item)

    def _list_unknown(self, plan: Plan) -> None:
        strange = [(cell, "no such image") for cell in plan.unknown_images]
        strange += [(cell, "fits several files") for cell in plan.ambiguous]
        self.rows.setRowCount(min(len(strange), texts.MOST_ROWS))
        for row, (cell, why) in enumerate(strange[: texts.MOST_ROWS]):
            for column, text in enumerate((cell, "", "", "", why)):
                item = QTableWidgetItem(text)
                item.setToolTip(text)
                self.rows.setItem(row, column, item)

    def _list_classes(self, plan: Plan, known: Sequence[str]) -> None:
        while self._grid.count():
            entry = self._grid.takeAt(0)
            old = entry.widget() if entry is not None else None
            if old is not None:
                old.hide()
                old.deleteLater()
        self._choices.clear()
        for row, (name, images) in enumerate(sorted(plan.unknown_classes.items())):
            combo = QComboBox()
            combo.setAccessibleName(f"What becomes of {name}")
            combo.addItem(texts.ADD_CLASS, ADD)
            combo.addItem(texts.SKIP_CLASS, SKIP)
            for other in known:
                combo.addItem(f"It is {other}", other)
            self._choices[name] = combo
            self._grid.addWidget(QLabel(texts.unknown_class(name, images)), row, 0)
            self._grid.addWidget(combo, row, 1)
        self._strange.setVisible(bool(plan.unknown_classes))

    def _ready(self) -> None:
        plan = self._plan
        some = plan is not None and bool(plan.new or plan.same or plan.conflicts)
        self.take.setText(texts.import_button(plan))
        self.take.setEnabled(some)
        self.take.setToolTip("" if some else "The table names no image of this project that has a label in it")

    def _show_row(self) -> None:
        image_id = self._image_of(self.rows.currentRow())
        if image_id >= 0:
            self.image_shown.emit(image_id)

    def _build(self, name: str) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 16, 20, 16)
        column.setSpacing(8)
        column.addWidget(SectionTitle(name))
        form = QGridLayout()
        form.setHorizontalSpacing(8)
        form.setVerticalSpacing(6)
        for place, (title, part) in enumerate(
            ((texts.IMAGE_COLUMN, self.image), (texts.LABEL_COLUMN, self.label), (texts.WHO, self.who),
             (texts.WHO_COLUMN, self.who_column))
        ):  # fmt: skip
            label = QLabel(title)
            label.setProperty("role", "muted")
            label.setBuddy(part)
            form.addWidget(label, place // 2, 2 * (place % 2))
            form.addWidget(part, place // 2, 2 * (place % 2) + 1)
        form.setColumnStretch(1, 1)
        form.setColumnStretch(3, 1)
        column.addLayout(form)
        column.addWidget(self.summary)
        column.addWidget(self._strange_classes())
        line = QHBoxLayout()
        line.addWidget(self.shown)
        line.addStretch(1)
        line.addWidget(Text(texts.FOR_SELECTED, "muted"))
        self._bulk = []
        for verdict, title in texts.DECISIONS.items():
            button = PlainButton(title, quiet=True)
            button.setToolTip(texts.DECISION_HELPS[verdict])
            button.setAutoDefault(False)
            button.clicked.connect(lambda _=False, asked=verdict: self.decide(cast("Verdict", asked)))
            self._bulk.append(button)
            line.addWidget(button)
        column.addLayout(line)
        column.addWidget(self.rows, 1)
        column.addWidget(self._note)
        foot = QHBoxLayout()
        foot.addWidget(Text(texts.ONE_STEP, "muted"), 1)
        cancel = PlainButton("Cancel")
        cancel.setAutoDefault(False)
        cancel.clicked.connect(self.reject)
        foot.addWidget(cancel)
        foot.addWidget(self.take)
        column.addLayout(foot)

    def _strange_classes(self) -> QWidget:
        self._strange = QWidget()
        column = QVBoxLayout(self._strange)
        column.setContentsMargins(0, 0, 0, 0)
        title = QLabel(texts.CLASSES)
        title.setProperty("role", "strong")
        column.addWidget(title)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setColumnStretch(1, 1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setWidget(self._classes)
        area.setMaximumHeight(112)
        column.addWidget(area)
        self._strange.hide()
        return self._strange

    def _connect(self) -> None:
        rows = self.rows
        rows.setHorizontalHeaderLabels(list(texts.HEADERS))
        rows.setAccessibleName("Images of the table")
        rows.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        rows.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        rows.verticalHeader().hide()
        rows.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        rows.currentCellChanged.connect(lambda *_: self._show_row())
        rows.decided.connect(self.decide)
        self.shown.chosen.connect(lambda _: self._list())
        for combo in (self.image, self.label, self.who_column):
            combo.activated.connect(lambda _: self.changed.emit())
        self.who.editingFinished.connect(self.changed)
        self.take.clicked.connect(self.import_requested)
        self.take.setAutoDefault(False)


def _combo(name: str, names: Sequence[str], current: str) -> QComboBox:
    combo = QComboBox()
    combo.setAccessibleName(name)
    combo.addItem(texts.NO_COLUMN, "")
    for one in names:
        combo.addItem(one, one)
    combo.setCurrentIndex(max(0, combo.findData(current)))
    return combo
