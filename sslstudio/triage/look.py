"""One look at one image: everything that can be said of it alone, as findings with a sentence each."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sslstudio.domain.findings import Box, Finding, FindingKind, KnownImage, Look
from sslstudio.domain.items import Item
from sslstudio.importers.pixel_cache import PixelCache
from sslstudio.triage import content, hashing, pictures, reasons, text
from sslstudio.triage.pictures import Picture
from sslstudio.triage.text import Line
from sslstudio.triage.text_models import TextModels

SMALLEST_SCREEN = 128
"""Pixels: nobody saves a smaller window."""
_SLICE_LINES = 3
_ALWAYS_READ = ("US", "OT", "SC", "XC", "ES", "GM")
"""Modalities whose pictures come with text so often that no cheap test may spare them the reader."""


def look(cache: PixelCache, item: Item, known: KnownImage, models: TextModels) -> Look:
    """Look at the display picture of `item`; raises SSLStudioError when its pixels cannot be read."""
    picture = pictures.display(cache, item)
    grey = pictures.grey(picture)
    blank = content.blank(grey)
    findings: list[Finding] = []

    def found(kind: FindingKind, score: float, why: str, boxes: Sequence[Box] = ()) -> None:
        score = float(np.clip(score, 0.0, 1.0))
        findings.append(Finding(image_id=item.image_id, kind=kind, score=score, why=why, boxes=tuple(boxes)))

    if blank:
        found("blank", blank, reasons.CONSTANT if blank == 1.0 else reasons.NOISE)
    else:
        _shape(picture, grey, known, found)
    always = known.kind == "secondary_capture" or item.modality in _ALWAYS_READ or bool(_screens(findings))
    lines = text.find_lines(models, grey) if always or text.may_hold_text(grey) else []
    _text(lines, known, found)
    return Look(
        image_id=item.image_id,
        hashes="-" if blank else hashing.image_hashes(grey),
        border=content.border(grey),
        middle=content.middle(grey),
        findings=tuple(findings),
    )


def _screens(findings: Sequence[Finding]) -> list[Finding]:
    return [finding for finding in findings if finding.kind == "screenshot"]


def _shape(picture: Picture, grey: Picture, known: KnownImage, found: reasons.Found) -> None:
    """Localiser, screenshot and test object, by the header first and by the picture where the header is silent."""
    if known.kind == "localiser":
        found("localiser", 1.0, reasons.LOCALISER_BY_HEADER)
    elif content.reference_lines(grey) >= _SLICE_LINES:
        found("localiser", 0.4, reasons.LOCALISER_BY_LINES)
    if known.kind == "secondary_capture":
        found("screenshot", 1.0, reasons.CAPTURE_BY_HEADER)
    elif min(grey.shape) >= SMALLEST_SCREEN:
        score, why = content.screenshot(picture, grey)
        if score:
            found("screenshot", score, why)
    if known.phantom:
        found("phantom", 1.0, reasons.PHANTOM_BY_HEADER)
    elif disc := content.uniform_disc(grey):
        found("phantom", 0.6 * disc, reasons.PHANTOM_BY_SHAPE)


def _text(lines: Sequence[Line], known: KnownImage, found: reasons.Found) -> None:
    """Lines of text, or single marks; never what they say."""
    written = [line for line in lines if line.is_text]
    marks = [line for line in lines if line.is_mark]
    if written:
        score = max(line.detected * line.confidence for line in written)
        found("text", score, reasons.text_seen(len(written), known.burned_in), [line.box for line in written])
    elif known.burned_in == "yes":
        found("text", 1.0, reasons.TEXT_BY_HEADER)
    elif marks:
        score = max(line.detected * line.confidence for line in marks)
        found("marker", score, reasons.marks_seen(len(marks)), [line.box for line in marks])
