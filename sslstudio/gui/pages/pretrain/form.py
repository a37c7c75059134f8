"""A form made from a specification and a manifest: one control a field, with its limits and its help."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args, get_origin

from annotated_types import Ge, Gt, Le, MultipleOf
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QStandardItemModel
from PySide6.QtWidgets import QCheckBox, QComboBox, QDoubleSpinBox, QSpinBox, QVBoxLayout, QWidget

from sslstudio.backbones.table import ARCHITECTURES
from sslstudio.domain.specs import ParameterValue, PretrainSpec
from sslstudio.extensions.manifest import Parameter
from sslstudio.gui.pages.pretrain import texts
from sslstudio.gui.widgets.controls import FormRow
from sslstudio.gui.widgets.numbers import Number, WholeNumber

COMMON = ("backbone", "image_size", "depth", "epochs", "batch_size", "device")
RATES = ("learning_rate", "weight_decay", "warmup_fraction")
RARE = (*RATES, "precision", "accumulation", "checkpointing", "compile", "keep", "seed")
MOST = 1_000_000_000
_UNITS = {"image_size": "px", "depth": "slices"}


@dataclass(frozen=True)
class Field:
    """One entry of a form. `kind` is "int", "float", "bool" or "choice"; `choices` are (value, text).

    A whole number is a multiple of `step`.
    """

    name: str
    label: str
    kind: str
    default: ParameterValue
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[tuple[str, str], ...] = ()
    unit: str = ""
    help: str = ""
    step: int = 1


def spec_fields(names: tuple[str, ...]) -> list[Field]:
    """Fields of `PretrainSpec`, with limits and defaults as the specification has them."""
    return [_spec_field(name) for name in names]


def _spec_field(name: str) -> Field:
    info = PretrainSpec.model_fields[name]
    label, help_text = texts.LABELS[name]
    if name == "backbone":
        choices = tuple((key, entry.title) for key, entry in ARCHITECTURES.items())
        return Field(name, label, "choice", info.default, choices=choices, help=help_text)
    if get_origin(info.annotation) is Literal:
        choices = tuple((value, texts.CHOICES.get(value, value)) for value in get_args(info.annotation))
        return Field(name, label, "choice", info.default, choices=choices, help=help_text)
    if info.annotation is bool:
        return Field(name, label, "bool", info.default, help=help_text)
    low: float | None = None
    high: float | None = None
    step = 1.0
    for limit in info.metadata:
        if isinstance(limit, Ge):
            low = _number(limit.ge)
        elif isinstance(limit, Gt):
            low = _number(limit.gt)
        elif isinstance(limit, Le):
            high = _number(limit.le)
        elif isinstance(limit, MultipleOf):
            step = _number(limit.multiple_of) or 1.0
    kind = "int" if info.annotation is int else "float"
    return Field(name, label, kind, info.default, low, high, unit=_UNITS.get(name, ""), help=help_text, step=int(step))


def method_fields(parameters: tuple[Parameter, ...]) -> list[Field]:
    """Fields of a method's own parameters."""
    return [
        Field(
            entry.name,
            entry.label,
            entry.type,
            entry.default,
            entry.minimum,
            entry.maximum,
            tuple((choice, choice) for choice in entry.choices),
            entry.unit,
            entry.help,
        )
        for entry in parameters
    ]


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None


class Form(QWidget):
    """Rows for some fields. ``changed`` fires on every edit by the user."""

    changed = Signal()

    def __init__(self, fields: list[Field], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._fields = {entry.name: entry for entry in fields}
        self._controls: dict[str, QWidget] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        self.rows: dict[str, FormRow] = {}
        for entry in fields:
            control = _make(entry)
            self._controls[entry.name] = control
            _changed(control).connect(lambda *_: self.changed.emit())
            self.rows[entry.name] = FormRow(entry.label, control, entry.help)
            column.addWidget(self.rows[entry.name])

    def values(self) -> dict[str, ParameterValue]:
        """What stands in the form now."""
        return {name: _value(control) for name, control in self._controls.items()}

    def set_values(self, values: Mapping[str, ParameterValue]) -> None:
        """Fill in some fields, without telling."""
        for name, value in values.items():
            control = self._controls.get(name)
            if control is not None:
                control.blockSignals(True)
                _set(control, value)
                control.blockSignals(False)

    def limit(self, name: str, reasons: Mapping[str, str]) -> None:
        """Leave only values of a choice with no reason against them; the others stay in the list, off, and say why."""
        control = self._controls[name]
        assert isinstance(control, QComboBox)
        model = control.model()
        assert isinstance(model, QStandardItemModel)
        for place in range(control.count()):
            reason = reasons.get(control.itemData(place), "")
            model.item(place).setEnabled(not reason)
            model.item(place).setToolTip(reason)
            model.item(place).setData(reason, Qt.ItemDataRole.AccessibleDescriptionRole)
        allowed = [value for value, _ in self._fields[name].choices if not reasons.get(value)]
        if control.currentData() not in allowed and allowed:
            self.set_values({name: allowed[0]})

    def reset(self) -> None:
        """Every field back to its default."""
        self.set_values({name: entry.default for name, entry in self._fields.items()})
        self.changed.emit()


def _make(entry: Field) -> QWidget:
    if entry.kind == "bool":
        box = QCheckBox()
        box.setChecked(bool(entry.default))
        return box
    if entry.kind == "choice":
        combo = QComboBox()
        for value, text in entry.choices:
            combo.addItem(text, value)
        combo.setCurrentIndex(max(0, combo.findData(entry.default)))
        combo.setMinimumWidth(180)
        return combo
    suffix = f" {entry.unit}" if entry.unit else ""
    if entry.kind == "int":
        whole = _Steps(entry.step)
        whole.setRange(int(entry.minimum or 0), int(entry.maximum if entry.maximum is not None else MOST))
        whole.setSuffix(suffix)
        whole.setGroupSeparatorShown(True)
        whole.setValue(int(entry.default))
        whole.setMinimumWidth(110)
        return whole
    number = Number()
    number.setDecimals(6)
    number.setRange(entry.minimum or 0.0, entry.maximum if entry.maximum is not None else MOST)
    number.setStepType(QDoubleSpinBox.StepType.AdaptiveDecimalStepType)
    number.setSuffix(suffix)
    number.setValue(float(entry.default))
    number.setMinimumWidth(130)
    return number


class _Steps(WholeNumber):
    """Whole numbers of which some steps make one: what is typed between two of them becomes the nearest."""

    def __init__(self, step: int) -> None:
        super().__init__()
        self.setSingleStep(step)

    def valueFromText(self, text: str) -> int:
        """The value that stands for what is typed."""
        step = self.singleStep()
        return max(self.minimum(), round(super().valueFromText(text) / step) * step)


def _changed(control: QWidget) -> Any:
    if isinstance(control, QCheckBox):
        return control.toggled
    if isinstance(control, QComboBox):
        return control.currentIndexChanged
    assert isinstance(control, QSpinBox | QDoubleSpinBox)
    return control.valueChanged


def _value(control: QWidget) -> ParameterValue:
    if isinstance(control, QCheckBox):
        return control.isChecked()
    if isinstance(control, QComboBox):
        return str(control.currentData())
    assert isinstance(control, QSpinBox | QDoubleSpinBox)
    return control.value()


def _set(control: QWidget, value: ParameterValue) -> None:
    if isinstance(control, QCheckBox):
        control.setChecked(bool(value))
    elif isinstance(control, QComboBox):
        control.setCurrentIndex(max(0, control.findData(value)))
    elif isinstance(control, QSpinBox):
        control.setValue(int(value))
    elif isinstance(control, QDoubleSpinBox):
        control.setValue(float(value))
