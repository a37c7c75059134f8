"""Whom an image belongs to, without saying who that is: keyed pseudonyms, path patterns, patient tables.

A pseudonym is HMAC-SHA-256 with the project's key; it cannot be turned back or matched between projects.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from sslstudio.errors import SSLStudioError
from sslstudio.importers import bids
from sslstudio.importers.tables import SubjectTable as SubjectTable

IdentityKind = Literal["subject", "folder", "file", "study", "series", "source_series", "instance", "site", "day"]

PSEUDONYM_LENGTH = 16


def pseudonym(key: bytes, kind: IdentityKind, value: str) -> str:
    """The first 16 hexadecimal characters of HMAC-SHA-256(key, kind and value)."""
    message = f"{kind}\x1f{value}".encode("utf-8", "surrogatepass")
    return hmac.digest(key, message, "sha256").hex()[:PSEUDONYM_LENGTH]


def patient_value(issuer: str, patient_id: str) -> str:
    """The value to be keyed for a patient, or "" when the id is blank; blanks around it never count."""
    issuer, patient_id = issuer.strip(), patient_id.strip()
    if not patient_id:
        return ""
    return f"{issuer}\x1e{patient_id}" if issuer else patient_id


def compile_pattern(pattern: str) -> re.Pattern[str] | None:
    """The user's subject pattern, or None when it is blank.

    Raises SSLStudioError `bad_pattern` if it is no regular expression or lacks the group `subject`.
    """
    if not pattern.strip():
        return None
    hint = r"For example (?P<subject>patient-\d+) takes patient-007 from patient-007/study-1/image.png."
    try:
        compiled = re.compile(pattern)
    except re.error:
        raise SSLStudioError("The patient pattern is not a valid expression.", hint, code="bad_pattern") from None
    if "subject" not in compiled.groupindex:
        raise SSLStudioError("The patient pattern has no group named subject.", hint, code="bad_pattern")
    return compiled


Order = Literal["header", "study", "path"]
"""What decides first where no table does: the DICOM patient, the DICOM study, or the pattern on the path."""
Source = Literal["table", "header", "pattern", "study", "folder", "file"]


@dataclass(frozen=True, slots=True)
class Found:
    """Whom a file belongs to: the pseudonym, what told it, and the words in which it stands there ("" for a header)."""

    subject: str
    source: Source
    words: str = ""


@dataclass(frozen=True)
class IdentityRules:
    """How subjects are told apart in one import.

    A row in the user's table decides first, then the DICOM patient id, then the pattern on the relative path, then
    the DICOM study, then the folder below the source; a plain image in the source itself is a subject of its own.
    With the order "path" the pattern comes before the DICOM patient; with "study" neither the DICOM patient nor the
    pattern counts where a file names its study. Patients whose pseudonym is in `placeholders` count as not given.
    """

    key: bytes
    table: SubjectTable | None = None
    pattern: re.Pattern[str] | None = None
    order: Order = "header"
    placeholders: frozenset[str] = frozenset()

    def subject(self, relative: str, digest: str, patient: str, study: str) -> str:
        """The subject's pseudonym; see `find`."""
        return self.find(relative, digest, patient, study).subject

    def find(self, relative: str, digest: str, patient: str, study: str) -> Found:
        """The subject of a file.

        `relative` is the file's path below its source, `digest` that of the file; `patient` and `study` are
        pseudonyms from a DICOM header, or "".
        """
        if self.table is not None and (value := self.table.find(relative)):
            return Found(pseudonym(self.key, "subject", value), "table", value)
        if patient in self.placeholders:
            patient = ""
        if self.order == "study" and study:
            return Found(study, "study")
        found = self._matched(relative)
        if self.order == "path" and found is not None:
            return found
        if patient:
            return Found(patient, "header")
        if found is not None:
            return found
        if study:
            return Found(study, "study")
        if folder := self.of_folder(relative):
            return Found(folder, "folder", relative.rpartition("/")[0])
        return Found(self.of_file(digest), "file", relative)

    def _matched(self, relative: str) -> Found | None:
        if self.pattern is not None and (match := self.pattern.search(relative)) and match["subject"]:
            return Found(pseudonym(self.key, "subject", match["subject"]), "pattern", match["subject"])
        return None

    def said(self, relative: str, known: Mapping[str, Any]) -> dict[str, Any]:
        """What table and file name add to the facts of an image: `known` are those of its header, and the result is
        laid over them. The table comes first, then the header, then a BIDS name."""
        modality, sequence = bids.facts(relative)
        columns = {"sequence": sequence} if sequence else {}
        added: dict[str, Any] = {"modality": known["modality"] or modality, "columns": columns | known["columns"]}
        row = self.table.row(relative) if self.table is not None else None
        if row is not None:
            added["columns"] |= row.columns
            for fact, value in row.facts.items():
                if fact == "site":
                    value = pseudonym(self.key, "site", value.casefold())
                elif fact == "study":
                    value = pseudonym(self.key, "study", value)
                added[fact] = value
        return added

    def of_folder(self, relative: str) -> str:
        """The pseudonym of the folder a file lies in, or "" for a file in the source itself."""
        folder = relative.rpartition("/")[0]
        return pseudonym(self.key, "folder", folder) if folder else ""

    def of_file(self, digest: str) -> str:
        """The pseudonym of a file that is its own subject."""
        return pseudonym(self.key, "file", digest)
