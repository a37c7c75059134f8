"""The import ledger: one row for each file looked at, imported or skipped, with the reason and what to do."""

from __future__ import annotations

from typing import Literal

from sslstudio.domain.items import PixelLocation
from sslstudio.domain.record import Record

LedgerStatus = Literal["imported", "skipped"]


class FoundImage(Record):
    """What an import job learned of one decoded image; allow-listed facts and keyed pseudonyms only.

    `subject`, `study` and `series` are HMAC pseudonyms (hex). `low` and `high` are the display window in
    stored values; a stored value v means `v * slope + intercept` in the unit of the source (HU for CT).
    `digest` is the SHA-256 of the file, `pixel_digest` that of the decoded pixels and their shape.
    """

    digest: str
    pixel_digest: str
    frame: int = 0
    subject: str
    study: str
    series: str
    modality: str = ""
    body_part: str = ""
    laterality: str = ""
    view: str = ""
    scanner: str = ""
    bits: int = 8
    slope: float = 1.0
    intercept: float = 0.0
    low: float = 0.0
    high: float = 255.0
    instance_number: int | None = None
    slice_position: float | None = None
    pixels: PixelLocation


class LedgerRow(Record):
    """What became of one file. `path` is local and private: it goes to the locations table and nowhere else.

    `code` is one of the stable names in `sslstudio.importers.reasons`; `reason` and `hint` are its sentences.
    """

    path: str
    status: LedgerStatus
    code: str = "imported"
    reason: str = ""
    hint: str = ""
    size: int = 0
    modified_ns: int = 0
    images: tuple[FoundImage, ...] = ()
