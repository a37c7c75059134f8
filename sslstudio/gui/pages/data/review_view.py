"""What the Review section looks like: kinds as chips, a row for each finding, and what one can decide."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QHBoxLayout,
    QListView,
    QMenu,
    QProgressBar,
    QVBoxLayout,
    QWidget,
)

from sslstudio.catalogue.rows import FindingCount
from sslstudio.domain.findings import FindingKind
from sslstudio.gui.pages.data import review_texts as texts
from sslstudio.gui.pages.data.review_delegate import ReviewDelegate
from sslstudio.gui.pages.data.review_model import Entry, ReviewModel
from sslstudio.gui.pages.data.review_pictures import ReviewPictures
from sslstudio.gui.widgets.controls import Chip, EmptyState, PlainButton, PrimaryButton, Text
from sslstudio.gui.widgets.flow_layout import FlowLayout
from sslstudio.gui.widgets.stack import Stack

KEYS = {
    Qt.Key.Key_X: "leave_out",
    Qt.Key.Key_Space: "keep",
    Qt.Key.Key_Return: "first",
    Qt.Key.Key_Enter: "first",
    Qt.Key.Key_D: "differ",
}


class ReviewList(QListView):
    """A list whose decisions are keys; ``key_pressed(action)`` carries a value of `KEYS`."""

    key_pressed = Signal(str)
    entered = Signal()

    def focusInEvent(self, event: QFocusEvent) -> None:
        """The user has come to this list."""
        super().focusInEvent(event)
        self.entered.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Decide, or move as in any list."""
        action = KEYS.get(Qt.Key(event.key()))
        if action is not None and not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            self.key_pressed.emit(action)
            event.accept()
            return
        super().keyPressEvent(event)


class ReviewPane(QWidget):
    """Setters, and a signal for each wish.

    ``decided(action)`` is "leave_out", "keep", "first" or "differ" on the current entry; ``all_decided(action)`` is
    "keep", "keep_one" or "leave_out" on all entries of the kind. ``current_changed(entry)`` only while the user works
    here: entries come by themselves when a look ends, and what is selected elsewhere is the user's.
    """

    kind_requested = Signal(str)
    current_changed = Signal(object)
    decided = Signal(str)
    all_decided = Signal(str)
    look_requested = Signal(bool)
    stop_requested = Signal()
    auto_changed = Signal(bool)

    def __init__(self, pictures: ReviewPictures, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model = ReviewModel()
        pictures.ready.connect(self.model.pictures_came)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 8, 0, 0)
        column.setSpacing(8)
        column.addWidget(self._make_head())
        self._stack = Stack()
        self._stack.addWidget(self._make_rows(pictures))
        self.empty = EmptyState("check", texts.EMPTY, texts.EMPTY_TEXT, texts.LOOK)
        self.empty.action_requested.connect(lambda: self.look_requested.emit(False))
        self._stack.addWidget(self.empty)
        column.addWidget(self._stack, 1)
        self.set_entries("text", ())

    def _make_head(self) -> QWidget:
        self.line = Text("", "muted")
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setRange(0, 1000)
        self.bar.setMaximumWidth(180)
        self.bar.setAccessibleName("Progress of looking through the images")
        self.stop = PlainButton(texts.STOP, "stop")
        self.stop.clicked.connect(lambda: self.stop_requested.emit())
        self.look = PlainButton(texts.LOOK, "eye")
        self.look.clicked.connect(lambda: self.look_requested.emit(False))
        self.more = PlainButton("", "more")
        self.more.setAccessibleName("More about looking through the images")
        self.more.setToolTip("More")
        menu = QMenu(self.more)
        self.again = menu.addAction(texts.AGAIN)
        self.again.setToolTip(texts.AGAIN_HELP)
        self.again.triggered.connect(lambda: self.look_requested.emit(True))
        menu.setToolTipsVisible(True)
        self.more.setMenu(menu)
        self.auto = QCheckBox(texts.AUTO)
        self.auto.setToolTip(texts.AUTO_HELP)
        self.auto.clicked.connect(self.auto_changed)
        head = QWidget()
        row = QHBoxLayout(head)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(10)
        row.addWidget(self.line, 1)
        for part in (self.bar, self.stop, self.look, self.auto, self.more):
            row.addWidget(part)
        return head

    def _make_rows(self, pictures: ReviewPictures) -> QWidget:
        chips = QWidget()
        self._chips = FlowLayout(chips, 6)
        self.about = Text("", "muted")
        rows = self.rows = ReviewList()
        rows.setModel(self.model)
        rows.setItemDelegate(ReviewDelegate(pictures.pixmap, pictures.is_missing, rows))
        rows.setAccessibleName("Findings to decide on")
        rows.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        rows.setUniformItemSizes(True)
        rows.setFrameShape(QListView.Shape.NoFrame)
        rows.setResizeMode(QListView.ResizeMode.Adjust)
        rows.key_pressed.connect(self.decided)
        rows.entered.connect(self._current_changed)
        rows.selectionModel().currentChanged.connect(self._moved)
        holder = QWidget()
        column = QVBoxLayout(holder)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(chips)
        column.addWidget(self.about)
        column.addWidget(rows, 1)
        column.addLayout(self._make_foot())
        return holder

    def _make_foot(self) -> QHBoxLayout:
        self.first = PrimaryButton("")
        self.keep = PlainButton(texts.KEEP)
        self.leave_out = PlainButton(texts.LEAVE_OUT)
        self.differ = PlainButton(f"{texts.DIFFER}  D")
        self.differ.setToolTip(texts.DIFFER_HELP)
        for button, action in (
            (self.first, "first"),
            (self.keep, "keep"),
            (self.leave_out, "leave_out"),
            (self.differ, "differ"),
        ):
            button.clicked.connect(lambda _=False, what=action: self.decided.emit(what))
        self.all = PlainButton("All of this kind", "more")
        menu = QMenu(self.all)
        self.keep_one_each = menu.addAction(texts.KEEP_ONE_EACH)
        self.keep_all = menu.addAction(texts.KEEP_ALL)
        self.leave_all = menu.addAction(texts.LEAVE_ALL_KIND)
        for act, what in (
            (self.keep_one_each, "keep_one"),
            (self.keep_all, "keep"),
            (self.leave_all, "leave_out"),
        ):
            act.triggered.connect(lambda _=False, how=what: self.all_decided.emit(how))
        self.all.setMenu(menu)
        self.left = Text("", "muted")
        foot = QHBoxLayout()
        foot.setSpacing(8)
        for button in (self.first, self.keep, self.leave_out, self.differ):
            foot.addWidget(button)
        foot.addStretch(1)
        foot.addWidget(self.left)
        foot.addWidget(self.all)
        return foot

    # -- setters ---------------------------------------------------------------------------------------------

    def set_counts(self, counts: Sequence[FindingCount], kind: str) -> None:
        """Chips of the kinds that wait, and how many findings are left."""
        while (entry := self._chips.takeAt(0)) is not None:
            widget = entry.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for one in counts:
            chip = Chip(texts.chip(one), checkable=True)
            chip.setChecked(one.kind == kind)
            chip.setToolTip(texts.ABOUT[one.kind])
            chip.clicked.connect(lambda _=False, asked=one.kind: self.kind_requested.emit(asked))
            self._chips.addWidget(chip)
        self.left.setText(texts.left(sum(one.open for one in counts)))
        self._stack.setCurrentIndex(0 if counts else 1)

    def set_entries(self, kind: FindingKind, entries: Sequence[Entry], current: int = 0) -> None:
        """Show the findings of one kind, with the cursor at `current` or the last one."""
        copies = kind == "duplicate"
        self.model.set_entries(entries)
        self.about.setText(texts.ABOUT[kind])
        self.first.setText(f"{texts.KEEP_ONE}  Enter" if copies else f"{texts.LEAVE_OUT}  X")
        self.first.setToolTip(texts.KEEP_ONE_HELP if copies else texts.LEAVE_OUT_HELP)
        keep = "Keep all" if copies else texts.RELEASE if kind == "text" else texts.KEEP
        self.keep.setText(f"{keep}  Space")
        self.keep.setToolTip(texts.RELEASE_HELP if kind == "text" else texts.KEEP_HELP[copies])
        self.leave_out.setText(f"{texts.LEAVE_ALL}  X")
        self.leave_out.setToolTip(texts.LEAVE_ALL_HELP)
        self.leave_out.setVisible(copies)
        self.differ.setVisible(copies)
        self.keep_one_each.setVisible(copies)
        for button in (self.first, self.keep, self.leave_out, self.differ, self.all):
            button.setEnabled(bool(entries))
        if entries:
            self.rows.setCurrentIndex(self.model.index(min(current, len(entries) - 1)))

    def set_read_only(self) -> None:
        """Nothing can be decided; the reason stands beside the buttons."""
        for button in (self.first, self.keep, self.leave_out, self.differ, self.all, self.look, self.empty.button):
            button.setEnabled(False)
            button.setToolTip(texts.READ_ONLY)
        self.auto.setEnabled(False)
        self.more.setEnabled(False)

    def set_looking(self, text: str, fraction: float, *, running: bool, unseen: int) -> None:
        """The line about looking: under way with a fraction (below 0: not known), or how many images wait for it."""
        self.line.setText(text)
        self.bar.setVisible(running)
        self.stop.setVisible(running)
        self.look.setVisible(not running and unseen > 0)
        self.again.setEnabled(not running)
        self.bar.setRange(0, 0 if fraction < 0 else 1000)
        self.bar.setValue(round(max(0.0, fraction) * 1000))
        self.empty.button.setVisible(not running and unseen > 0)
        title = texts.BUSY if running else texts.unseen(unseen) if unseen else texts.EMPTY
        self.empty.title.setText(title.rstrip("."))
        self.empty.text.setText(texts.UNSEEN_TEXT if running or unseen else texts.EMPTY_TEXT)

    def set_auto(self, on: bool) -> None:
        """Whether new images are looked through by themselves."""
        self.auto.setChecked(on)

    def current(self) -> tuple[Entry | None, int]:
        """The entry under the cursor and its place."""
        index = self.rows.currentIndex()
        return self.model.entry(index), index.row()

    def _moved(self) -> None:
        focus = self.window().focusWidget()
        if focus is not None and self.isVisible() and self.isAncestorOf(focus):
            self._current_changed()

    def _current_changed(self) -> None:
        entry, _place = self.current()
        if entry is not None:
            self.current_changed.emit(entry)
