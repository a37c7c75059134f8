"""The import ledger: one row for each file looked at, imported or skipped, with the reason and what to do."""

from __future__ import annotations

from typing import Literal

from sslstudio.domain.facts import MeasuredFacts
from sslstudio.domain.items import PixelLocation
from sslstudio.domain.record import Record

LedgerStatus = Literal["imported", "skipped"]


class FoundImage(MeasuredFacts):
    """What an import job learned of one decoded image; allow-listed facts and keyed pseudonyms only.

    `subject`, `study` and `series` are HMAC pseudonyms (hex). `digest` is the SHA-256 of the file, `pixel_digest` that
    of the decoded pixels and their shape. `pixels` is None in a dry run.
    """

    digest: str
    pixel_digest: str
    frame: int = 0
    subject: str
    study: str
    series: str
    pixels: PixelLocation | None = None


class LedgerRow(Record):
    """What became of one file. `path` is local and private: it goes to the locations table and nowhere else.

    `code` is one of the stable names in `sslstudio.importers.reasons`; `reason` and `hint` are its sentences. `source`
    is the folder that was chosen, `moved_from` where a file that was found again stood before: both are as private as
    `path`. `digest` is that of the file where it was read. `patient`, `study`, `series` are pseudonyms as the header
    gives them, "" where it does not; `told_by` says what decided whose the file is; `frames` counts its images, also in
    a dry run.
    """

    path: str
    status: LedgerStatus
    code: str = "imported"
    reason: str = ""
    hint: str = ""
    size: int = 0
    modified_ns: int = 0
    source: str = ""
    moved_from: str = ""
    digest: str = ""
    modality: str = ""
    patient: str = ""
    study: str = ""
    series: str = ""
    told_by: str = ""
    frames: int = 0
    images: tuple[FoundImage, ...] = ()
