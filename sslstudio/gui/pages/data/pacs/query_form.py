"""What to look for in an archive, as a form."""

from __future__ import annotations

from PySide6.QtCore import QDate, Signal
from PySide6.QtWidgets import QComboBox, QDateEdit, QGridLayout, QLabel, QLineEdit, QWidget

from sslstudio.gui.pages.data.pacs import texts
from sslstudio.gui.widgets.controls import PrimaryButton, row
from sslstudio.pacs.rows import StudyQuery


class QueryForm(QWidget):
    """``search_requested(StudyQuery)`` on Enter in any field or the button, ``stop_requested`` while it is asked."""

    search_requested = Signal(object)
    stop_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._asking = False
        self.name, self.patient_id = _field(128, texts.NAME_HINT), _field(64)
        self.description, self.accession = _field(64), _field(32)
        self.name.setToolTip(texts.NAME_HELP)
        self.patient_id.setToolTip(texts.NAME_HELP)
        self.modality = QComboBox()
        for code in texts.MODALITIES:
            self.modality.addItem(code or texts.ANY, code)
        self.dates = QComboBox()
        for value, label in texts.DATE_CHOICES:
            self.dates.addItem(label, value)
        today = QDate.currentDate()
        self.first, self.last = _calendar(today.addMonths(-1), "First study date"), _calendar(today, "Last study date")
        self.between = row(self.first, QLabel("to"), self.last, 1)
        self.dates.currentIndexChanged.connect(self._show_dates)
        self.search = PrimaryButton(texts.SEARCH, "search")
        self.search.clicked.connect(self._pressed)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(6)
        for place, (label, control) in enumerate(
            (
                (texts.NAME, self.name),
                (texts.PATIENT_ID, self.patient_id),
                (texts.ACCESSION, self.accession),
                (texts.DESCRIPTION, self.description),
                (texts.MODALITY, self.modality),
                (texts.DATES, self.dates),
            )
        ):
            line, column = divmod(place, 3)
            title = QLabel(label)
            title.setBuddy(control)
            control.setAccessibleName(label)
            grid.addWidget(title, 2 * line, column)
            grid.addWidget(control, 2 * line + 1, column)
            grid.setColumnStretch(column, 1)
        grid.addWidget(self.between, 4, 2)
        grid.addWidget(row(self.search, 1), 4, 0)
        for field in (self.name, self.patient_id, self.accession, self.description):
            field.returnPressed.connect(self._entered)
        self._show_dates()

    def query(self) -> StudyQuery:
        """What stands in the form."""
        first, last = self._range()
        return StudyQuery(
            patient_name=self.name.text().strip(),
            patient_id=self.patient_id.text().strip(),
            accession=self.accession.text().strip(),
            description=self.description.text().strip(),
            modality=str(self.modality.currentData()),
            date_from=first,
            date_to=last,
        )

    def set_asking(self, asking: bool) -> None:
        """While a query is under way the button stops it."""
        self._asking = asking
        self.search.setText(texts.STOP if asking else texts.SEARCH)

    def _range(self) -> tuple[str, str]:
        way = str(self.dates.currentData())
        if way == "range":
            first, last = sorted((self.first.date(), self.last.date()))
        elif way:
            last = QDate.currentDate()
            first = last.addDays(-int(way))
        else:
            return "", ""
        return first.toString("yyyyMMdd"), last.toString("yyyyMMdd")

    def _show_dates(self) -> None:
        self.between.setVisible(self.dates.currentData() == "range")

    def _entered(self) -> None:
        if not self._asking:
            self.search_requested.emit(self.query())

    def _pressed(self) -> None:
        if self._asking:
            self.stop_requested.emit()
        else:
            self.search_requested.emit(self.query())


def _field(most: int, hint: str = "") -> QLineEdit:
    field = QLineEdit()
    field.setMaxLength(most)
    field.setPlaceholderText(hint)
    return field


def _calendar(date: QDate, name: str) -> QDateEdit:
    calendar = QDateEdit(date)
    calendar.setCalendarPopup(True)
    calendar.setDisplayFormat("yyyy-MM-dd")
    calendar.setAccessibleName(name)
    return calendar
