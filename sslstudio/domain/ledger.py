"""The import ledger: one row for each file looked at, imported or skipped, with the reason and what to do."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from sslstudio.domain.items import PixelLocation
from sslstudio.domain.record import Record

LedgerStatus = Literal["imported", "skipped"]
ImageKind = Literal["", "localiser", "secondary_capture", "derived"]
"""What an image is besides a picture of a patient; "" is an ordinary one."""


class FoundImage(Record):
    """What an import job learned of one decoded image; allow-listed facts and keyed pseudonyms only.

    `subject`, `study` and `series` are HMAC pseudonyms (hex). `low` and `high` are the display window without any
    rendering, in stored values; what other windows are made from is explained in `importers.rendering.Grey`. A stored
    value v means `v * slope + intercept` in the unit of the source (HU for CT).
    `digest` is the SHA-256 of the file, `pixel_digest` that of the decoded pixels and their shape.

    `sop`, `source_series` and `site` are keyed pseudonyms too: of the SOP instance, of the series before it was parted
    by orientation and shape, and of the institution. `day` counts days from an origin that the project keeps secret, so
    that order and intervals are true but no date is stored. `unit` is "HU" only for CT that is really rescaled.
    `phase` numbers the passes over the same positions (time, echo). Spacings are those of the stored pixels in mm.
    `columns` holds further allow-listed facts, and the columns of a user's table. `pixels` is None in a dry run.
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
    file_low: float | None = None
    file_high: float | None = None
    auto_low: float | None = None
    auto_high: float | None = None
    least: float | None = None
    greatest: float | None = None
    finished: bool = False
    instance_number: int | None = None
    slice_position: float | None = None
    sop: str = ""
    source_series: str = ""
    kind: ImageKind = ""
    unit: str = ""
    site: str = ""
    day: int | None = None
    phase: int | None = None
    row_spacing: float | None = None
    column_spacing: float | None = None
    columns: dict[str, str] = Field(default_factory=dict)
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
