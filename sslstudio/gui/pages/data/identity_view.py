"""How patients are told apart, as a form with a preview on the user's own files; used before an import and after it."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QComboBox,
    QHeaderView,
    QLabel,
    QLineEdit,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from sslstudio.gui import theme
from sslstudio.gui.pages.data import identity_texts as texts
from sslstudio.gui.pages.data.preview import Seen
from sslstudio.gui.pages.data.table_columns import TableColumns
from sslstudio.gui.widgets.controls import Disclosure, FormRow, PlainButton, Text, row
from sslstudio.importers.path_text import one_line
from sslstudio.importers.subjects import Suggestion
from sslstudio.importers.tables import TableShape
from sslstudio.session.subjects import Identity

SHOWN = 6


class IdentityForm(QWidget):
    """``changed`` fires when another way is wanted, ``table_requested`` asks for a table.

    `identity` is what stands in the form now; `set_seen` shows what it makes of the files.
    """

    changed = Signal()
    table_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._table: Path | None = None
        self._placeholders: tuple[str, ...] = ()
        self._typing = QTimer(self, singleShot=True, interval=250)
        self._typing.timeout.connect(self.changed)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        for part in self._make_choice():
            column.addWidget(part)
        for part in self._make_preview():
            column.addWidget(part)
        self._show_way()

    def _make_choice(self) -> Sequence[QWidget]:
        self.way = QComboBox()
        for value, label in texts.WAYS:
            self.way.addItem(label, value)
        self.way.setMinimumWidth(320)
        self.way.currentIndexChanged.connect(self._way_chosen)
        self.pattern = QLineEdit()
        self.pattern.setMinimumWidth(420)
        self.pattern.setPlaceholderText(r"(?P<subject>[^/]+)/")
        self.pattern.textEdited.connect(lambda _: self._typing.start())
        self.table = PlainButton(texts.CHOOSE_TABLE, "table")
        self.table.clicked.connect(lambda: self.table_requested.emit())
        self.over_header = QCheckBox(texts.OVER_HEADER)
        self.over_header.toggled.connect(lambda _: self.changed.emit())
        self.ignore = QCheckBox(texts.IGNORE)
        self.ignore.toggled.connect(lambda _: self.changed.emit())
        self.ignore_row = FormRow("", self.ignore)
        self.over_row = FormRow("", self.over_header)
        self.columns = TableColumns()
        self.columns.changed.connect(self.changed)
        self.columns_row = FormRow("Columns", self.columns)
        self.pattern_row = FormRow("Pattern", self.pattern, texts.PATTERN_HELP)
        self.table_row = FormRow("Table", self.table, texts.TABLE_HELP)
        choice = FormRow(texts.WAY, self.way, texts.WAY_HELP)
        return choice, self.pattern_row, self.table_row, self.columns_row, self.over_row, self.ignore_row

    def _make_preview(self) -> Sequence[QWidget]:
        self.preview = Text("", "muted")
        self.preview.setAccessibleName("What this does to your files")
        self.preview.setMinimumWidth(520)
        self.doubts = Text("", "warning")
        self.doubts.setMinimumWidth(520)
        self.matches = QLabel()
        self.matches.setTextFormat(Qt.TextFormat.RichText)
        self.matches.setAccessibleName("Your files, with the patient marked")
        self.matches.setMinimumWidth(520)
        self.suggestion = Text("", "muted")
        self.use = PlainButton(texts.USE)
        self.use.clicked.connect(self._use_suggestion)
        self._suggested = Suggestion("", "", "")
        self.suggestion_row = FormRow("", row(self.suggestion, self.use))
        self.suggestion.setMinimumWidth(420)
        self.ways = QTableWidget(0, len(texts.COLUMNS))
        self.ways.setHorizontalHeaderLabels(list(texts.COLUMNS))
        self.ways.setAccessibleName(texts.COMPARE)
        self.ways.verticalHeader().hide()
        self.ways.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.ways.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.ways.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.ways.setShowGrid(False)
        self.ways.setTabKeyNavigation(False)
        self.ways.setToolTip("Double-click or Enter uses a way")
        self.ways.horizontalHeader().setStretchLastSection(True)
        self.ways.horizontalHeader().setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)
        self.ways.verticalHeader().setDefaultSectionSize(26)
        self.ways.itemActivated.connect(self._way_activated)
        self.compare = Disclosure(texts.COMPARE, self.ways)
        self.preview_row = FormRow("Preview", self.preview)
        self.doubts_row = FormRow("", self.doubts)
        self.matches_row = FormRow("", self.matches)
        return self.preview_row, self.matches_row, self.doubts_row, self.suggestion_row, self.compare

    # -- what stands in the form -----------------------------------------------------------------------------

    def identity(self) -> Identity:
        """The way that stands in the form."""
        way = str(self.way.currentData())
        pattern = self.pattern.text() if way == texts.OWN else texts.PATTERN_OF.get(way, "")
        order = "study" if way == texts.STUDY else "path" if pattern and self.over_header.isChecked() else "header"
        table = self._table if way == texts.TABLE else None
        placeholders = self._placeholders if self.ignore.isChecked() else ()
        image, subject = self.columns.chosen() if table is not None else ("", "")
        return Identity(pattern, table, order, placeholders, image, subject)  # type: ignore[arg-type]  # one of three

    def set_identity(self, pattern: str, order: str, placeholders: Sequence[str] = ()) -> None:
        """Fill the form, as with what was used last; tells nobody."""
        self.blockSignals(True)
        way = next((way for way, known in texts.PATTERN_OF.items() if known == pattern), texts.OWN if pattern else "")
        self._choose(way or (texts.STUDY if order == "study" else texts.AUTO), pattern)
        self.over_header.setChecked(order == "path")
        self._placeholders = tuple(placeholders)
        self.ignore.setChecked(bool(placeholders))
        self.blockSignals(False)

    def set_table(self, table: Path, shape: TableShape) -> None:
        """The table that was chosen, and what its columns are taken for; patients are told apart by it from now on."""
        self._table = table
        self.table.setText(table.name)
        self.columns.set_shape(shape)
        self.way.setCurrentIndex(self.way.findData(texts.TABLE))
        self._show_way()
        self.changed.emit()

    def forget_table(self, table: Path) -> None:
        """A table that was taken away is not used; another one, or another way, stays as it is."""
        if self._table == table:
            self._table = None
            self.table.setText(texts.CHOOSE_TABLE)
            if self.way.currentData() == texts.TABLE:
                self._choose(texts.AUTO)

    # -- what it does ----------------------------------------------------------------------------------------

    def set_message(self, text: str, role: str = "muted") -> None:
        """A sentence in place of the preview."""
        self.preview.set_role(role)
        self.preview.setText(text)
        for part in (self.matches_row, self.doubts_row, self.suggestion_row, self.ignore_row, self.over_row):
            part.setVisible(False)
        self.compare.setVisible(False)
        self.preview_row.setVisible(bool(text))

    def set_seen(self, seen: Seen) -> None:
        """What the way in the form makes of the files, what the others would, and what is suggested."""
        self.preview_row.setVisible(True)
        self.preview.set_role("muted" if seen.grouping.files else "warning")
        self.preview.setText(seen.line)
        self.doubts.setText("\n".join(seen.doubts))
        self.doubts_row.setVisible(bool(seen.doubts))
        self.set_matches(seen.paths)
        self._placeholders = tuple(one.subject for one in seen.placeholders) or self._placeholders
        self.ignore_row.setVisible(bool(seen.placeholders) or self.ignore.isChecked())
        self.over_row.setVisible(self.over_header.isChecked() or (seen.headers and bool(self.identity().pattern)))
        best = seen.suggestion
        self._suggested = best
        now = self.identity()
        fits = (best.pattern, best.way == "study") == (now.pattern, now.order == "study") and now.table is None
        fits = fits and (not best.ignore_placeholders or self.ignore.isChecked())
        words = texts.SUGGESTED_IGNORING if best.ignore_placeholders else texts.SUGGESTED
        self.suggestion.setText(words.format(way=texts.way_title(best.way), reason=best.reason))
        self.suggestion_row.setVisible(bool(best.reason) and not fits)
        self._set_ways(seen)

    def set_matches(self, paths: Sequence[tuple[str, tuple[int, int] | None]]) -> None:
        """Some paths with the patient's part marked; None where nothing fits."""
        colours = theme.tokens()
        lines = []
        for path, span in paths[:SHOWN]:
            if span is None:
                lines.append(f'<span style="color:{colours.muted}">{escape(one_line(path))}</span>')
                continue
            before, found, after = (one_line(part) for part in (path[: span[0]], path[slice(*span)], path[span[1] :]))
            mark = f'<b style="color:{colours.accent_text};background:{colours.accent}">&nbsp;{escape(found)}&nbsp;</b>'
            lines.append(f"{escape(before)}{mark}{escape(after)}")
        self.matches.setText("<br>".join(lines))
        self.matches_row.setVisible(bool(lines))

    def _set_ways(self, seen: Seen) -> None:
        self.compare.setVisible(bool(seen.ways))
        title = texts.COMPARE_SAMPLE.format(files=seen.sampled) if seen.sampled else texts.COMPARE
        self.compare.set_title(title)
        self.ways.setRowCount(len(seen.ways))
        for place, (way, grouping, doubts) in enumerate(seen.ways):
            cells = (
                texts.way_title(way),
                f"{grouping.subjects:,}",
                texts.range_text(grouping),
                f"{grouping.unmatched:,}" if grouping.unmatched else "",
                " ".join(doubts),
            )
            for column, text in enumerate(cells):
                item = QTableWidgetItem(text)
                item.setData(Qt.ItemDataRole.UserRole, way)
                item.setToolTip(f"{texts.examples_line(grouping.examples)}\n{texts.misfits_line(grouping)}".strip())
                if column in (1, 2, 3):
                    item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                self.ways.setItem(place, column, item)
        self.ways.setFixedHeight(34 + 26 * max(1, len(seen.ways)))
        self.ways.resizeColumnsToContents()

    # -- inside ----------------------------------------------------------------------------------------------

    def _choose(self, way: str, pattern: str = "") -> None:
        self.pattern.setText(pattern if way == texts.OWN else "")
        self.way.setCurrentIndex(max(0, self.way.findData(way)))

    def _use_suggestion(self) -> None:
        if self._suggested.ignore_placeholders:
            self.ignore.setChecked(True)
        self._choose(self._suggested.way, self._suggested.pattern)

    def _way_activated(self, item: QTableWidgetItem) -> None:
        self._choose(str(item.data(Qt.ItemDataRole.UserRole)))

    def _way_chosen(self) -> None:
        self._show_way()
        self.changed.emit()

    def _show_way(self) -> None:
        way = self.way.currentData()
        self.pattern_row.setVisible(way == texts.OWN)
        self.table_row.setVisible(way == texts.TABLE)
        self.columns_row.setVisible(way == texts.TABLE and self._table is not None)
