"""From the PACS button to imported images in the real window, on a real archive."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

import pytest
from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QAbstractButton, QComboBox, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from sslstudio.domain.runs import Failed, Progress, RunState
from sslstudio.errors import SSLStudioError
from sslstudio.gui.connections import Connections
from sslstudio.gui.jobs_bridge import RunStatus
from sslstudio.gui.notifications import Notifier
from sslstudio.gui.pages.data.pacs import texts
from sslstudio.gui.pages.data.pacs.controller import PacsController
from sslstudio.gui.pages.data.pacs.dialog import PacsDialog
from sslstudio.gui.pages.data.pacs.editor import NodeEditor
from sslstudio.gui.pages.data.pacs.query_form import QueryForm
from sslstudio.gui.pages.data.pacs.results import ROW, StudyTree
from sslstudio.gui.pages.data.pacs.retrieve_card import RetrieveCard
from sslstudio.gui.pages.data.pacs.searching import Passwords, SearchController
from sslstudio.gui.pages.data.view import DataView
from sslstudio.gui.texts import OFFLINE
from sslstudio.gui.window import MainWindow
from sslstudio.jobs.run_directory import RunDirectory
from sslstudio.pacs.nodes import NodeStore, PacsNode, nodes_file
from sslstudio.pacs.retrieving import SeriesProblem
from sslstudio.pacs.rows import Found, SeriesRow, StudyQuery, StudyRow, Wish
from sslstudio.session.project import Project
from tests.fakes.orthanc import PASSWORD, USER, Orthanc, by_uid
from tests.gui.conftest import MakeWindow
from tests.gui.image_project import desk

STUDIES = (
    StudyRow(
        study="1.1", date="20240102", patient_name="Zed^Anna", patient_id="7", modalities=("CT",), series=2, images=9
    ),
    StudyRow(study="1.2", date="20230102", patient_name="Abel^Zoe", patient_id="8", modalities=("MR",), images=100),
)
PATIENCE = 60_000


def data_view(window: MainWindow) -> DataView:
    assert window.workspace is not None
    return cast(DataView, window.workspace.page("data").widget)


@pytest.fixture
def window(make_window: MakeWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MainWindow:
    monkeypatch.setattr(Path, "home", lambda: tmp_path / "home")
    made = make_window()
    made.attach(Project.create(tmp_path / "Thorax"))
    return made


def opened(window: MainWindow) -> PacsDialog:
    view = data_view(window)
    view.panel.pacs.click()
    return cast(PacsDialog, view.findChild(PacsDialog))


def test_a_person_sets_an_archive_up_finds_retrieves_and_imports(
    window: MainWindow, qtbot: QtBot, orthanc: Orthanc, tmp_path: Path
) -> None:
    dialog = opened(window)
    bar = window.chrome.status
    assert dialog.empty.isVisible() and OFFLINE in bar.lock.text.text() and "0 connections" in bar.lock.text.text()
    dialog.empty.button.click()
    editor = cast(NodeEditor, dialog.findChild(NodeEditor))
    editor.save.click()
    assert "name" in editor.outcome.text()
    qtbot.keyClicks(editor.name, "Archive")
    qtbot.keyClicks(editor.url, orthanc.web().url)
    qtbot.keyClicks(editor.user, USER)
    qtbot.keyClicks(editor.password, "wrong")
    editor.test.click()
    assert "1 connection: Archive" in bar.lock.text.text() and "not" in bar.lock.toolTip()
    qtbot.waitUntil(lambda: "user name or the password" in editor.outcome.text(), timeout=PATIENCE)
    editor.password.setText(PASSWORD)
    qtbot.keyClick(editor.name, Qt.Key.Key_Return)
    assert [node.name for node in NodeStore().all()] == ["Archive"]
    assert PASSWORD not in nodes_file().read_text(encoding="utf-8")

    assert not dialog.empty.isVisible() and dialog.retrieve.reason == texts.CHOOSE_FIRST
    assert dialog.password.text() == PASSWORD
    qtbot.keyClicks(dialog.form.name, "demo")
    qtbot.keyClick(dialog.form.name, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: dialog.tree.model().rowCount() == 3, timeout=PATIENCE)
    assert dialog.status.text() == "3 studies, 5 images."
    qtbot.waitUntil(lambda: "0 connections" in bar.lock.text.text(), timeout=PATIENCE)
    dialog.tree.setCurrentIndex(dialog.tree.model().index(0, 0))
    qtbot.keyClick(dialog.tree, Qt.Key.Key_Right)
    first = dialog.tree.model().index(0, 0)
    qtbot.waitUntil(lambda: isinstance(dialog.tree.model().index(0, 0, first).data(ROW), SeriesRow), timeout=PATIENCE)
    dialog.tree.selectAll()
    assert dialog.chosen.text() == "3 studies chosen, 5 images."
    dialog.retrieve.button.click()

    card = data_view(window).panel.retrieving
    qtbot.waitUntil(lambda: card.dismiss.isVisible(), timeout=PATIENCE)
    assert card.text.text().startswith("5 images received.")
    folder = tmp_path / "home" / "SSL Studio received" / "Thorax"
    assert len(by_uid(folder)) == 5
    panel = data_view(window).panel
    qtbot.waitUntil(lambda: "5 files" in panel.identity.preview.text(), timeout=PATIENCE)
    assert panel.start.reason == "" and "0 connections" in bar.lock.text.text()


@dataclass
class Table:
    """A dialog with its behaviour, without a window."""

    dialog: PacsDialog
    search: SearchController
    connections: Connections
    wanted: list[tuple[object, ...]]


@pytest.fixture
def table(qtbot: QtBot, themed: object, tmp_path: Path) -> Callable[..., Table]:
    def make(*nodes: PacsNode) -> Table:
        for node in nodes:
            NodeStore().put(node)
        dialog, connections = PacsDialog(), Connections()
        qtbot.addWidget(dialog)
        search = SearchController(
            dialog, NodeStore(), Passwords(), connections, Notifier(), tmp_path / "in", lambda: ""
        )
        made = Table(dialog, search, connections, [])
        search.wanted.connect(lambda *wish: made.wanted.append(wish))
        dialog.show()
        return made

    return make


def test_a_question_without_an_answer_can_be_stopped(table: Callable[..., Table]) -> None:
    made = table(PacsNode(name="Silent", url="http://127.0.0.1:9/"))
    form, dialog = made.dialog.form, made.dialog
    form.search.click()
    assert form.search.text() == texts.STOP and "Silent" in dialog.status.text()
    assert made.connections.names == ("Silent",)
    form.search.click()
    assert form.search.text() == texts.SEARCH and made.connections.names == ()
    form.search.click()
    dialog.reject()
    assert made.connections.names == () and form.search.text() == texts.SEARCH


def test_encryption_and_certificates_are_said_and_kept(qtbot: QtBot, themed: object) -> None:
    node = PacsNode(
        name="Safe", kind="dimse", host="pacs.example", port=2762, called_ae="PACS", tls=True, retrieve="move",
        ca_file="/c/hospital.pem", cert_file="/c/ours.pem", key_file="/c/key.pem",
    )  # fmt: skip
    editor = NodeEditor(node)
    qtbot.addWidget(editor)
    editor.show()
    assert editor.tls.isVisible() and editor.tls.accessibleName() == texts.TLS and editor.ca.isVisible()
    assert editor.node() == node
    editor.cert.clear()
    editor.save.click()
    assert "needs a certificate for this computer" in editor.outcome.text()
    editor.kind.set_value("dicomweb")
    editor.kind.chosen.emit("dicomweb")
    assert not editor.tls.isVisible(), "an address says https itself"


def test_an_archive_that_wants_a_password_gets_one_first(table: Callable[..., Table]) -> None:
    dialog = table(PacsNode(name="Web", url="https://pacs.example/x", user=USER)).dialog
    dialog.form.search.click()
    assert dialog.status.text() == texts.PASSWORD_FIRST.format(user=USER)
    assert dialog.form.search.text() == texts.SEARCH


def test_archives_are_changed_and_removed(
    table: Callable[..., Table], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    dialog = table(
        PacsNode(name="One", url="http://pacs.example/dicom-web"),
        PacsNode(name="Two", kind="dimse", host="10.0.0.1", called_ae="PACS", retrieve="move"),
    ).dialog
    assert dialog.security.isVisible() and dialog.security.text() == texts.UNENCRYPTED
    dialog.node.setCurrentIndex(1)
    dialog.node.activated.emit(1)
    dialog.edit_requested.emit()
    editor = cast(NodeEditor, dialog.findChild(NodeEditor))
    assert editor.node() == NodeStore().get("Two")
    editor.name.setText("one")
    editor.save.click()
    assert "is set up already" in editor.outcome.text()
    editor.name.setText("Three")
    editor.save.click()
    assert [node.name for node in NodeStore().all()] == ["One", "Three"]
    assert dialog.node.currentText() == "Three"
    monkeypatch.setattr(dialog, "confirm_removal", lambda _name: True)
    dialog.remove_requested.emit()
    dialog.remove_requested.emit()
    assert NodeStore().all() == () and dialog.empty.isVisible()
    dialog.folder_chosen.emit(tmp_path / "Thorax.sslproj" / "in")
    assert dialog.retrieve.reason == texts.FOLDER_IN_PROJECT


def test_what_is_wanted_is_said_by_name(table: Callable[..., Table], tmp_path: Path) -> None:
    node = PacsNode(name="Web", url="https://pacs.example/x")
    made = table(node)
    dialog = made.dialog
    dialog.tree.set_studies(STUDIES)
    assert dialog.retrieve.reason == texts.CHOOSE_FIRST
    dialog.tree.selectAll()
    assert dialog.retrieve.reason == "" and dialog.chosen.text() == "2 studies chosen, 109 images."
    dialog.retrieve.button.click()
    wishes = (Wish(study="1.1"), Wish(study="1.2"))
    assert made.wanted == [(node, wishes, ("Zed, Anna 2024-01-02", "Abel, Zoe 2023-01-02"), tmp_path / "in")]
    assert not dialog.isVisible()


def test_a_retrieval_that_ends_badly_says_why_and_can_be_tried_again(
    qtbot: QtBot, themed: object, tmp_path: Path
) -> None:
    card = RetrieveCard()
    holder = QWidget()
    qtbot.addWidget(card)
    qtbot.addWidget(holder)
    desk_ = desk(Project.create(tmp_path / "p"))
    jobs = Jobs()
    received: list[Path] = []
    services = replace(desk_.services, jobs=jobs)
    controller = PacsController(services, holder, card, received.extend)
    node = PacsNode(name="Old", kind="dimse", host="10.0.0.1", called_ae="PACS")
    controller._start(node, (Wish(study="1.1"), Wish(study="1.2")), ("Zed, Anna", "Abel, Zoe"), tmp_path / "in")
    assert card.title.text() == "Receiving images from Old" and controller.reason() == texts.BUSY
    run_id = jobs.launched[0]()
    status = jobs.begin(run_id)
    assert services.connections.names == ("Old",) and controller.reason() == texts.BUSY
    status.progress = Progress(at=0, done=3, total=12, unit="images")
    jobs.changed.emit(run_id)
    assert card.text.text().startswith("3 of 12 images")
    status.failure = Failed(at=0, code="lost", message="The connection to Old broke off.", hint="Try again.")
    jobs.end(status, RunState.FAILED)
    assert card.text.text() == "The connection to Old broke off. Try again." and services.connections.names == ()
    card.again.click()
    again = jobs.begin(jobs.launched[1]())
    problem = SeriesProblem(place=2, of=3, wish=1, modality="CT", missing=2, expected=9, code="not_sent")
    again.result = {"received": 5, "already": 3, "missing": 2, "problems": [problem.model_dump()]}
    jobs.end(again, RunState.SUCCEEDED)
    assert card.text.text().startswith("5 images received, 3 were there already, 2 are missing.")
    assert card.details.text().startswith("Abel, Zoe: Series 2 of 3 (CT): 2 of 9 images are missing.")
    assert received == [tmp_path / "in"] and card.again.isVisibleTo(card)
    card.again.click()
    last = jobs.begin(jobs.launched[2]())
    controller.close()
    assert services.connections.names == ()
    assert RunDirectory(desk_.project.run_dir(last.run_id)).cancel_requested()
    desk_.close()


class Jobs(QObject):
    """Stands for the job centre: runs begin and end when the test says so."""

    changed = Signal(str)
    followed = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.launched: list[Callable[[], str]] = []
        self._status: dict[str, RunStatus] = {}

    def launch(self, prepare: Callable[[], str], failed: object = None) -> None:
        self.launched.append(prepare)

    def status(self, run_id: str) -> RunStatus | None:
        return self._status.get(run_id)

    def busy_with(self, *_stages: str) -> RunStatus | None:
        return next((status for status in self._status.values() if status.active), None)

    def begin(self, run_id: str) -> RunStatus:
        status = self._status[run_id] = RunStatus(run_id, "retrieve", "", RunState.RUNNING)
        self.followed.emit(run_id)
        self.changed.emit(run_id)
        return status

    def end(self, status: RunStatus, state: RunState) -> None:
        status.state, status.adopted = state, True
        self.changed.emit(status.run_id)


def test_studies_are_sorted_and_chosen(qtbot: QtBot, themed: object) -> None:
    tree = StudyTree()
    qtbot.addWidget(tree)
    asked: list[str] = []
    tree.series_requested.connect(asked.append)
    tree.set_studies(STUDIES)

    def order() -> list[str]:
        return [tree.model().index(place, 0).data(ROW).study for place in range(tree.model().rowCount())]

    assert order() == ["1.1", "1.2"]
    tree.sortByColumn(1, Qt.SortOrder.AscendingOrder)
    assert order() == ["1.2", "1.1"]
    tree.sortByColumn(6, Qt.SortOrder.AscendingOrder)
    assert order() == ["1.1", "1.2"]
    assert tree.model().index(0, 1).data() == "Zed, Anna" and tree.model().index(0, 0).data() == "2024-01-02"
    tree.expand(tree.model().index(0, 0))
    assert asked == ["1.1"]
    series = [SeriesRow(study="1.1", series=f"1.1.{n}", number=n, modality="CT", images=n) for n in (2, 1)]
    tree.set_series("1.1", series)
    first = tree.model().index(0, 0)
    assert tree.model().index(0, 0, first).data() == "Series 1"
    tree.setCurrentIndex(tree.model().index(1, 0, first))
    assert tree.wishes() == (Wish(study="1.1", series="1.1.2"),)
    tree.selectAll()
    assert set(tree.wishes()) == {Wish(study="1.1"), Wish(study="1.2")}


def test_the_form_gives_a_query(qtbot: QtBot, themed: object) -> None:
    form = QueryForm()
    qtbot.addWidget(form)
    assert form.query() == StudyQuery()
    form.name.setText(" Doe, Jane ")
    form.modality.setCurrentText("CT")
    form.dates.setCurrentIndex(form.dates.findData("7"))
    query = form.query()
    assert (query.name_pattern, query.modality) == ("Doe^Jane*", "CT")
    assert query.date_from < query.date_to
    form.dates.setCurrentIndex(form.dates.findData("range"))
    first, last = form.last.date(), form.first.date()
    form.first.setDate(first)
    form.last.setDate(last)
    query = form.query()
    assert query.date_from == last.toString("yyyyMMdd") and query.date_to == first.toString("yyyyMMdd")


def test_every_control_has_a_name(qtbot: QtBot, themed: object) -> None:
    for made in (PacsDialog(), NodeEditor()):
        qtbot.addWidget(made)
        kinds: Sequence[type] = (QLineEdit, QComboBox, QAbstractButton)
        for control in (found for kind in kinds for found in made.findChildren(kind)):
            if control.objectName().startswith("qt_"):
                continue
            interface = QAccessible.queryAccessibleInterface(control)
            assert interface.text(QAccessible.Text.Name), (made, control)


def test_connections_are_counted_until_each_has_ended() -> None:
    connections = Connections()
    one, other = connections.opened("A"), connections.opened("B")
    assert connections.names == ("A", "B")
    one()
    one()
    assert connections.names == ("B",)
    other()
    assert connections.names == ()


def test_lines_for_a_person() -> None:
    assert texts.found_line(Found()) == "No study matches."
    assert "ask for less" in texts.found_line(Found(studies=STUDIES, more=True))
    assert "2 studies were left out" in texts.found_line(Found(unusable=2))
    assert texts.chosen_line(1, 2, None) == "1 study and 2 series chosen."
    assert texts.person("Doe^Jane^M=ideo") == "Doe, Jane M" and texts.day("2024") == "2024"
    assert texts.warning_for(PacsNode(name="x", url="https://x.example")) == ""
    with pytest.raises(SSLStudioError):
        NodeEditor().node()
