"""Counts the images of an import by patient, and by how the patient was found, to say what could leak in a split."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from sslstudio.domain.ledger import LedgerRow
from sslstudio.importers.identity import IdentityRules
from sslstudio.importers.path_text import below
from sslstudio.importers.subjects import find_placeholders
from sslstudio.importers.table_use import TableUse

Warn = Callable[[str, str, str], None]

_SHARE = 0.3
_SHARE_FROM = 50
_STUDIES_KEPT = 100_000
"""Patients whose studies are counted; more than that need no such look at placeholders."""


class Patients:
    """Told every row of a ledger by `note`; `warn` then tells the user, once for each kind of doubt."""

    def __init__(self, rules: IdentityRules) -> None:
        self._rules = rules
        self._use = TableUse(rules.table) if rules.table is not None else None
        self.images: Counter[str] = Counter()
        self.of_two = 0
        self._told: Counter[str] = Counter()
        self._by_id: Counter[str] = Counter()
        self._studies: dict[str, set[str]] = {}

    def meet(self, relative: str) -> None:
        """Note a file that was found, whatever becomes of it."""
        if self._use is not None:
            self._use.meet(relative)

    def note(self, row: LedgerRow) -> None:
        """Count one row of the ledger; rows without images of their own count nothing."""
        if row.status != "imported" or not row.frames:
            return
        if self._use is not None:
            self._use.note(below(row.path, row.source) or row.path)
        if row.images:
            subject, told_by = row.images[0].subject, row.told_by
        else:
            found = self._rules.find(below(row.path, row.source) or row.path, row.path, row.patient, row.study)
            subject, told_by = found.subject, found.source
        self.images[subject] += row.frames
        self._told[told_by] += row.frames
        if row.patient and told_by == "header":
            self._by_id[row.patient] += row.frames
            if len(self._studies) < _STUDIES_KEPT:
                self._studies.setdefault(row.patient, set()).add(row.study)

    def warn_of_table(self, warn: Warn) -> None:
        """Tell the user what of the table fits no file, and which files no row."""
        if self._use is not None:
            self._use.warn(warn)

    def warn(self, warn: Warn) -> None:
        """Tell the user, once for each kind of doubt."""
        images = self.images.total()
        if unknown := self._told["file"]:
            warn(
                "patients_unknown",
                f"Patients unknown: each of {unknown:,} images counts as a patient of its own.",
                "Scores can be too good if patients have several images. Give a patient pattern or table if you can.",
            )
        if by_folder := self._told["folder"]:
            warn(
                "folders_as_patients",
                f"For {by_folder:,} images the folder was taken for the patient.",
                "If your folders are classes or sites, change how patients are told apart.",
            )
        if (by_study := self._told["study"]) and self._rules.order != "study":
            warn(
                "studies_as_patients",
                f"The patient id of {by_study:,} images is blank: each of their studies counts as a patient.",
                "If a patient has several studies, give a table or a pattern, or scores can be too good.",
            )
        largest = max(self.images.values(), default=0)
        if images > _SHARE_FROM and largest > _SHARE * images and len(self.images) > 1:
            warn(
                "one_patient_dominates",
                f"One patient has {largest:,} of {images:,} images.",
                "The patient id may be a placeholder. Check how patients are told apart.",
            )
        self._warn_of_placeholders(warn)
        if self.of_two:
            warn(
                "same_image_two_patients",
                f"{self.of_two:,} files show a picture that another patient has too; each was kept once.",
                "Check whether these patients are the same person.",
            )

    def _warn_of_placeholders(self, warn: Warn) -> None:
        counts = {subject: len(studies) for subject, studies in self._studies.items()}
        found = find_placeholders(self._rules.key, self._by_id, counts)
        if found:
            images = sum(one.images for one in found)
            ids = "One patient id stands" if len(found) == 1 else f"{len(found):,} patient ids stand"
            warn(
                "placeholder_ids",
                f"{ids} on many studies ({images:,} images) and may stand for nobody.",
                "Change how patients are told apart: count such ids as blank, or count each study as a patient.",
            )
