"""Series as volumes on the Pretrain page: networks, slices, methods, views and starts follow what is looked at."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QComboBox, QLabel, QSpinBox, QWidget
from pytestqt.qtbot import QtBot

from sslstudio.backbones.table import ARCHITECTURES
from sslstudio.domain.stacks import stacks
from sslstudio.gui.pages.pretrain import texts
from sslstudio.gui.pages.pretrain.controller import PretrainController
from sslstudio.gui.pages.pretrain.setup_panel import IMAGES, VOLUMES
from sslstudio.gui.pages.pretrain.start_panel import IMAGENET
from sslstudio.gui.pages.pretrain.view import VIEWS, PretrainView
from sslstudio.training.view_preview import draw_views
from tests.gui.image_project import desk
from tests.gui.volume_project import build

IN_THREE = sorted(name for name, one in ARCHITECTURES.items() if one.dimensions == 3)


class DrawsHere:
    """In place of the child process: draws in this one."""

    def __init__(self) -> None:
        self.asked: list[tuple[Any, ...]] = []

    def call(self, _target: str, *arguments: Any) -> Any:
        self.asked.append(arguments)
        return draw_views(*arguments)

    def close(self) -> None:
        """Nothing to end."""


def shown(path: Path, qtbot: QtBot, slices: int) -> Iterator[PretrainController]:
    at = desk(build(path, slices))
    view = PretrainView()
    qtbot.addWidget(view)
    view.resize(1200, 800)
    view.show()
    controller = PretrainController(at.services, view)
    view.setup.set_expert(True)
    controller.views.compute = DrawsHere()
    qtbot.waitUntil(lambda: controller.reason() == "", timeout=20000)
    yield controller
    controller.close()
    at.close()


@pytest.fixture
def page(qtbot: QtBot, themed: QApplication, tmp_path: Path) -> Iterator[PretrainController]:
    """Six series of ten slices."""
    yield from shown(tmp_path / "p.sslproj", qtbot, 10)


@pytest.fixture
def flat(qtbot: QtBot, themed: QApplication, tmp_path: Path) -> Iterator[PretrainController]:
    """Six series of five slices: no volume."""
    yield from shown(tmp_path / "p.sslproj", qtbot, 5)


def networks(page: PretrainController) -> dict[str, str]:
    """The networks of the list that are off, with the reason."""
    combo = page._view.setup.common.rows["backbone"].control
    assert isinstance(combo, QComboBox)
    off = [place for place in range(combo.count()) if not combo.model().flags(combo.model().index(place, 0)).value & 32]
    return {combo.itemData(place): combo.itemData(place, Qt.ItemDataRole.ToolTipRole) for place in off}


def see(page: PretrainController, value: str) -> None:
    setup = page._view.setup
    setup.sees.set_value(value)
    setup.sees.chosen.emit(value)


def test_whole_series_bring_their_network_slices_batch_and_time(page: PretrainController) -> None:
    setup = page._view.setup
    assert setup.sees.isVisible() and setup.sees_about.text().startswith("6 complete volumes: ")
    assert not setup.common.rows["depth"].isVisible() and networks(page) == {}
    see(page, VOLUMES)
    spec = page.setting_up.specification()
    assert (spec.backbone, spec.depth, spec.batch_size) == ("resnet10_3d", 32, 8) and page.reason() == ""
    assert setup.common.rows["depth"].isVisible()
    assert (
        setup.plan.text().startswith("ResNet-10 for volumes, 64 px, 32 slices, ") and "all volumes" in setup.plan.text()
    )
    slices = setup.common.rows["depth"].control
    assert isinstance(slices, QSpinBox)
    slices.lineEdit().setText("21 slices")
    slices.interpretText()
    assert page.setting_up.specification().depth == 24, "a multiple of eight"
    see(page, IMAGES)
    spec = page.setting_up.specification()
    assert spec.backbone == "resnet18" and not setup.common.rows["depth"].isVisible()
    assert "all images" in setup.plan.text()


def test_methods_and_networks_that_do_not_go_together_are_off_with_the_reason(page: PretrainController) -> None:
    setup, gallery = page._view.setup, page._view.methods
    see(page, VOLUMES)
    off = {method.id for method in page.setting_up.found.methods if gallery.card(method.id).reason}
    assert off == {"mae", "jigsaw", "context", "forecasting", "colorization"}
    why = gallery.card("mae").reason
    assert "learns from single images" in why and texts.SEE_IMAGES in why
    page.setting_up.pick_method("inpainting")
    spec = page.setting_up.specification()
    assert (spec.task, spec.backbone, spec.learning_rate) == ("inpainting", "resnet10_3d", 1e-3)
    see(page, IMAGES)
    page.setting_up.pick_method("jigsaw")
    assert sorted(networks(page)) == IN_THREE
    assert networks(page)["swin_tiny_3d"].startswith("Jigsaw learns from single images")
    assert "Jigsaw" in setup.sees_about.text() and page.setting_up.specification().backbone == "resnet18"
    page.setting_up.pick_method("simclr")
    assert networks(page) == {}


def test_the_recommendation_speaks_of_volumes_where_they_are_seen(page: PretrainController, qtbot: QtBot) -> None:
    why = page._view.setup.why
    qtbot.waitUntil(lambda: "Network: ResNet-18" in said(why), timeout=10000)
    see(page, VOLUMES)
    qtbot.waitUntil(lambda: "Network: ResNet-10 for volumes" in said(why), timeout=10000)
    assert "Slices: 32" in said(why) and "6 volumes are few" in said(why) and "no ImageNet weights" in said(why)
    page.setting_up.pick_method("inpainting")
    page._view.setup.set_values({"depth": 16})
    why.take_requested.emit()
    spec = page.setting_up.specification()
    assert (spec.task, spec.backbone, spec.depth, spec.batch_size) == ("simclr", "resnet10_3d", 32, 8)
    assert page.reason() == ""
    see(page, IMAGES)
    qtbot.waitUntil(lambda: "Network: ResNet-18" in said(why) and "Slices" not in said(why), timeout=10000)


def said(panel: QWidget) -> str:
    return "\n".join(label.text() for label in panel.findChildren(QLabel))


def test_volumes_start_from_no_photographs(page: PretrainController) -> None:
    starting, choice = page.setting_up.starting, page._view.setup.start_from.choice
    starting.choose(IMAGENET)
    see(page, VOLUMES)
    assert starting.init == "random" and choice.value() == "random"
    button = choice._group.button(1)
    assert not button.isEnabled() and button.toolTip() == texts.NO_IMAGENET
    see(page, IMAGES)
    assert button.isEnabled()


def test_data_without_volumes_have_no_network_for_them(flat: PretrainController) -> None:
    setup = flat._view.setup
    assert not setup.sees.isVisible() and not setup.sees_about.isVisible()
    off = networks(flat)
    assert sorted(off) == IN_THREE
    assert "8 or more successive slices" in off["resnet10_3d"] and "no such series" in off["resnet10_3d"]
    assert flat.setting_up.facts is not None and flat.setting_up.facts.volumes == 0


def test_views_show_middle_slices_of_volumes(page: PretrainController, qtbot: QtBot) -> None:
    view, drawing = page._view, page.views.compute
    assert isinstance(drawing, DrawsHere)
    see(page, VOLUMES)
    page.setting_up.take({"image_size": 32, "depth": 8})
    view.sections.show_section(VIEWS)
    qtbot.waitUntil(lambda: view.views._stack.currentWidget() is view.views.grid, timeout=20000)
    arguments = drawing.asked[-1]
    assert [len(one.slices) for one in stacks(arguments[1])] == [10] * 4 and arguments[-1] == 8
    assert len({one.series for one in arguments[1]}) == 4, "four series"
    assert view.views.grid.picture(3, 4).width() == 32
    assert "middle slice" in view.views.note.text()
