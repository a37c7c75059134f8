"""Boxes of choices under headings that cannot be chosen themselves."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QComboBox


def fill(box: QComboBox, groups: Sequence[tuple[str, Sequence[tuple[str, str]]]]) -> None:
    """Offer groups of entries (value, name), each under its title; "" stands for no title, a group without entries is
    left out."""
    model = QStandardItemModel(box)
    for title, entries in groups:
        if title and entries:
            heading = QStandardItem(title)
            heading.setFlags(Qt.ItemFlag.NoItemFlags)
            model.appendRow(heading)
        for value, name in entries:
            item = QStandardItem(name)
            item.setData(value, Qt.ItemDataRole.UserRole)
            item.setToolTip(name)
            model.appendRow(item)
    box.setModel(model)
