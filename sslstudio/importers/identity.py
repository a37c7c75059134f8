"""Whom an image belongs to, without saying who that is: keyed pseudonyms, path patterns, patient tables.

A pseudonym is HMAC-SHA-256 with the project's key; it cannot be turned back or matched between projects.
"""

from __future__ import annotations

import csv
import hashlib
import hmac
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from sslstudio.errors import SSLStudioError

IdentityKind = Literal["subject", "folder", "file", "study", "series", "source_series", "instance", "site", "day"]

PSEUDONYM_LENGTH = 16

_FILE_COLUMNS = ("image", "file", "filename", "file_name", "image_name", "image_path", "filepath", "file_path", "path")
_SUBJECT_COLUMNS = ("subject", "patient", "subject_id", "patient_id", "subjectid", "patientid", "case", "case_id")


def pseudonym(key: bytes, kind: IdentityKind, value: str) -> str:
    """The first 16 hexadecimal characters of HMAC-SHA-256(key, kind and value)."""
    message = f"{kind}\x1f{value}".encode("utf-8", "surrogatepass")
    return hmac.new(key, message, hashlib.sha256).hexdigest()[:PSEUDONYM_LENGTH]


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


@dataclass(frozen=True)
class SubjectTable:
    """A user's table of files and patients; files are matched by relative path, else by name."""

    by_path: dict[str, str] = field(default_factory=dict)

    def find(self, relative: str) -> str:
        """The patient of the file at `relative` (forward slashes), or ""."""
        return self.by_path.get(relative) or self.by_path.get(relative.rpartition("/")[2], "")

    @classmethod
    def read(cls, path: Path) -> SubjectTable:
        """Read a CSV with a file column and a patient column; comma, semicolon or tab.

        Raises SSLStudioError `table_unreadable` or `table_columns`.
        """
        try:
            with path.open(newline="", encoding="utf-8-sig") as stream:
                first = stream.readline()
                delimiter = max(",;\t", key=first.count)
                stream.seek(0)
                rows = csv.DictReader(stream, delimiter=delimiter)
                names = {(name or "").strip().lower().replace(" ", "_"): name for name in rows.fieldnames or ()}
                file_column = next((names[name] for name in _FILE_COLUMNS if name in names), None)
                subject_column = next((names[name] for name in _SUBJECT_COLUMNS if name in names), None)
                if file_column is None or subject_column is None:
                    raise SSLStudioError(
                        "The table has no column of files or no column of patients.",
                        "Name one column image and one column patient.",
                        code="table_columns",
                    )
                pairs = ((row[file_column] or "", row[subject_column] or "") for row in rows)
                return cls({file.strip().replace("\\", "/"): who.strip() for file, who in pairs if who.strip()})
        except (OSError, UnicodeDecodeError, csv.Error):
            raise SSLStudioError(
                "The table of patients cannot be read.",
                "Save it as CSV in UTF-8 and choose it again.",
                code="table_unreadable",
            ) from None


@dataclass(frozen=True)
class IdentityRules:
    """How subjects are told apart in one import.

    A row in the user's table decides first, then the DICOM patient id, then the pattern on the relative path, then
    the DICOM study, then the folder below the source; a plain image in the source itself is a subject of its own.
    """

    key: bytes
    table: SubjectTable | None = None
    pattern: re.Pattern[str] | None = None

    def subject(self, relative: str, digest: str, patient: str, study: str) -> str:
        """The subject's pseudonym.

        `relative` is the file's path below its source, `digest` that of the file; `patient` and `study` are
        pseudonyms from a DICOM header, or "".
        """
        if self.table is not None and (value := self.table.find(relative)):
            return pseudonym(self.key, "subject", value)
        if patient:
            return patient
        if self.pattern is not None and (match := self.pattern.search(relative)) and match["subject"]:
            return pseudonym(self.key, "subject", match["subject"])
        if study:
            return study
        return self.of_folder(relative) or self.of_file(digest)

    def of_folder(self, relative: str) -> str:
        """The pseudonym of the folder a file lies in, or "" for a file in the source itself."""
        folder = relative.rpartition("/")[0]
        return pseudonym(self.key, "folder", folder) if folder else ""

    def of_file(self, digest: str) -> str:
        """The pseudonym of a file that is its own subject."""
        return pseudonym(self.key, "file", digest)
