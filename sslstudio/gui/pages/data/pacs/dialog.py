"""Looking for studies in an archive and choosing what to fetch: the dialog, without any behaviour of its own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QMessageBox,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from sslstudio.gui.pages.data.pacs import texts
from sslstudio.gui.pages.data.pacs.query_form import QueryForm
from sslstudio.gui.pages.data.pacs.results import StudyTree
from sslstudio.gui.widgets.controls import EmptyState, Line, PlainButton, ReasonButton, Text, row
from sslstudio.pacs.nodes import PacsNode


class PacsDialog(QDialog):
    """Setters, and a signal for each wish."""

    node_chosen = Signal(str)
    add_requested = Signal()
    edit_requested = Signal()
    remove_requested = Signal()
    retrieve_requested = Signal()
    folder_chosen = Signal(object)
    password_changed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(texts.TITLE)
        self.resize(940, 660)
        self.form = QueryForm()
        self.tree = StudyTree()
        self.empty = EmptyState("data", texts.NONE_TITLE, texts.NONE_TEXT, texts.ADD)
        self.empty.action_requested.connect(lambda: self.add_requested.emit())
        self._stack = QStackedWidget()
        self._stack.addWidget(self.empty)
        self._stack.addWidget(self._make_work())
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 16, 20, 16)
        column.addWidget(self._stack, 1)
        self.set_nodes((), "")

    def _make_work(self) -> QWidget:
        holder = QWidget()
        column = QVBoxLayout(holder)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        column.addWidget(self._make_node_row())
        self.security = Text("", "warning")
        column.addWidget(self.security)
        column.addWidget(Line())
        column.addWidget(self.form)
        self.status = Text(texts.NOTHING_ASKED, "muted")
        column.addWidget(self.status)
        column.addWidget(self.tree, 1)
        column.addLayout(self._make_foot())
        return holder

    def _make_node_row(self) -> QWidget:
        self.node = QComboBox()
        self.node.setMinimumWidth(220)
        self.node.setAccessibleName(texts.ARCHIVE)
        self.node.activated.connect(lambda _: self.node_chosen.emit(str(self.node.currentData())))
        title = QLabel(texts.ARCHIVE)
        title.setBuddy(self.node)
        add, edit, remove = PlainButton(texts.ADD, "plus"), PlainButton(texts.EDIT), PlainButton(texts.REMOVE)
        add.clicked.connect(lambda: self.add_requested.emit())
        edit.clicked.connect(lambda: self.edit_requested.emit())
        remove.clicked.connect(lambda: self.remove_requested.emit())
        for button in (add, edit, remove):
            button.setAutoDefault(False)
        self.password = QLineEdit()
        self.password.setEchoMode(QLineEdit.EchoMode.Password)
        self.password.setAccessibleName(texts.PASSWORD)
        self.password.setToolTip(texts.PASSWORD_HELP)
        self.password.setPlaceholderText(texts.PASSWORD)
        self.password.textChanged.connect(self.password_changed)
        return row(title, self.node, self.password, 1, add, edit, remove)

    def _make_foot(self) -> QVBoxLayout:
        self.folder = Text("")
        self.folder.setAccessibleName(texts.FOLDER)
        change = PlainButton(texts.CHANGE_FOLDER, "folder")
        change.setAccessibleName("Change the folder for received images")
        change.setAutoDefault(False)
        change.clicked.connect(self._ask_folder)
        where = QHBoxLayout()
        where.setSpacing(8)
        where.addWidget(QLabel(texts.FOLDER))
        where.addWidget(self.folder, 1)
        where.addWidget(change)
        self.folder_help = Text(texts.FOLDER_HELP, "small")
        self.retrieve = ReasonButton(texts.RETRIEVE, "folder-plus")
        self.retrieve.button.setAutoDefault(False)
        self.retrieve.clicked.connect(self.retrieve_requested)
        self.chosen = QLabel()
        close = PlainButton(texts.CLOSE)
        close.setAutoDefault(False)
        close.clicked.connect(self.close)
        end = QHBoxLayout()
        end.setSpacing(12)
        end.addWidget(self.retrieve, 1)
        end.addWidget(self.chosen)
        end.addWidget(close)
        foot = QVBoxLayout()
        foot.setSpacing(6)
        foot.addLayout(where)
        foot.addWidget(self.folder_help)
        foot.addSpacing(4)
        foot.addLayout(end)
        return foot

    # -- setters ---------------------------------------------------------------------------------------------

    def set_nodes(self, nodes: Sequence[PacsNode], current: str) -> None:
        """The archives that are set up; without any the dialog explains itself."""
        self.node.clear()
        for node in nodes:
            self.node.addItem(node.name, node.name)
            self.node.setItemData(self.node.count() - 1, node.address, Qt.ItemDataRole.ToolTipRole)
        self.node.setCurrentIndex(max(0, self.node.findData(current)))
        self._stack.setCurrentIndex(1 if nodes else 0)

    def set_node(self, node: PacsNode, password: str) -> None:
        """The archive in hand: whether it wants a password, and whether others can read along."""
        self.password.setVisible(bool(node.user))
        self.password.setPlaceholderText(f"{texts.PASSWORD} of {node.user}" if node.user else "")
        if self.password.text() != password:
            self.password.setText(password)
        warning = texts.warning_for(node)
        self.security.setText(warning)
        self.security.setVisible(bool(warning))

    def set_status(self, text: str, role: str = "muted") -> None:
        """The line above the list."""
        self.status.setText(text)
        self.status.set_role(role)

    def set_folder(self, folder: Path, warning: str) -> None:
        """Where received images go, and what is wrong with that or ""."""
        self.folder.setText(str(folder))
        self.folder_help.setText(warning or texts.FOLDER_HELP)
        self.folder_help.set_role("warning" if warning else "small")

    def set_reason(self, reason: str, chosen: str) -> None:
        """Why nothing can be fetched now or "", and what is chosen."""
        self.retrieve.set_reason(reason)
        self.chosen.setText(chosen)

    # -- asking the user -------------------------------------------------------------------------------------

    def confirm_removal(self, name: str) -> bool:
        """Whether an archive is to be forgotten."""
        asked = QMessageBox.question(self, texts.REMOVE, texts.REMOVE_ASK.format(name=name))
        return asked == QMessageBox.StandardButton.Yes

    def _ask_folder(self) -> None:
        start = Path(self.folder.text())
        while not start.exists() and start != start.parent:
            start = start.parent
        chosen = QFileDialog.getExistingDirectory(self, texts.FOLDER, str(start))
        if chosen:
            self.folder_chosen.emit(Path(chosen))
