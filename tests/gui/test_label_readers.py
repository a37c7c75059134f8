"""Several readers in the window: a table compared and taken over, decisions, blinded labelling, notes, classes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from sslstudio.domain.labels import Reading, SetReadings
from sslstudio.gui.inspector_controller import InspectorController
from sslstudio.gui.item_models.tiles import TILE_ROLE
from sslstudio.gui.pages.label.beside import Beside
from sslstudio.gui.pages.label.controller import LabelController
from sslstudio.gui.widgets.inspector import Inspector
from sslstudio.session.label_export import Wanted
from tests.gui.image_project import build, desk
from tests.gui.test_label_page import GIVEN, Bench


@pytest.fixture
def bench(qtbot: QtBot, themed: QApplication, tmp_path: Path) -> Iterator[Bench]:
    made = desk(build(tmp_path / "p.sslproj", GIVEN))
    shown = Bench(made, qtbot)
    yield shown
    shown.page.close()
    made.close()


def beside(bench: Bench) -> Beside:
    controller = bench.view.findChild(LabelController)
    assert isinstance(controller, LabelController)
    return controller._beside


def table(tmp_path: Path, *lines: str) -> Path:
    path = tmp_path / "reader two.csv"
    path.write_text("\n".join(("image,label", *lines)), encoding="utf-8")
    return path


def test_a_table_is_compared_decided_on_row_by_row_and_taken_over_in_one_step(
    bench: Bench, qtbot: QtBot, tmp_path: Path
) -> None:
    session, ids = bench.session, bench.ids
    for place in range(4):
        session.label_images([ids[place]], bench.classes["ring"])
    before = dict(session.labels())
    exchange = beside(bench).exchange
    exchange.read(table(tmp_path, "0.png,ring", "1.png,bar", "2.png,bar", "9.png,spots", "8.png,odd", "no.png,bar"))
    qtbot.waitUntil(lambda: exchange.dialog is not None and exchange.dialog.take.isEnabled(), timeout=20000)
    dialog = exchange.dialog
    assert dialog is not None and dialog.summary.text() == (
        "2 new labels, 1 the same as yours, 2 conflicting, 1 row without an image here."
    )
    assert [dialog.rows.item(row, 4).text() for row in range(2)] == ["Keep mine"] * 2, "nothing is overwritten unasked"
    dialog.rows.setFocus()
    dialog.rows.selectRow(0)
    qtbot.keyClick(dialog.rows, Qt.Key.Key_T)
    dialog.rows.selectRow(1)
    qtbot.keyClick(dialog.rows, Qt.Key.Key_L)
    assert session.selection == frozenset({ids[2]}), "the row in hand is shown"
    dialog.who.setText("Dr B")
    dialog.who.editingFinished.emit()
    assert dialog.classes() == {"odd": "add"} and dict(session.labels()) == before
    qtbot.waitUntil(lambda: exchange._plan is not None and exchange._plan.raters == ("Dr B",), timeout=20000)
    dialog.take.click()
    qtbot.waitUntil(lambda: exchange.dialog is None, timeout=20000)
    labels = session.labels()
    assert (labels[ids[1]].class_id, labels[ids[1]].author) == (bench.classes["bar"], "Dr B")
    assert labels[ids[2]] == before[ids[2]] and labels[ids[9]].source == "reader two.csv"
    assert "1 image waits for a decision." in bench.desk.said[-1]
    assert "odd" in [line.name for line in bench.view.classes._lines]
    session.undo()
    assert dict(session.labels()) == before and session.project.catalogue.readings() == {}


def test_readers_are_listed_with_kappa_and_their_differences_decided_blinded_or_open(
    bench: Bench, qtbot: QtBot
) -> None:
    session, ids, classes = bench.session, bench.ids, bench.classes
    session.project.catalogue.author = "Dr A"
    for place in range(10):
        session.label_images([ids[place]], classes["ring" if place % 2 else "bar"])
    given = [classes["ring" if place % 2 or place < 3 else "bar"] for place in range(10)]
    readings = tuple(
        (ids[place], "Dr B", Reading(image_id=ids[place], rater="Dr B", mark="class", class_id=class_id))
        for place, class_id in enumerate(given)
    )
    session.apply(SetReadings(readings=readings))
    deciding = beside(bench).deciding
    deciding.show_readers()
    dialog = deciding.dialog
    assert dialog is not None
    qtbot.waitUntil(lambda: dialog.pairs.rowCount() == 1, timeout=20000)
    assert dialog.pairs.item(0, 3).text() == "80 %" and dialog.pairs.item(0, 4).text() == "0.60"
    assert dialog.classes.rowCount() == 2 and dialog.blind.isEnabled()
    dialog.blind.click()
    view = bench.view
    assert list(session.selection) == [ids[0]] and "Dr A" not in view.deciding.text.text() and session.blinding.on
    view.classes.label_requested.emit(classes["spots"])
    label = session.labels()[ids[0]]
    assert (label.origin, label.class_id) == ("adjudication", classes["spots"])
    view.deciding.end.click()
    assert not view.deciding.isVisible() and not session.blinding.on
    deciding.begin(blind=False)
    assert list(session.selection) == [ids[2]] and "Dr A: bar; Dr B: ring" in view.deciding.text.text()
    view.classes.label_requested.emit(classes["ring"])
    assert "All differences are decided" in view.deciding.text.text()
    view.deciding.end.click()
    view.classes.label_requested.emit(classes["bar"])
    assert session.labels()[ids[2]].origin == "hand", "labels are labels again"


def test_blinded_labelling_keeps_back_names_labels_and_opinions_everywhere(bench: Bench, qtbot: QtBot) -> None:
    session, ids, view = bench.session, bench.ids, bench.view
    session.label_images([ids[0]], bench.classes["ring"])
    inspector = Inspector()
    qtbot.addWidget(inspector)
    follower = InspectorController(session, bench.desk.background, inspector)
    session.select([ids[0]])
    qtbot.waitUntil(lambda: inspector._label.text().startswith("ring"), timeout=20000)
    bench.press(Qt.Key.Key_B)
    qtbot.waitUntil(lambda: "Kept back" in inspector._label.text(), timeout=20000)
    assert inspector._history.count() == 0 and inspector._facts.count() == 2
    grid = view.gallery.grid
    tile = grid.tiles.data(grid.tiles.index(0), TILE_ROLE)
    assert (tile.label, tile.about, tile.patient, tile.prediction) == ("answered", "", "", "")
    assert not view._suggestion.isVisible() and view.blinded.isVisible() and view.modes.isVisible()
    bench.press(Qt.Key.Key_2)
    assert bench.label(0) == ("class", bench.classes["bar"], "hand"), "labels are given as ever"
    view.blinded.close_requested.emit()
    assert grid.tiles.data(grid.tiles.index(0), TILE_ROLE).label == "bar" and view._suggestion.isVisible()
    follower.close()


def test_further_answers_have_keys_are_counted_and_train_nothing(bench: Bench) -> None:
    for place, key in enumerate((Qt.Key.Key_Q, Qt.Key.Key_A, Qt.Key.Key_U, Qt.Key.Key_X)):
        bench.session.select([bench.ids[place]])
        bench.press(key)
    marks = [bench.label(place) for place in range(4)]
    assert marks == [(name, None, "hand") for name in ("poor", "not_applicable", "uncertain", "excluded")]
    bench.page.refresh()
    assert bench.view.side._marks.text() == "1 unsure, 1 poor quality, 1 not applicable, 1 left out of labelling"
    assert bench.page.badge() == ""


def test_a_note_stands_with_its_label_and_typing_it_gives_no_labels(bench: Bench, qtbot: QtBot) -> None:
    note, session = bench.view.side.note, bench.session
    session.select([bench.ids[0]])
    assert not note.isEnabled() and "Label the image first" in note.toolTip()
    bench.press(Qt.Key.Key_1)
    assert note.isEnabled()
    note.setFocus()
    qtbot.keyClicks(note, "2 u")
    session.select([bench.ids[1]])
    assert session.labels()[bench.ids[0]].author == "tester"
    assert session.labels()[bench.ids[0]].note == "2 u" and bench.label(0) == ("class", bench.classes["ring"], "hand")
    assert bench.label(1) is None and note.toPlainText() == ""
    session.undo()
    assert session.labels()[bench.ids[0]].note == ""


def test_colour_key_and_description_of_a_class_are_changed_in_place(bench: Bench, qtbot: QtBot) -> None:
    bar, ring = bench.view.classes, bench.classes["ring"]
    bar.change_requested.emit(ring, "description", "A closed circle")
    bar.change_requested.emit(ring, "colour", "#112233")
    bar.change_requested.emit(ring, "key", "7")
    (info,) = (info for info in bench.session.classes() if info.class_id == ring)
    assert (info.description, info.colour, info.key) == ("A closed circle", "#112233", "7")
    assert bar._flow.itemAt(0).widget().toolTip().startswith("A closed circle")
    bar.change_requested.emit(ring, "key", "2")
    assert "belongs to another class" in bar._hint.text()
    bench.session.select([bench.ids[0]])
    bench.press(Qt.Key.Key_7)
    assert bench.label(0) == ("class", ring, "hand")


def test_all_labels_are_written_without_names(bench: Bench, qtbot: QtBot, tmp_path: Path) -> None:
    bench.session.label_images(bench.ids[:3], bench.classes["bar"])
    out = tmp_path / "labels.csv"
    beside(bench).exchange.export(out, Wanted())
    qtbot.waitUntil(lambda: bench.desk.said[-1:] == ["Wrote 3 labels to labels.csv."], timeout=20000)
    assert out.read_text().count("bar") == 3 and ".png" not in out.read_text()
