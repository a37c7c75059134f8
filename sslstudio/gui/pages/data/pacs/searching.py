"""The dialog's behaviour: archives, questions, and the choice of what to fetch."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from sslstudio.errors import SSLStudioError
from sslstudio.gui.connections import Connections
from sslstudio.gui.notifications import Notifier
from sslstudio.gui.pages.data.pacs import texts
from sslstudio.gui.pages.data.pacs.asking import ArchiveAsker
from sslstudio.gui.pages.data.pacs.dialog import PacsDialog
from sslstudio.gui.pages.data.pacs.editor import NodeEditor
from sslstudio.pacs.answering import Answer, Question
from sslstudio.pacs.files import inside_project, readable_by_others
from sslstudio.pacs.nodes import NodeStore, PacsNode
from sslstudio.pacs.rows import SeriesRow, StudyQuery, StudyRow, Wish


class Passwords:
    """What was typed for each archive, until the project is closed."""

    def __init__(self) -> None:
        self._typed: dict[str, str] = {}

    def get(self, node: PacsNode) -> str:
        """The password for a node, "" when none was typed; it belongs to one address and user."""
        return self._typed.get(_key(node), "")

    def put(self, node: PacsNode, password: str) -> None:
        """Remember it."""
        self._typed[_key(node)] = password


class SearchController(QObject):
    """Connects one dialog. ``wanted(node, wishes, names, folder)`` when the user presses Retrieve; `names` are what
    the wishes are called, for the account of what is missing."""

    wanted = Signal(object, object, object, object)

    def __init__(
        self,
        dialog: PacsDialog,
        store: NodeStore,
        passwords: Passwords,
        connections: Connections,
        notify: Notifier,
        folder: Path,
        busy: Callable[[], str],
    ) -> None:
        super().__init__(dialog)
        self._dialog, self._store, self._passwords, self._busy = dialog, store, passwords, busy
        self._notify = notify
        self._node: PacsNode | None = None
        self._folder = folder
        self._asker = ArchiveAsker(connections, self)
        self._editor: NodeEditor | None = None
        dialog.node_chosen.connect(self._choose)
        dialog.add_requested.connect(lambda: self._edit(None))
        dialog.edit_requested.connect(lambda: self._edit(self._node))
        dialog.remove_requested.connect(self._remove)
        dialog.password_changed.connect(self._typed)
        dialog.form.search_requested.connect(self._search)
        dialog.form.stop_requested.connect(self._stop_search)
        dialog.tree.series_requested.connect(self._open_study)
        dialog.tree.chosen.connect(self.refresh)
        dialog.folder_chosen.connect(self._set_folder)
        dialog.retrieve_requested.connect(self._retrieve)
        dialog.finished.connect(lambda _: self.close())
        self._asker.answered.connect(self._answered)
        self._set_folder(folder)
        self._show_nodes("")

    def close(self) -> None:
        """Drop every question under way; nothing is contacted any more."""
        self._asker.close()
        self._dialog.form.set_asking(False)

    def warm(self) -> None:
        """The dialog is shown: get ready for a question, if there is anyone to ask."""
        if self._node is not None:
            self._asker.warm()
        self.refresh()

    # -- archives --------------------------------------------------------------------------------------------

    def _show_nodes(self, current: str) -> None:
        try:
            nodes = self._store.all()
        except SSLStudioError as error:
            self._notify.error(error)
            nodes = ()
        self._dialog.set_nodes(nodes, current)
        chosen = next((node for node in nodes if node.name == current), nodes[0] if nodes else None)
        if chosen != self._node:
            self._take(chosen)
        self.refresh()

    def _choose(self, name: str) -> None:
        self._show_nodes(name)

    def _take(self, node: PacsNode | None) -> None:
        self._stop_search()
        self._node = node
        self._dialog.tree.set_studies(())
        self._dialog.set_status(texts.NOTHING_ASKED)
        if node is not None:
            self._dialog.set_node(node, self._passwords.get(node))

    def _typed(self, password: str) -> None:
        if self._node is not None:
            self._passwords.put(self._node, password)
            self.refresh()

    def _edit(self, node: PacsNode | None) -> None:
        editor = NodeEditor(node, self._passwords.get(node) if node else "", self._dialog)

        def test(tried: PacsNode, password: str) -> None:
            self._asker.stop()
            self._asker.ask(Question(ask="verify", node=tried, password=password))

        def save(made: PacsNode) -> None:
            try:
                self._store.put(made, replaces=node.name if node else "")
            except SSLStudioError as error:
                editor.show_outcome(str(error), "danger")
                return
            if editor.password.text():
                self._passwords.put(made, editor.password.text())
            editor.accept()
            self._show_nodes(made.name)

        editor.test_requested.connect(test)
        editor.save_requested.connect(save)

        def ended(_result: int) -> None:
            self._editor = None
            self._asker.stop()
            editor.deleteLater()

        editor.finished.connect(ended)
        self._editor = editor
        self._asker.warm()
        editor.open()

    def _remove(self) -> None:
        node = self._node
        if node is None or not self._dialog.confirm_removal(node.name):
            return
        try:
            self._store.remove(node.name)
        except SSLStudioError as error:
            self._notify.error(error)
        self._show_nodes("")

    # -- questions -------------------------------------------------------------------------------------------

    def _search(self, query: StudyQuery) -> None:
        node = self._node
        if node is None:
            return
        if node.user and not self._passwords.get(node):
            self._dialog.set_status(texts.PASSWORD_FIRST.format(user=node.user), "warning")
            self._dialog.password.setFocus()
            return
        self._asker.stop()
        self._dialog.form.set_asking(True)
        self._dialog.set_status(texts.SEARCHING.format(name=node.name))
        self._asker.ask(Question(ask="studies", node=node, password=self._passwords.get(node), query=query))

    def _stop_search(self) -> None:
        self._asker.stop()
        self._dialog.form.set_asking(False)
        self._dialog.set_status(texts.NOTHING_ASKED)

    def _answered(self, question: Question, answer: Answer) -> None:
        if question.ask == "studies":
            self._found(answer)
        elif question.ask == "series":
            self._opened(question, answer)
        elif self._editor is not None:
            if answer.code:
                self._editor.show_outcome(f"{answer.message} {answer.hint}".strip(), "danger")
            else:
                self._editor.show_outcome(texts.TEST_OK.format(name=question.node.name), "ok")

    def _found(self, answer: Answer) -> None:
        self._dialog.form.set_asking(False)
        if answer.code:
            self._dialog.set_status(f"{answer.message} {answer.hint}".strip(), "danger")
            return
        self._dialog.tree.set_studies(answer.found.studies)
        self._dialog.set_status(texts.found_line(answer.found), "warning" if answer.found.more else "muted")

    def _open_study(self, study: str) -> None:
        if self._node is not None:
            password = self._passwords.get(self._node)
            self._asker.ask(Question(ask="series", node=self._node, password=password, study=study))

    def _opened(self, question: Question, answer: Answer) -> None:
        if answer.code:
            self._dialog.tree.series_failed(question.study)
            self._dialog.set_status(f"{answer.message} {answer.hint}".strip(), "danger")
        else:
            self._dialog.tree.set_series(question.study, answer.series)

    # -- the choice ------------------------------------------------------------------------------------------

    def _set_folder(self, folder: Path) -> None:
        self._folder = folder
        warning = ""
        if inside_project(folder):
            warning = texts.FOLDER_IN_PROJECT
        elif readable_by_others(folder):
            warning = texts.FOLDER_OPEN
        self._dialog.set_folder(folder, warning)
        self.refresh()

    def refresh(self) -> None:
        """Say what is chosen, and why it cannot be fetched if it cannot."""
        rows = self._dialog.tree.rows()
        studies = sum(isinstance(row, StudyRow) for row in rows)
        images = [row.images for row in rows]
        known = sum(number for number in images if number is not None)
        chosen = texts.chosen_line(studies, len(rows) - studies, known if None not in images else None)
        reason = self._busy()
        if not reason and inside_project(self._folder):
            reason = texts.FOLDER_IN_PROJECT
        if not reason and not rows:
            reason = texts.CHOOSE_FIRST
        self._dialog.set_reason(reason, chosen)

    def _retrieve(self) -> None:
        rows = self._dialog.tree.rows()
        if self._node is None or not rows or self._busy():
            return
        names = tuple(_called(row) for row in rows)
        wishes: tuple[Wish, ...] = self._dialog.tree.wishes()
        self.wanted.emit(self._node, wishes, names, self._folder)
        self._dialog.close()


def _called(row: StudyRow | SeriesRow) -> str:
    """What the user knows a study or series by."""
    if isinstance(row, StudyRow):
        return " ".join(part for part in (texts.person(row.patient_name), texts.day(row.date), row.description) if part)
    number = "" if row.number is None else f"series {row.number}"
    return " ".join(part for part in (row.modality, number, row.description) if part)


def _key(node: PacsNode) -> str:
    return f"{node.address}\n{node.user}"
