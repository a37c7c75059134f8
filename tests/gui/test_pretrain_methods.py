"""The cards of the methods, choosing one, what a training starts from, and plugins of others."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel, QPushButton
from pytestqt.qtbot import QtBot

from sslstudio.domain.specs import PretrainSpec
from sslstudio.extensions import host
from sslstudio.extensions.manifest import PretextTaskEntry, Recommended, Requires
from sslstudio.gui.pages.pretrain import texts
from sslstudio.gui.pages.pretrain.consent import Consent
from sslstudio.gui.pages.pretrain.method_gallery import MethodGallery
from sslstudio.gui.pages.pretrain.methods import Advice, Found, Method, arrange, read_methods
from sslstudio.gui.pages.pretrain.setting_up import SettingUp
from sslstudio.gui.pages.pretrain.setup_panel import SetupPanel
from sslstudio.gui.pages.pretrain.start_panel import EARLIER, FILE, EarlierRun
from sslstudio.session.offering import DataFacts
from tests.gui.image_project import build, desk, pictures

GREY = DataFacts(images=2000, subjects=500, several=0.9, colour=0.0, longest_run=0, preset="mr")


def method(name: str, kind: str = "", requires: Requires | None = None, **more: object) -> Method:
    fields = {"summary": f"{name} learns.", "needs": "Images.", "reference": "Somebody, ICML 2020", **more}
    entry = PretextTaskEntry.model_validate(
        {"id": name, "title": name.upper(), "code": "x:X", "kind": kind, "requires": requires or Requires(), **fields}
    )
    return Method(entry)


FOUND = Found(
    (
        method("simclr"),
        method("micle", requires=Requires(bags=True)),
        method("mae", requires=Requires(families=("vit",)), recommended=Recommended(learning_rate=3e-4)),
        method("colorization", "prediction", Requires(colour=True)),
        Method(method("theirs").entry, texts.not_enabled("Not enabled yet."), foreign=True, plugin="theirs"),
    ),
    (("rotten", "This plugin cannot be used: not valid TOML."),),
)


@pytest.fixture
def gallery(qtbot: QtBot, themed: QApplication) -> MethodGallery:
    shown = MethodGallery()
    qtbot.addWidget(shown)
    shown.resize(700, 500)
    shown.show()
    return shown


@pytest.fixture
def setting_up(qtbot: QtBot, gallery: MethodGallery) -> SettingUp:
    panel = SetupPanel()
    qtbot.addWidget(panel)
    panel.show()
    made = SettingUp(panel, gallery)
    made.set_methods(FOUND)
    made.set_data(2000, 500, {}, GREY)
    return made


def words(gallery: MethodGallery, method_id: str) -> list[str]:
    card = gallery.card(method_id)
    assert card is not None
    return [label.text() for label in card.findChildren(QLabel)]


def test_cards_stand_under_headings_and_say_why_they_are_off(setting_up: SettingUp, gallery: MethodGallery) -> None:
    groups = arrange(FOUND, Advice({"colorization": "All images are grey."}, {}, "micle", "Recommended"))
    assert [[card.title for card in group.cards] for group in groups] == [
        ["SIMCLR", "MICLE", "MAE"],
        ["COLORIZATION"],
        ["THEIRS", "rotten"],
    ]
    assert "Recommended: 4.0 images per patient" in words(gallery, "micle")
    assert any("grey" in text for text in words(gallery, "colorization"))
    assert any("Not enabled yet." in text for text in words(gallery, "theirs"))
    assert any("not valid TOML" in text for text in words(gallery, "rotten"))
    off = gallery.card("colorization")
    assert off is not None and "grey" in off.accessibleDescription()


def test_cards_are_walked_and_chosen_by_keys(setting_up: SettingUp, gallery: MethodGallery, qtbot: QtBot) -> None:
    assert setting_up.method is not None and setting_up.method.id == "micle"
    for press, then in ((Qt.Key.Key_Right, "mae"), (Qt.Key.Key_Down, "colorization"), (Qt.Key.Key_Left, "mae")):
        current = gallery.card({"mae": "micle", "colorization": "mae"}[then] if press != Qt.Key.Key_Left else then)
        assert current is not None
        if press == Qt.Key.Key_Left:
            current = gallery.card("colorization")
            assert current is not None
        with qtbot.waitSignal(current.step_requested):
            qtbot.keyClick(current, press)
    off, on = gallery.card("colorization"), gallery.card("simclr")
    assert off is not None and on is not None
    qtbot.keyClick(off, Qt.Key.Key_Return)
    assert setting_up.method.id == "micle", "a method that is off cannot be chosen"
    qtbot.keyClick(on, Qt.Key.Key_Return)
    assert setting_up.method.id == "simclr" and on.accessibleDescription() == "Chosen"


def test_a_method_for_transformers_takes_another_network_and_says_so(setting_up: SettingUp) -> None:
    panel = setting_up.parent()
    assert isinstance(panel, SetupPanel)
    setting_up.pick_method("mae")
    spec = setting_up.specification()
    assert (spec.task, spec.backbone, spec.learning_rate) == ("mae", "vit_tiny", 3e-4)
    assert "vision transformers" in panel.method.note.text()
    box = panel.common.rows["backbone"].control
    assert [box.model().item(row).isEnabled() for row in range(box.count())] == [
        box.itemData(row).startswith("vit") for row in range(box.count())
    ]
    setting_up.pick_method("simclr")
    spec = setting_up.specification()
    assert (spec.backbone, spec.learning_rate) == (PretrainSpec().backbone, PretrainSpec().learning_rate)
    assert panel.method.take.isVisible() and "MICLE" in panel.method.take.text()
    panel.method.take.click()
    assert setting_up.specification().task == "micle"


def test_data_that_do_not_suit_the_method_hold_it_back(setting_up: SettingUp) -> None:
    setting_up.pick_method("micle")
    setting_up.set_data(2000, 2000, {}, replace(GREY, subjects=2000, several=0.0))
    assert "No patient has two images" in setting_up.problem()


def test_micle_goes_on_from_simclr_by_one_click(setting_up: SettingUp) -> None:
    panel = setting_up.parent()
    assert isinstance(panel, SetupPanel)
    start = panel.start_from
    assert not start.take.isVisible() and "train SimCLR" in start.proposal.text()
    setting_up.starting.set_runs(
        [EarlierRun("mae-1", "mae", "vit_tiny", 64), EarlierRun("simclr-2", "simclr", "resnet50", 64)]
    )
    assert start.take.isVisible() and start.take.text() == "Continue from simclr-2"
    start.take.click()
    spec = setting_up.specification()
    assert (spec.init, spec.backbone) == ("run:simclr-2", "resnet50")
    assert start.choice.value() == EARLIER and not start.take.isVisible()
    panel.set_values({"backbone": "resnet18"})
    assert "simclr-2" in setting_up.problem() and "ResNet-50" in setting_up.problem()
    setting_up.pick_method("simclr")
    assert setting_up.specification().backbone == "resnet50" and not setting_up.problem()
    setting_up.pick_method("mae")
    assert [start.runs.itemData(row) for row in range(start.runs.count())] == ["mae-1"]
    assert setting_up.specification().init == "random", "a run whose network the method cannot train is no start"


def test_a_file_must_be_chosen(setting_up: SettingUp, tmp_path: Path) -> None:
    panel = setting_up.parent()
    assert isinstance(panel, SetupPanel)
    panel.start_from.choice.set_value(FILE)
    panel.start_from.start_chosen.emit(FILE)
    assert setting_up.problem() == texts.NO_WEIGHTS
    panel.start_from.file_chosen.emit(tmp_path / "weights.safetensors")
    assert setting_up.problem() == "" and setting_up.starting.weights == tmp_path / "weights.safetensors"
    assert setting_up.specification().init == "random"


def test_a_plugin_of_others_is_shown_and_enabled(
    gallery: MethodGallery, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "plugins" / "theirs"
    (folder / "theirs").mkdir(parents=True)
    (folder / "theirs" / "__init__.py").write_text("raise SystemExit('never imported by the window')")
    task = '[[pretext_tasks]]\nid = "theirs"\ntitle = "Theirs"\ncode = "theirs:X"\n'
    (folder / "plugin.toml").write_text(
        f'id = "theirs"\nname = "Theirs"\nversion = "2.1"\napi = 1\nlicence = "MIT"\n{task}'
    )
    monkeypatch.setattr(host, "user_folder", lambda: tmp_path / "plugins")
    at = desk(build(tmp_path / "p.sslproj", pictures(2, 1), with_map=False))
    changed: list[Found] = []
    consent = Consent(at.services, gallery, changed.append)
    gallery.set_groups(arrange(read_methods(), Advice({}, {})), "")
    card = gallery.card("theirs")
    assert card is not None
    card.findChild(QPushButton, options=Qt.FindChildOption.FindDirectChildrenOnly).click()
    qtbot.waitUntil(lambda: consent.dialog is not None, timeout=20000)
    assert consent.dialog is not None
    shown = [label.text() for label in consent.dialog.findChildren(QLabel)]
    assert str(folder) in shown and any("2.1, MIT" in text for text in shown)
    consent.dialog.enable.click()
    qtbot.waitUntil(lambda: bool(changed), timeout=20000)
    assert changed[0].method("theirs") is not None
    at.close()
