"""A table in the window: dropped alone it names the files, its columns are shown and chosen, and its facts come in."""

from __future__ import annotations

from pathlib import Path
from typing import cast

from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from sslstudio.gui.pages.data.view import DataView
from sslstudio.session.project import Project
from tests.gui.conftest import MakeWindow

WAIT = 60_000


def test_a_dropped_table_shows_its_columns_and_brings_its_facts(
    make_window: MakeWindow, qtbot: QtBot, tmp_path: Path, image_folder: Path
) -> None:
    table = image_folder / "list.csv"
    lines = [
        f"patient-{patient}/{number}.png,{patient},{'left' if number else 'right'},{patient % 2},1950-01-0{number + 1}"
        for patient in range(2)
        for number in range(3)
    ]
    table.write_text("image,case,eye,grade,birth date\n" + "\n".join(lines) + "\n", encoding="utf-8")
    window = make_window()
    window.attach(Project.create(tmp_path / "new"))
    assert window.workspace is not None
    panel = cast(DataView, window.workspace.page("data").widget).panel
    form = panel.identity
    assert not form.columns.isVisible()
    panel.zone.dropped.emit([table])
    qtbot.waitUntil(lambda: form.columns.isVisible(), timeout=WAIT)
    assert form.columns.chosen() == ("image", "case") and form.identity().table == table
    said = form.columns.note.text()
    assert "Understood: eye (laterality)" in said and "birth date" in said.partition("Left out")[2]
    qtbot.waitUntil(lambda: "2 patients" in form.preview.text(), timeout=WAIT)
    panel.source_removed.emit(table)
    assert form.identity().table is None and not form.columns.isVisible()
    panel.zone.dropped.emit([table])
    qtbot.waitUntil(lambda: form.identity().table == table and bool(panel.start.button.isEnabled()), timeout=WAIT)
    qtbot.waitUntil(lambda: "2 patients" in form.preview.text(), timeout=WAIT)
    qtbot.mouseClick(panel.start.button, Qt.MouseButton.LeftButton)
    catalogue = window.workspace.project.catalogue
    qtbot.waitUntil(lambda: catalogue.counts().images == 6, timeout=WAIT)
    details = [catalogue.image(image_id) for image_id in catalogue.image_ids()]
    assert {one.laterality for one in details} == {"L", "R"} and catalogue.counts().subjects == 2
    assert {one.columns["grade"] for one in details} == {"0", "1"} and all(len(one.columns) == 1 for one in details)
