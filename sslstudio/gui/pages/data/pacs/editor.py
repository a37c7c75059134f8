"""Setting one archive up: the form and its test."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QScrollArea,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from sslstudio.errors import SSLStudioError
from sslstudio.gui.pages.data.pacs import texts
from sslstudio.gui.widgets.controls import Disclosure, FormRow, PlainButton, PrimaryButton, Segmented, Text, row
from sslstudio.gui.widgets.numbers import WholeNumber
from sslstudio.pacs.nodes import LISTEN_PORT, OUR_TITLE, PacsNode, make_node

_FIELD = 320


class NodeEditor(QDialog):
    """``test_requested(PacsNode, password)``, ``save_requested(PacsNode)``; `show_problem` and `show_test` answer."""

    test_requested = Signal(object, str)
    save_requested = Signal(object)

    def __init__(self, node: PacsNode | None = None, password: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(texts.EDITOR_CHANGE if node else texts.EDITOR_ADD)
        self.resize(640, 700)
        form = QWidget()
        self._column = QVBoxLayout(form)
        self._column.setContentsMargins(20, 16, 20, 8)
        self._column.setSpacing(4)
        self.name = _line(texts.NODE_NAME_HINT, 60)
        self.kind = Segmented(texts.KINDS, texts.KIND)
        self.kind.chosen.connect(lambda _: self._show_fields())
        self._column.addWidget(FormRow(texts.NODE_NAME, self.name))
        self._column.addWidget(FormRow(texts.KIND, self.kind))
        self._web, self._dimse, self._moving = self._make_web(), self._make_dimse(), self._make_moving()
        self.timeout = _number(1, 600, 30)
        self.timeout.setSuffix(" s")
        self._column.addWidget(FormRow(texts.TIMEOUT, self.timeout, texts.TIMEOUT_HELP))
        self.tls = QCheckBox(texts.TLS)
        self.tls.setAccessibleName(texts.TLS)
        self._tls_row = self._add("", self.tls, texts.TLS_HELP)
        self._column.addWidget(self._make_security())
        self._column.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        scroll.setWidget(form)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(scroll, 1)
        column.addLayout(self._make_foot())
        self.password.setText(password)
        if node is not None:
            self._fill(node)
        self._show_fields()

    def _add(self, label: str, control: QWidget, help: str = "") -> FormRow:
        line = FormRow(label, control, help)
        self._column.addWidget(line)
        return line

    def _make_web(self) -> list[FormRow]:
        self.url, self.user, self.password = _line(texts.URL_HINT, 500), _line("", 200), _line("", 500)
        self.password.setEchoMode(QLineEdit.EchoMode.Password)
        return [
            self._add(texts.URL, self.url),
            self._add(texts.USER, self.user, texts.USER_HELP),
            self._add(texts.PASSWORD, self.password, texts.TEST_PASSWORD_HELP),
        ]

    def _make_dimse(self) -> list[FormRow]:
        self.host, self.port = _line(texts.HOST_HINT, 255), _number(1, 65535, 104)
        self.archive_title, self.calling = _line("", 16), _line("", 16)
        self.calling.setText(OUR_TITLE)
        self.way = Segmented(texts.WAYS, texts.WAY)
        self.way.chosen.connect(lambda _: self._show_fields())
        rows = [
            self._add(texts.HOST, self.host),
            self._add(texts.PORT, self.port),
            self._add(texts.CALLED, self.archive_title),
            self._add(texts.CALLING, self.calling, texts.CALLING_HELP),
            self._add(texts.WAY, self.way, texts.WAY_HELP["get"]),
        ]
        self._way_row = rows[-1]
        return rows

    def _make_moving(self) -> list[FormRow]:
        self.listen_host, self.listen_port = _line(texts.LISTEN_HOST_HINT, 255), _number(1, 65535, LISTEN_PORT)
        self.sending_title = _line(texts.SENDER_HINT, 16)
        return [
            self._add(texts.LISTEN_HOST, self.listen_host),
            self._add(texts.LISTEN_PORT, self.listen_port),
            self._add(texts.SENDER, self.sending_title),
        ]

    def _make_security(self) -> Disclosure:
        self.ca, self.cert, self.own_key = _line(), _line(), _line()
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(0, 0, 0, 0)
        for label, field, help in (
            (texts.CA, self.ca, texts.CA_HELP),
            (texts.CERT, self.cert, texts.CERT_HELP),
            (texts.KEY, self.own_key, texts.KEY_HELP),
        ):
            choose = PlainButton(texts.BROWSE)
            choose.setAutoDefault(False)
            choose.setAccessibleName(f"{label}: choose a file")
            choose.clicked.connect(lambda _=False, into=field, what=label: self._ask_file(into, what))
            field.setAccessibleName(label)
            column.addWidget(FormRow(label, row(field, choose), help))
        self.security = Disclosure(texts.SECURITY, body)
        return self.security

    def _make_foot(self) -> QVBoxLayout:
        self.outcome = Text("", "muted")
        self.outcome.setAccessibleName("Result of the test")
        self.outcome.hide()
        self.test = PlainButton(texts.TEST)
        self.test.setAutoDefault(False)
        self.test.clicked.connect(self._test)
        self.save = PrimaryButton(texts.SAVE)
        self.save.setDefault(True)
        self.save.clicked.connect(self._save)
        cancel = PlainButton(texts.CANCEL)
        cancel.setAutoDefault(False)
        cancel.clicked.connect(self.reject)
        buttons = QHBoxLayout()
        buttons.addWidget(self.test)
        buttons.addStretch(1)
        buttons.addWidget(cancel)
        buttons.addWidget(self.save)
        foot = QVBoxLayout()
        foot.setContentsMargins(20, 4, 20, 16)
        foot.setSpacing(10)
        foot.addWidget(self.outcome)
        foot.addLayout(buttons)
        return foot

    # -- what stands in the form -----------------------------------------------------------------------------

    def node(self) -> PacsNode:
        """The archive as it stands in the form; raises SSLStudioError "bad_node"."""
        kind = self.kind.value()
        values: dict[str, object] = {
            "name": self.name.text().strip(),
            "kind": kind,
            "timeout": float(self.timeout.value()),
            "ca_file": self.ca.text().strip(),
            "cert_file": self.cert.text().strip(),
            "key_file": self.own_key.text().strip(),
        }
        if not values["name"]:
            raise SSLStudioError("Give the archive a name.", code="bad_node")
        if kind == "dicomweb":
            values |= {"url": self.url.text().strip(), "user": self.user.text().strip()}
        else:
            values |= {
                "host": self.host.text().strip(),
                "port": self.port.value(),
                "called_ae": self.archive_title.text().strip(),
                "calling_ae": self.calling.text().strip(),
                "retrieve": self.way.value(),
                "listen_host": self.listen_host.text().strip(),
                "listen_port": self.listen_port.value(),
                "sender_ae": self.sending_title.text().strip(),
                "tls": self.tls.isChecked(),
            }
        return make_node(**values)

    def _fill(self, node: PacsNode) -> None:
        self.name.setText(node.name)
        self.kind.set_value(node.kind)
        self.way.set_value(node.retrieve)
        for field, text in (
            (self.url, node.url),
            (self.user, node.user),
            (self.host, node.host),
            (self.archive_title, node.called_ae),
            (self.calling, node.calling_ae),
            (self.listen_host, node.listen_host),
            (self.sending_title, node.sender_ae),
            (self.ca, node.ca_file),
            (self.cert, node.cert_file),
            (self.own_key, node.key_file),
        ):
            field.setText(text)
        self.port.setValue(node.port)
        self.listen_port.setValue(node.listen_port)
        self.timeout.setValue(round(node.timeout))
        self.tls.setChecked(node.tls)
        self.security.set_open(bool(node.ca_file or node.cert_file))

    def _show_fields(self) -> None:
        web, moving = self.kind.value() == "dicomweb", self.way.value() == "move"
        for line in self._web:
            line.setVisible(web)
        for line in self._dimse:
            line.setVisible(not web)
        for line in self._moving:
            line.setVisible(not web and moving)
        self._tls_row.setVisible(not web)
        self._way_row.set_help(texts.WAY_HELP[self.way.value()])

    # -- answers ---------------------------------------------------------------------------------------------

    def show_outcome(self, text: str, role: str, *, testing: bool = False) -> None:
        """What a test or saving came to; `testing` while an answer is awaited."""
        self.outcome.setText(text)
        self.outcome.set_role(role)
        self.outcome.setVisible(bool(text))
        self.test.setEnabled(not testing)
        self.test.setToolTip(text if testing else "")

    def _test(self) -> None:
        try:
            node = self.node()
        except SSLStudioError as error:
            self.show_outcome(str(error), "danger")
            return
        self.show_outcome(texts.TESTING.format(name=node.name), "muted", testing=True)
        self.test_requested.emit(node, self.password.text())

    def _save(self) -> None:
        try:
            node = self.node()
        except SSLStudioError as error:
            self.show_outcome(str(error), "danger")
            return
        self.save_requested.emit(node)

    def _ask_file(self, into: QLineEdit, what: str) -> None:
        chosen, _ = QFileDialog.getOpenFileName(self, what, "", "Certificates (*.pem *.crt *.cer *.key);;All files (*)")
        if chosen:
            into.setText(chosen)


def _line(hint: str = "", most: int = 1000) -> QLineEdit:
    line = QLineEdit()
    line.setMaxLength(most)
    line.setPlaceholderText(hint)
    line.setMinimumWidth(_FIELD)
    return line


def _number(least: int, most: int, value: int) -> QSpinBox:
    number = WholeNumber()
    number.setRange(least, most)
    number.setValue(value)
    number.setGroupSeparatorShown(False)
    return number
