"""What an import says about patients that were told apart by something weaker than their id."""

from __future__ import annotations

from dataclasses import replace

from sslstudio.domain.ledger import LedgerRow
from sslstudio.importers.identity import IdentityRules
from sslstudio.importers.patients import Patients
from tests.fakes.catalogue_rows import found

RULES = IdentityRules(bytes.fromhex("5a" * 32))


def told(rules: IdentityRules, told_by: str) -> list[tuple[str, str]]:
    """Codes and sentences after three images of two studies."""
    patients, said = Patients(rules), []
    for number in range(3):
        image = found(f"study-{number % 2}", number)
        patients.note(
            LedgerRow(path=f"/d/{number}", source="/d", status="imported", told_by=told_by, frames=1, images=(image,))
        )
    patients.warn(lambda code, sentence, hint: said.append((code, sentence)))
    return said


def test_studies_that_stand_for_patients_are_told() -> None:
    assert told(RULES, "study") == [
        ("studies_as_patients", "The patient id of 3 images is blank: each of their studies counts as a patient.")
    ]
    assert told(RULES, "header") == []


def test_nobody_is_told_what_was_asked_for() -> None:
    assert told(replace(RULES, order="study"), "study") == []
