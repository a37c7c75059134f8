"""How rows of the ledger and the images in them are made from what a decoder answered; pure."""

from __future__ import annotations

from typing import Any

from sslstudio.domain.ledger import FoundImage, LedgerRow, LedgerStatus
from sslstudio.importers.decode_pool import Answer
from sslstudio.importers.decoding import FACTS
from sslstudio.importers.frame_spool import ReceivedFrame
from sslstudio.importers.identity import IdentityRules, pseudonym
from sslstudio.importers.reasons import TAKEN, reason


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
    rules: IdentityRules, relative: str, subject: str, answer: Answer, frame: ReceivedFrame, location: object
) -> FoundImage:
    """One frame as the catalogue will know it: header facts, what table and file name add, and where its pixels lie.

    A study that no one names is the folder, or the subject; a file of several frames that names no series is one.
    """
    known: dict[str, Any] = {name: getattr(frame.facts, name) for name in FACTS}
    known.update(rules.said(relative, known))
    study = known["study"] or rules.of_folder(relative) or subject
    own = pseudonym(rules.key, "series", answer.digest) if answer.count > 1 else study
    known.update(subject=subject, study=study, series=known["series"] or own)
    known.update(digest=answer.digest, pixel_digest=frame.pixel_digest, frame=frame.index, pixels=location)
    return FoundImage.model_validate(known)
