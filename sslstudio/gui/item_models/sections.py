"""Images of a gallery under headers: by patient, study, series, group on the map, label, suggestion; pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from sslstudio.domain.labels import MARK_NAMES
from sslstudio.domain.units import count
from sslstudio.gui.item_models import sort_keys

if TYPE_CHECKING:
    from sslstudio.gui.item_models.arrangement import Facts

Ints = npt.NDArray[np.int64]

GROUPINGS = (
    ("", "nothing"),
    ("patient", "patient"),
    ("study", "study"),
    ("series", "series"),
    ("group", "group on the map"),
    ("label", "label"),
    ("prediction", "suggestion"),
)


@dataclass(frozen=True)
class Sections:
    """Where each section begins among the images, (S + 1,), the last entry being their number.

    `keys` (S,) tell which patient, series, ... a section is, whatever else is shown; `patients` (S,) from how many
    patients its images come, 0 where that goes without saying; `names` and `colours` are looked up by `keys`.
    """

    kind: str
    starts: Ints
    keys: Ints
    patients: Ints
    names: Mapping[int, str]
    colours: Mapping[int, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.keys)

    def bounds(self, section: int) -> tuple[int, int]:
        """The first row of a section, and the row after its last."""
        return int(self.starts[section]), int(self.starts[section + 1])

    def name(self, section: int) -> str:
        """What stands on the header."""
        return self.names[int(self.keys[section])]

    def about(self, section: int) -> str:
        """How much lies under it: "12 images from 3 patients"."""
        first, end = self.bounds(section)
        images = count(end - first, "image")
        patients = int(self.patients[section])
        return f"{images} from {count(patients, 'patient')}" if patients else images


def divide(facts: Facts, rows: Ints, kind: str) -> tuple[Sections, Ints]:
    """`rows` of the table, in order (M,), under headers of a `kind` of `GROUPINGS`; the second value says in which
    order to take them, sections one after another, in each as before."""
    codes, names, colours = _codes(facts, kind)
    chosen = codes[rows]
    order = _ordered(chosen)
    sorted_codes = chosen[order]
    first = np.flatnonzero(np.diff(sorted_codes, prepend=sorted_codes[0] - 1)) if len(rows) else np.zeros(0, np.int64)
    starts = np.append(first, len(rows)).astype(np.int64)
    keys = sorted_codes[first].astype(np.int64)
    patients = np.zeros(len(keys), dtype=np.int64)
    if kind in ("group", "label", "prediction"):
        patients = _count_patients(facts.table.subject_code[rows[order]], starts)
    return Sections(kind, starts, keys, patients, names, colours), np.asarray(order, dtype=np.int64)


def _ordered(codes: Ints) -> Ints:
    """The places of codes in ascending order, stable. Numbers alone are sorted several times as fast as places."""
    count, most = len(codes), int(codes.max(initial=0))
    if int(codes.min(initial=0)) < 0 or most >= np.iinfo(np.int64).max // max(1, count) - 1:
        return np.asarray(np.argsort(codes, kind="stable"), dtype=np.int64)
    return np.asarray(np.sort(codes * count + np.arange(count)) % max(1, count), dtype=np.int64)


def _count_patients(subjects: Ints, starts: Ints) -> Ints:
    counts = np.zeros(len(starts) - 1, dtype=np.int64)
    for section in range(len(counts)):
        seen = np.zeros(int(subjects.max(initial=0)) + 1, dtype=bool)
        seen[subjects[starts[section] : starts[section + 1]]] = True
        counts[section] = seen.sum()
    return counts


def _codes(facts: Facts, kind: str) -> tuple[Ints, Mapping[int, str], Mapping[int, str]]:
    """A number for each row of the table, larger ones later; names and colours by number."""
    table = facts.table
    if kind == "patient":
        return table.subject_code, _PatientNames(table.subjects), {}
    if kind in ("study", "series"):
        return _branch_codes(facts, kind)
    if kind == "group":
        last = int(facts.group.max(initial=-1)) + 1
        named = {number: facts.group_names.get(number) or f"Group {number + 1}" for number in range(last)}
        codes = np.where(facts.group < 0, last, facts.group).astype(np.int64)
        return codes, {**named, last: "In no group"}, {}
    infos = list(facts.classes.values())
    colours = {place: info.colour for place, info in enumerate(infos)}
    named = {place: info.name for place, info in enumerate(infos)}
    if kind == "label":
        rest = (*(name.capitalize() for name in MARK_NAMES.values()), "Without label")
        return sort_keys.label_codes(facts), {**named, **{len(infos) + n: name for n, name in enumerate(rest)}}, colours
    if kind == "prediction":
        places = sort_keys.key(facts, "prediction")
        assert places is not None
        codes = np.where(np.isnan(places), len(infos), places).astype(np.int64)
        return codes, {**named, len(infos): "Without suggestion"}, colours
    return np.zeros(len(table.ids), dtype=np.int64), {0: "All images"}, {}


def _branch_codes(facts: Facts, kind: str) -> tuple[Ints, Mapping[int, str], Mapping[int, str]]:
    table = facts.table
    branches = table.branches
    subject = np.zeros(len(branches), dtype=np.int64)
    subject[table.series_code] = table.subject_code
    if kind == "series":
        return table.series_code, _BranchNames(table.subjects, subject, branches), {}
    studies = branches[:, 0]
    _, first = np.unique(studies, return_index=True)
    return studies[table.series_code], _BranchNames(table.subjects, subject[first], branches[first, :2]), {}


class _PatientNames(Mapping[int, str]):
    """Made when they are painted: a hundred thousand texts that nobody sees would take as long as the sorting."""

    def __init__(self, subjects: tuple[str, ...]) -> None:
        self._subjects = subjects

    def __getitem__(self, code: int) -> str:
        return f"Patient {self._subjects[code][:8]}"

    def __iter__(self) -> Iterator[int]:
        return iter(range(len(self)))

    def __len__(self) -> int:
        return len(self._subjects)


class _BranchNames(_PatientNames):
    """ "Patient 3f2a91bc, study 1, series 2": pseudonyms of studies and series would tell nobody anything."""

    def __init__(self, subjects: tuple[str, ...], subject: Ints, branches: Ints) -> None:
        super().__init__(subjects)
        self._subject, self._branches = subject, branches

    def __getitem__(self, code: int) -> str:
        words = ("study", "series")
        places = (f"{word} {number}" for word, number in zip(words, self._branches[code, 1:].tolist(), strict=False))
        return ", ".join((super().__getitem__(int(self._subject[code])), *places))

    def __len__(self) -> int:
        return len(self._branches)
