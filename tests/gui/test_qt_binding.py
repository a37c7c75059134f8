"""The Qt binding must not lose references: PySide6 6.12.0 drops one of None with each call on Python 3.10 and 3.11.

There None, True and False are not immortal: after some ten thousand calls the interpreter aborts ("deallocating
None"). Older bindings are right; from Python 3.12 on the fault has no effect.
"""

from __future__ import annotations

import sys

import PySide6
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

CALLS = 2000


def test_calls_into_qt_keep_the_references_of_none(qtbot: QtBot) -> None:
    widget = QWidget()
    qtbot.addWidget(widget)
    before = sys.getrefcount(None)
    for _ in range(CALLS):
        widget.update()
    lost = before - sys.getrefcount(None)
    assert lost < CALLS // 2, (
        f"PySide6 {PySide6.__version__} on Python {sys.version_info.major}.{sys.version_info.minor} loses references "
        "of None; require PySide6-Essentials < 6.12 for Python < 3.12"
    )
