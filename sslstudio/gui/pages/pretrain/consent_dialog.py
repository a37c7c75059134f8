"""Agreeing to run somebody else's plugin: what it is, where it lies, and what that means."""

from __future__ import annotations

from PySide6.QtCore import Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QDialog, QVBoxLayout, QWidget

from sslstudio.extensions.host import PluginInfo
from sslstudio.gui.pages.pretrain import texts
from sslstudio.gui.widgets.controls import FormRow, PlainButton, PrimaryButton, SectionTitle, Text, row


class ConsentDialog(QDialog):
    """Shows one plugin; ``agreed(plugin id)`` fires when the user enables it."""

    agreed = Signal(str)

    def __init__(self, info: PluginInfo, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        manifest = info.manifest
        name = manifest.name if manifest is not None else info.id
        self.setWindowTitle(texts.consent_title(name))
        self.setMinimumWidth(560)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 16, 20, 16)
        column.setSpacing(8)
        column.addWidget(SectionTitle(texts.consent_title(name)))
        column.addWidget(Text(texts.CONSENT))
        facts = (
            (texts.PLUGIN_ABOUT, manifest.description if manifest is not None else ""),
            (texts.PLUGIN_AUTHORS, ", ".join(manifest.authors) if manifest is not None else ""),
            (texts.PLUGIN_VERSION, f"{manifest.version}, {manifest.licence}" if manifest is not None else ""),
            (texts.PLUGIN_FOLDER, str(info.folder)),
            (texts.PLUGIN_HASH, info.sha256),
        )
        for label, value in facts:
            shown = Text(value or texts.NOT_GIVEN)
            shown.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            shown.setMinimumWidth(360)
            column.addWidget(FormRow(label, shown))
        look = PlainButton(texts.LOOK_AT_SOURCE, "folder")
        look.clicked.connect(lambda: QDesktopServices.openUrl(QUrl.fromLocalFile(str(info.folder))))
        cancel = PlainButton(texts.CANCEL)
        cancel.clicked.connect(self.reject)
        self.enable = PrimaryButton(texts.ENABLE_IT)
        self.enable.clicked.connect(lambda: self.agreed.emit(info.id))
        self.enable.clicked.connect(self.accept)
        cancel.setDefault(True)
        column.addSpacing(8)
        column.addWidget(row(look, 1, cancel, self.enable))
