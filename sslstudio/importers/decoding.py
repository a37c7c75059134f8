"""What the decode worker and the import job say to each other: settings, facts of one frame, limits of size."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sslstudio.domain.facts import MeasuredFacts
from sslstudio.domain.rendering import Window
from sslstudio.importers.reasons import Refused
from sslstudio.importers.rendering import GREY_NAMES, grey, original_window
from sslstudio.importers.windowing import Spread, StoredPixels, spread

FRAME_LIMIT = 16
"""A file may hold this many times `max_pixels` samples over all its frames."""


@dataclass(frozen=True, slots=True)
class DecodeSettings:
    """What a worker is told once. `key` is the project's pseudonym key, hexadecimal; `rendering` is JSON ("": auto).

    Without `thumbnails` a frame's is empty.
    """

    key: str
    max_side: int = 1024
    max_pixels: int = 200_000_000
    seconds: float = 30.0
    memory_bytes: int = 4 << 30
    headers_only: bool = False
    rendering: str = ""
    thumbnails: bool = True


class FrameFacts(MeasuredFacts):
    """The allow-listed facts of one frame; `subject`, `study`, `series` are pseudonyms or "" where a file says none.

    Spacings are those of the decoded frame in mm.
    """

    subject: str = ""
    study: str = ""
    series: str = ""

    def told(self) -> dict[str, Any]:
        """The facts that differ from what goes without saying, as they cross to the import: mostly few."""
        return {name: value for name in FACTS if (value := getattr(self, name)) != getattr(_UNSAID, name)}


FACTS: tuple[str, ...] = tuple(FrameFacts.model_fields)
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
