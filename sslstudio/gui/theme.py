"""Colours, type and icons of the window in one place; apart so that no page chooses a colour of its own.

The look is that of a reading workstation: neutral greys, one accent, four type sizes, a 4 px grid. Areas that
show images keep the same neutral black in every theme, so that a theme never changes how a picture is perceived.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Any, Literal

from PySide6.QtCore import QByteArray, QObject, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QFontInfo, QIcon, QPainter, QPalette, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication

from sslstudio import resources
from sslstudio.domain.labels import OKABE_ITO

Mode = Literal["system", "light", "dark", "contrast"]
MODES: tuple[Mode, ...] = ("system", "light", "dark", "contrast")
CLASS_COLOURS = OKABE_ITO
"""Colours of classes and clusters, told apart by readers with any colour vision (Okabe and Ito, 2008)."""


@dataclass(frozen=True)
class Tokens:
    """One theme: colours as ``#rrggbb``, sizes in logical pixels."""

    name: str
    window: str
    panel: str
    raised: str
    line: str
    text: str
    muted: str
    accent: str
    accent_text: str
    selection: str
    image_background: str
    ok: str
    warning: str
    danger: str
    focus: str
    hover: str
    small: int = 11
    body: int = 13
    heading: int = 16
    title: int = 20
    space: int = 4

    @property
    def dark(self) -> bool:
        """True when text is lighter than the window."""
        return QColor(self.window).lightness() < 128


LIGHT = Tokens(
    name="light",
    window="#f1f2f4",
    panel="#ffffff",
    raised="#f7f8f9",
    line="#d3d7dc",
    text="#1a1d21",
    muted="#5a626c",
    accent="#0b6a80",
    accent_text="#ffffff",
    selection="#cfe6ec",
    image_background="#0c0c0c",
    ok="#1b7a48",
    warning="#8f5600",
    danger="#b3261e",
    focus="#0b6a80",
    hover="#e6e9ec",
)
DARK = Tokens(
    name="dark",
    window="#17181a",
    panel="#1e2022",
    raised="#272a2d",
    line="#383c41",
    text="#e3e5e8",
    muted="#9ea5ad",
    accent="#56b6cc",
    accent_text="#04222a",
    selection="#1f4a55",
    image_background="#0c0c0c",
    ok="#5fc794",
    warning="#e3b15c",
    danger="#f28b82",
    focus="#7cd0e2",
    hover="#2c3034",
)
HIGH_CONTRAST = Tokens(
    name="contrast",
    window="#000000",
    panel="#000000",
    raised="#000000",
    line="#ffffff",
    text="#ffffff",
    muted="#ffffff",
    accent="#ffd60a",
    accent_text="#000000",
    selection="#00408a",
    image_background="#000000",
    ok="#5dff9b",
    warning="#ffd60a",
    danger="#ff8a80",
    focus="#ffd60a",
    hover="#1f1f1f",
)


class _Signals(QObject):
    """Carries the change signal; a module cannot be a QObject."""

    changed = Signal()


_updates: dict[int, Callable[[], object]] = {}
_numbers = itertools.count()


class _Current:
    """What is applied now. One application has one theme, as it has one palette."""

    tokens: Tokens = LIGHT
    mode: Mode = "system"
    follows: bool = False
    font_family: str = ""


signals = _Signals()
"""``signals.changed`` fires after a theme was applied."""


def tokens() -> Tokens:
    """The theme in force."""
    return _Current.tokens


def mode() -> Mode:
    """What was asked for: a theme, or to follow the system."""
    return _Current.mode


def apply(app: QApplication, mode: Mode = "system") -> None:
    """Give the whole application a theme: Fusion, own palette, one style sheet. Safe to call again at any time."""
    _Current.mode = mode
    if not _Current.follows:
        _Current.follows = True
        app.styleHints().colorSchemeChanged.connect(lambda _scheme: _follow(app))
    chosen = {"light": LIGHT, "dark": DARK, "contrast": HIGH_CONTRAST}.get(mode) or _system(app)
    _Current.tokens = chosen
    icon.cache_clear()
    app.setStyle("Fusion")
    app.setFont(base_font())
    app.setPalette(_palette(chosen))
    app.setStyleSheet(style_sheet(chosen))
    for update in tuple(_updates.values()):
        update()
    signals.changed.emit()


def _follow(app: QApplication) -> None:
    if _Current.mode == "system" and _system(app) is not _Current.tokens:
        apply(app, "system")


def _system(app: QApplication) -> Tokens:
    hints = app.styleHints()
    accessibility = getattr(hints, "accessibility", None)
    if accessibility is not None:
        preference = getattr(accessibility(), "contrastPreference", None)
        if preference is not None and preference() == Qt.ContrastPreference.HighContrast:
            return HIGH_CONTRAST
    return DARK if hints.colorScheme() == Qt.ColorScheme.Dark else LIGHT


def style_sheet(chosen: Tokens) -> str:
    """The style sheet of a theme: `resources/styles/app.qss` with each ``@name`` replaced by the token."""
    values = {field.name: str(getattr(chosen, field.name)) for field in fields(chosen)}
    values["icons"] = (resources.root() / "icons").as_posix()
    return re.sub(r"@\{?(\w+)\}?", lambda found: values[found.group(1)], resources.text("styles/app.qss"))


def _palette(chosen: Tokens) -> QPalette:
    palette = QPalette()
    role = QPalette.ColorRole
    pairs = {
        role.Window: chosen.window,
        role.WindowText: chosen.text,
        role.Base: chosen.panel,
        role.AlternateBase: chosen.raised,
        role.Text: chosen.text,
        role.Button: chosen.raised,
        role.ButtonText: chosen.text,
        role.BrightText: chosen.danger,
        role.ToolTipBase: chosen.raised,
        role.ToolTipText: chosen.text,
        role.PlaceholderText: chosen.muted,
        role.Highlight: chosen.selection,
        role.HighlightedText: chosen.text,
        role.Link: chosen.accent,
        role.LinkVisited: chosen.accent,
        role.Light: chosen.raised,
        role.Mid: chosen.line,
        role.Dark: chosen.line,
        role.Accent: chosen.accent,
    }
    for which, colour in pairs.items():
        palette.setColor(which, QColor(colour))
    for which in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, which, QColor(chosen.muted))
    return palette


def base_font() -> QFont:
    """The body font at 13 px: the bundled Inter with tabular figures, so that the window reads alike everywhere."""
    if not _Current.font_family:
        _Current.font_family = _load_font()
    font = QFont(_Current.font_family)
    font.setPixelSize(_Current.tokens.body)
    font.setFeature(QFont.Tag("tnum"), 1)
    return font


def _load_font() -> str:
    folder = resources.root() / "styles" / "fonts"
    families: list[str] = []
    for file in sorted(folder.glob("*.[ot]tf")):
        number = QFontDatabase.addApplicationFont(str(file))
        families += QFontDatabase.applicationFontFamilies(number) if number >= 0 else []
    if families:
        return families[0]
    return QFontInfo(QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont)).family()


def font(size: int, *, bold: bool = False) -> QFont:
    """The window's font at one of the four sizes, for text that is painted instead of laid out; one for all, so copy
    it before changing it."""
    return _font(_Current.font_family, size, bold)


@lru_cache(maxsize=64)
def _font(family: str, size: int, bold: bool) -> QFont:
    made = base_font()
    made.setPixelSize(size)
    made.setWeight(QFont.Weight.DemiBold if bold else QFont.Weight.Normal)
    return made


@lru_cache(maxsize=256)
def pixmap(name: str, colour: str, size: int, ratio: float = 1.0) -> QPixmap:
    """The icon `name` of `resources/icons`, its ``currentColor`` replaced by `colour`, `size` logical pixels wide."""
    return _drawn(_drawing(name, colour), size, ratio)


def _drawing(name: str, colour: str) -> QSvgRenderer:
    return QSvgRenderer(QByteArray(resources.text(f"icons/{name}.svg").replace("currentColor", colour).encode()))


def _drawn(drawing: QSvgRenderer, size: int, ratio: float) -> QPixmap:
    image = QPixmap(QSize(round(size * ratio), round(size * ratio)))
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    drawing.render(painter, QRectF(0, 0, size * ratio, size * ratio))
    painter.end()
    image.setDevicePixelRatio(ratio)
    return image


@lru_cache(maxsize=512)
def icon(name: str, role: str = "text") -> QIcon:
    """The icon `name` in the colour of the token `role`; muted when disabled. Ask again after a theme change."""
    app = QApplication.instance()
    ratio = app.devicePixelRatio() if isinstance(app, QApplication) else 1.0
    current = tokens()
    made = QIcon()
    for colour, mode in ((getattr(current, role), QIcon.Mode.Normal), (current.muted, QIcon.Mode.Disabled)):
        drawing = _drawing(name, colour)
        for size in (16, 20, 24, 32):
            made.addPixmap(_drawn(drawing, size, ratio), mode)
    return made


def follow_icon(target: Any, name: str, role: str = "text") -> None:
    """Set the icon of a button or action now and after each theme change, for as long as `target` lives."""

    def update() -> None:
        target.setIcon(icon(name, role))

    update()
    on_change(target, update)


def on_change(owner: QObject, update: Callable[[], object]) -> None:
    """Call ``update()`` after each theme change until `owner` is destroyed."""
    number = next(_numbers)
    _updates[number] = update
    owner.destroyed.connect(lambda: _updates.pop(number, None))
