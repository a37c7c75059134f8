"""The facts of one image that decoder, ledger and catalogue share; apart because a decode worker needs no more."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from sslstudio.domain.record import Record

ImageKind = Literal["", "localiser", "secondary_capture", "derived"]
"""What an image is besides a picture of a patient; "" is an ordinary one."""


class ImageFacts(Record):
    """Allow-listed facts of one image.

    A stored value v means `v * slope + intercept` in the unit of the source; `unit` is "HU" only for CT that is really
    rescaled. `sop`, `source_series` and `site` are keyed pseudonyms: of the SOP instance, of the series before it was
    parted by orientation and shape, and of the institution. `day` counts days from an origin that the project keeps
    secret, so that order and intervals are true but no date is stored. `phase` numbers the passes over the same
    positions (time, echo). Spacings are those of the stored pixels in mm. `columns` holds further allow-listed facts,
    and the columns of a user's table.
    """

    modality: str = ""
    body_part: str = ""
    laterality: str = ""
    view: str = ""
    scanner: str = ""
    bits: int = 8
    slope: float = 1.0
    intercept: float = 0.0
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


class MeasuredFacts(ImageFacts):
    """With what windows are made from, all in stored values; see `importers.rendering.Grey`.

    `low` and `high` are the display window without any rendering.
    """

    low: float = 0.0
    high: float = 255.0
    file_low: float | None = None
    file_high: float | None = None
    auto_low: float | None = None
    auto_high: float | None = None
    least: float | None = None
    greatest: float | None = None
    finished: bool = False
