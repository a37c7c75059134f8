"""What the decode worker and the import job say to each other: settings, facts of one frame, limits of size."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

from sslstudio.domain.rendering import Window
from sslstudio.importers.reasons import Refused
from sslstudio.importers.rendering import GREY_NAMES, grey, original_window
from sslstudio.importers.windowing import Spread, StoredPixels, spread

if TYPE_CHECKING:
    from sslstudio.domain.ledger import ImageKind

FRAME_LIMIT = 16
"""A file may hold this many times `max_pixels` samples over all its frames."""


@dataclass(frozen=True, slots=True)
class DecodeSettings:
    """What a worker is told once. `key` is the project's pseudonym key, hexadecimal; `rendering` is JSON ("": auto)."""

    key: str
    max_side: int = 1024
    max_pixels: int = 200_000_000
    seconds: float = 30.0
    memory_bytes: int = 4 << 30
    headers_only: bool = False
    rendering: str = ""


@dataclass(frozen=True, slots=True)
class FrameFacts:
    """The allow-listed facts of one frame; `subject`, `study`, `series` are pseudonyms or "" where a file says none.

    `low`, `high` and all windows are in stored values; `value * slope + intercept` is in the unit of the source. `low`,
    `high` is the window without any rendering; for the others see `importers.rendering.Grey`. For the rest see
    `sslstudio.domain.ledger.FoundImage`; spacings are those of the decoded frame in mm.
    """

    subject: str = ""
    study: str = ""
    series: str = ""
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
    columns: dict[str, str] = field(default_factory=dict)

    def told(self) -> dict[str, Any]:
        """The facts that differ from what goes without saying, as they cross to the import: mostly few."""
        return {name: value for name in FACTS if (value := getattr(self, name)) != getattr(_UNSAID, name)}


FACTS: tuple[str, ...] = tuple(fact.name for fact in fields(FrameFacts))
_UNSAID = FrameFacts()


@dataclass(frozen=True, slots=True)
class Note:
    """What is to be told of a file although it is imported: a code of `reasons` and what fills its placeholders."""

    code: str
    detail: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DecodedFrame:
    """Linear stored values (H, W, C), dense or bright is high, with their facts; `note` is about the whole file."""

    stored: StoredPixels
    facts: FrameFacts
    note: Note | None = None


def with_windows(
    facts: FrameFacts,
    values: StoredPixels,
    file_window: Window | None = None,
    *,
    finished: bool = False,
    **others: Any,
) -> FrameFacts:
    """`facts` with `others` and with all that windows are made from; `values` are the stored ones without padding.

    `file_window` is the one the file brings, in stored values. A `finished` picture is always shown through it.
    """
    measured = Spread(*file_window, *file_window) if finished and file_window is not None else spread(values)
    low, high = (None, None) if file_window is None else file_window
    known = {name: getattr(facts, name) for name in FACTS}
    known.update(others, file_low=low, file_high=high, finished=finished, **measured._asdict())
    known["low"], known["high"] = original_window(grey(*(known[name] for name in GREY_NAMES)))
    return FrameFacts(**known)


def check_size(width: int, height: int, samples: int, frames: int, max_pixels: int) -> None:
    """Refuse an image by the size its header claims, before anything is decoded."""
    if min(width, height, samples, frames) < 1:
        raise Refused("corrupt")
    if width * height > max_pixels or width * height * samples * frames > FRAME_LIMIT * max_pixels:
        raise Refused("too_large")
