"""How rows of the ledger and the images in them are made from what a decoder answered; pure."""

from __future__ import annotations

from typing import Any

from sslstudio.domain.ledger import FoundImage, LedgerRow, LedgerStatus
from sslstudio.importers.decode_pool import Answer
from sslstudio.importers.decoding import FACTS
from sslstudio.importers.discovery import FoundFile
from sslstudio.importers.frame_spool import ReceivedFrame
from sslstudio.importers.identity import IdentityRules, pseudonym
from sslstudio.importers.reasons import TAKEN, reason
from sslstudio.importers.rendering import Finder, grey_of
from sslstudio.importers.thumbnails import thumbnail

_LEAST_HU, _AIR_HU = -4096.0, -900.0


def row(place: dict[str, Any], code: str, **detail: str) -> LedgerRow:
    """A row without images, with the sentences of its code; `place` are the fields that say which file it is."""
    why = reason(code, **detail)
    status: LedgerStatus = "imported" if code in TAKEN else "skipped"
    return LedgerRow(**place, status=status, code=code, reason=why.sentence, hint=why.hint)


def told(answer: Answer) -> dict[str, Any]:
    """What is to be told of a file that is imported, as the fields of its row."""
    if answer.note is None:
        return {}
    why = reason(answer.note.code, **answer.note.detail)
    return {"reason": why.sentence, "hint": why.hint}


def image(
    rules: IdentityRules, file: FoundFile, subject: str, answer: Answer, frame: ReceivedFrame, sidecar: str
) -> FoundImage:
    """One frame as the catalogue will know it: header facts, what table, file name and the JSON beside it add.

    `sidecar` is the modality that the JSON says. A study that no one names is the folder, or the subject; a file of
    several frames that names no series is one. Where its pixels lie is not known yet.
    """
    relative = file.relative
    known: dict[str, Any] = {name: getattr(frame.facts, name) for name in FACTS}
    known["modality"] = known["modality"] or sidecar
    known.update(rules.said(relative, known))
    if not frame.facts.modality and known["modality"] == "CT" and _in_hounsfield(known):
        known["unit"] = "HU"
    study = known["study"] or rules.of_folder(relative) or subject
    own = pseudonym(rules.key, "series", answer.digest) if answer.count > 1 else study
    known.update(subject=subject, study=study, series=known["series"] or own)
    known.update(digest=answer.digest, pixel_digest=frame.pixel_digest, frame=frame.index)
    return FoundImage.model_validate(known)


def drawn(known: FoundImage, frame: ReceivedFrame, finder: Finder) -> bytes:
    """The frame's thumbnail; drawn anew where its windows are others by what was said besides its header."""
    windows = finder.windows(grey_of(known))
    return frame.jpeg if windows == finder.windows(grey_of(frame.facts)) else thumbnail(frame.pixels, windows)


def _in_hounsfield(known: dict[str, Any]) -> bool:
    """True for CT whose least value is that of air, or of the padding beside it: no other scale of CT goes so low."""
    least = known["least"]
    return least is not None and _LEAST_HU <= least * known["slope"] + known["intercept"] <= _AIR_HU
