"""Every theme is complete and readable; icons exist in every name that the window asks for."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication

from sslstudio.gui import theme
from sslstudio.gui.theme import DARK, HIGH_CONTRAST, LIGHT, Tokens

THEMES = pytest.mark.parametrize("tokens", [LIGHT, DARK, HIGH_CONTRAST], ids=lambda tokens: tokens.name)


def luminance(colour: str) -> float:
    parts = [QColor(colour).redF(), QColor(colour).greenF(), QColor(colour).blueF()]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first: str, second: str) -> float:
    """WCAG 2.1 contrast ratio."""
    light, dark = sorted((luminance(first), luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@THEMES
def test_text_is_readable_on_every_ground(tokens: Tokens) -> None:
    for ground in (tokens.window, tokens.panel, tokens.raised, tokens.selection):
        assert contrast(tokens.text, ground) >= 7
    for ground in (tokens.window, tokens.panel, tokens.raised):
        for colour in (tokens.muted, tokens.ok, tokens.warning, tokens.danger, tokens.accent):
            assert contrast(colour, ground) >= 4.5, (colour, ground)
    assert contrast(tokens.accent_text, tokens.accent) >= 4.5
    assert contrast(tokens.focus, tokens.panel) >= 3


@THEMES
def test_images_stand_on_neutral_ground(tokens: Tokens) -> None:
    ground = QColor(tokens.image_background)
    assert ground.red() == ground.green() == ground.blue()


@THEMES
def test_the_style_sheet_has_no_token_left(tokens: Tokens) -> None:
    sheet = theme.style_sheet(tokens)
    assert "@" not in sheet
    for picture in re.findall(r'url\("([^"]+)"\)', sheet):
        assert Path(picture).is_file()


def test_applying_a_theme_tells_and_keeps_it(qapp: QApplication) -> None:
    told: list[str] = []
    signal = theme.signals.changed
    signal.connect(lambda: told.append(theme.tokens().name))
    theme.apply(qapp, "dark")
    assert (theme.mode(), theme.tokens(), told[-1]) == ("dark", DARK, "dark")
    assert qapp.palette().window().color().name() == DARK.window
    theme.apply(qapp, "light")
    assert told[-1] == "light"


def test_every_icon_the_code_asks_for_exists(qapp: QApplication, root: Path) -> None:
    folder = root / "resources" / "icons"
    known = {path.stem for path in folder.glob("*.svg")}
    asked: set[str] = set()
    for source in (root / "sslstudio" / "gui").rglob("*.py"):
        text = source.read_text(encoding="utf-8")
        asked |= set(re.findall(r'(?:pixmap|IconButton|EmptyState)\(\s*"([a-z-]+)"', text))
        asked |= set(re.findall(r'icon="([a-z-]+)"', text))
    assert asked
    assert asked <= known, sorted(asked - known)
    for name in known:
        assert not theme.pixmap(name, "#123456", 20).isNull()
