"""What tiles and hover cards say of an image, from what the project knows of it."""

from __future__ import annotations

from dataclasses import replace

from sslstudio.domain.labels import MARK_NAMES
from sslstudio.gui.item_models.project_images import ProjectImages
from sslstudio.gui.item_models.tiles import Tile

PATIENT_LETTERS = 4
"""So many letters of a pseudonym tell neighbours in a gallery apart; the tooltip has more of it."""
_MARK_SIGNS = {"uncertain": "?", "poor": "!", "not_applicable": "-", "excluded": "x"}
_ORIGIN_WORDS = {
    "hand": "", "bulk": "in bulk", "suggestion": "accepted", "import": "imported", "adjudication": "decided",
}  # fmt: skip
HIDDEN = "answered"
"""All that is said of a label while views are blind."""


def tile(images: ProjectImages, image_id: int) -> Tile:
    """What the gallery says of an image."""
    label = images.labels().get(image_id)
    if images.session.blinding.on:
        return Tile(image_id=image_id, label=HIDDEN if label is not None else "")
    suggestion = images.suggestion(image_id)
    guess = images.classes()[suggestion[0]] if suggestion is not None else None
    text, colour, key, mark = "", "", "", ""
    if label is not None and label.class_id is not None and label.class_id in images.classes():
        info = images.classes()[label.class_id]
        text, colour, key = info.name, info.colour, info.key
    elif label is not None:
        text, mark = MARK_NAMES.get(label.mark, ""), _MARK_SIGNS.get(label.mark, "")
    return Tile(
        image_id=image_id,
        label=text,
        colour=colour,
        key=key,
        mark=mark,
        origin=_ORIGIN_WORDS.get(label.origin, "") if label is not None else "",
        prediction=guess.name if guess is not None else "",
        prediction_colour=guess.colour if guess is not None else "",
        confidence=suggestion[1] if suggestion is not None else None,
        about=_about(images, image_id),
        patient=images.table.subject_of(image_id)[:PATIENT_LETTERS],
    )


def data_tile(images: ProjectImages, image_id: int, excluded: str, number: int = 0) -> Tile:
    """What the gallery of the data page says: the label if there is one, else what kind of image it is and its `number`
    in its series; and for what reason the image is left out of training, if it is."""
    row = images.table.row_of(image_id)
    kind = images.table.modality[row] if row is not None else ""
    return replace(
        tile(images, image_id),
        prediction="",
        confidence=None,
        patient="",
        excluded=excluded,
        plain=f"{kind} {number or ''}".strip(),
    )


def card(images: ProjectImages, image_id: int) -> str:
    """The lines of the hover card."""
    shown = tile(images, image_id)
    note = label.note if (label := images.labels().get(image_id)) is not None and not images.session.blinding.on else ""
    lines = [f"Image {image_id}", shown.about, shown.label or "No label", f"Note: {note}" if note else ""]
    if shown.prediction:
        lines.append(f"Suggestion: {shown.prediction} {shown.confidence or 0:.2f}")
    row = images.table.row_of(image_id)
    if row is not None and len(images.group) and images.group[row] >= 0:
        lines.append(dict(images.groups())[int(images.group[row])])
    return "\n".join(line for line in lines if line)


def _about(images: ProjectImages, image_id: int) -> str:
    row = images.table.row_of(image_id)
    if row is None:
        return ""
    subject = images.table.subjects[int(images.table.subject_code[row])]
    return f"Patient {subject[:8]} {images.table.modality[row]}".strip()
