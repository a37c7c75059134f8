"""A page that scrolls: a bar that stays on top, and a body no wider than is well read."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QLayout, QScrollArea, QVBoxLayout, QWidget

from sslstudio.gui.widgets.controls import Line


def page_body(width: int) -> QWidget:
    """What a page's parts are laid out in, `width` px at most."""
    body = QWidget()
    body.setObjectName("page")
    body.setMaximumWidth(width)
    return body


def lay_out_page(page: QWidget, body: QWidget, bar: QLayout | None = None, *, centred: bool = False) -> None:
    """Fill `page` with the bar and, below a line, the body, which scrolls; at the left, or `centred`."""
    holder = QWidget()
    row = QHBoxLayout(holder)
    row.setContentsMargins(0, 0, 0, 0)
    if centred:
        row.addStretch(1)
    row.addWidget(body, 100)
    row.addStretch(1)
    scroll = QScrollArea()
    scroll.setWidgetResizable(True)
    scroll.setObjectName("pageScroll")
    scroll.setWidget(holder)
    whole = QVBoxLayout(page)
    whole.setContentsMargins(0, 0, 0, 0)
    whole.setSpacing(0)
    if bar is not None:
        whole.addLayout(bar)
        whole.addWidget(Line())
    whole.addWidget(scroll, 1)
