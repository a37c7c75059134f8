"""Draws pairs while they are looked at, and says how many patients the rules leave out."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QObject, QTimer
from PySide6.QtGui import QImage

from sslstudio.domain.specs import Pairing
from sslstudio.errors import SSLStudioError
from sslstudio.gui.pages.page import Services
from sslstudio.gui.pages.pretrain import pair_texts, texts
from sslstudio.gui.pages.pretrain.pairs_pane import PairsPane, PairTile
from sslstudio.gui.pages.pretrain.setting_up import SettingUp
from sslstudio.session.pair_sheet import Members, Pair, PairSheet, draw_sheet, read_members
from sslstudio.session.thumbnails import ProjectThumbnails

PAIRS = 12
FEW = 0.2
"""Below this share of patients the method is hardly more than one on single images."""


@dataclass(frozen=True)
class _Drawn:
    """What a thread has made: the sheet, the JPEGs of its images, and what the images tell."""

    members: Members
    sheet: PairSheet
    pictures: dict[int, QImage]


class PairsPresenter(QObject):
    """Keeps a `PairsPane` in step with the project and gives its rules to the set-up."""

    def __init__(self, services: Services, pane: PairsPane, setting_up: SettingUp) -> None:
        super().__init__(pane)
        self._services, self._pane, self._setting_up = services, pane, setting_up
        self._project = services.session.project
        self._thumbnails = ProjectThumbnails(self._project)
        self._members: Members | None = None
        self._seed = 0
        self._later = QTimer(self, singleShot=True, interval=150)
        self._later.timeout.connect(self.show)
        pane.rules_changed.connect(self._rules_changed)
        pane.others_requested.connect(self._others)

    def images_changed(self) -> None:
        """The project's images are others now."""
        self._members = None
        self._thumbnails.look_changed()
        self._later.start()

    def changed(self) -> None:
        """Another section or another method is in front."""
        self._later.start()

    def close(self) -> None:
        """Stop drawing and close the thumbnails' files."""
        self._later.stop()
        self._thumbnails.close()

    def show(self) -> None:
        """Draw the sheet anew if it is looked at."""
        if not self._pane.isVisible():
            return
        self._pane.set_pairing(self._setting_up.pairing)
        if not self._setting_up.images:
            self._pane.set_coverage(texts.NO_IMAGES, "", warn=False)
            self._pane.set_pairs(())
            return
        self._services.background.run(
            self._draw, self._members, self._setting_up.pairing, self._seed,
            done=self._take, failed=self._failed, key="pairs",
        )  # fmt: skip

    def _draw(self, members: Members | None, pairing: Pairing, seed: int) -> _Drawn:
        members = members or read_members(self._project)
        sheet = draw_sheet(members, pairing, PAIRS, seed)
        wanted = [(item.image_id, item.shard, item.offset) for pair in sheet.pairs for item in (pair.one, pair.other)]
        jpegs = self._thumbnails.get(wanted)
        return _Drawn(members, sheet, {image_id: QImage.fromData(jpeg) for image_id, jpeg in jpegs.items()})

    def _take(self, drawn: _Drawn) -> None:
        self._members = drawn.members
        sheet = drawn.sheet
        self._pane.set_told(drawn.members.told())
        few = sheet.share < FEW
        self._pane.set_coverage(
            pair_texts.coverage(sheet.covered, sheet.subjects), pair_texts.coverage_about(sheet, few), warn=few
        )
        tiles = [_tile(pair, drawn.pictures) for pair in sheet.pairs]
        self._pane.set_pairs(tiles, "" if tiles else pair_texts.NO_PAIRS)

    def _failed(self, error: SSLStudioError) -> None:
        self._pane.set_pairs((), f"{error.message} {error.hint}".strip())

    def _rules_changed(self) -> None:
        self._setting_up.pairing = self._pane.pairing()
        self._later.start()

    def _others(self) -> None:
        self._seed += 1
        self.show()


def _tile(pair: Pair, pictures: dict[int, QImage]) -> PairTile:
    images = tuple(pictures.get(item.image_id, QImage()) for item in (pair.one, pair.other))
    return PairTile(pair_texts.patient(pair.one.subject), pair_texts.pair_lines(pair), (images[0], images[1]))
