"""The words of the section "What the model sees"."""

from __future__ import annotations

from collections.abc import Sequence

from sslstudio.domain.rendering import OWN as OWN
from sslstudio.domain.units import count

TITLE = "What the model sees"
HELP = "Which values of an image become black and white, and how many channels the model gets"
PRESET = "Setting"
PRESET_HELP = "Which values of an image become black and white. Nothing changes until you use it for all images."
OWN_TITLE = "Own windows"
OWN_ABOUT = "Edited here."
SUGGESTED = "Suggested for your images"
TAKE = "Look at it"
TAKE_HELP = "Put the suggested setting into the form. Nothing changes until you use it for all images."
TAKEN = "The suggested setting stands in the form."
APPLY = "Use for all images"
RESET = "Back"
RESET_HELP = "Show again what is set for the project"
NOTHING_CHANGED = "The form shows what is set for the project."
UNDO = "Undo the last change"
UNDO_HELP = "Go back to the setting before the last change"
NO_UNDO = "Nothing was changed yet."
PREVIOUS, NEXT = "Previous image", "Next image"
SIZE = "Model's size"
SIZE_HELP = "The side of the square that the model gets; it is chosen on the Pretrain page"
ORIGINAL = "As the file shows it"
SEEN = "What the model sees, at full size"
SMALL = "At the model's size"
READ_ONLY = "This project is read-only."
IS_SET = "This is what is set."
NO_IMAGES = "There are no images yet."
WORKING = "Storing..."
MISSING = "The stored pixels of this image are missing. Import it again."
COLOURS = ("Red", "Green", "Blue")


def small(side: int) -> str:
    """Caption of the square that goes into the model."""
    return f"At {side} x {side}"


def channel(place: int, name: str) -> str:
    """Caption of one of three channels."""
    return f"{COLOURS[place]}: {name}"


def suggestion(reason: str, others: Sequence[str]) -> str:
    """The suggestion with what becomes of other images."""
    return "\n".join([reason, *(other[:1].upper() + other[1:] for other in others)])


def which(number: int, total: int, selected: bool, kind: str) -> str:
    """Which of the looked-at images is in view."""
    return f"{number} of {total}{' selected' if selected else ''}{', ' + kind if kind else ''}"


def state(title: str, chosen: bool) -> str:
    """What is set for the project."""
    return f"Set for the project: {title}." if chosen else f"Nothing chosen yet: {title[:1].lower()}{title[1:]}."


def others(pairs: Sequence[tuple[str, str]]) -> str:
    """What becomes of images of other kinds, as (kind, what)."""
    if not pairs:
        return ""
    return "Other images of the project:\n" + "\n".join(f"{kind}: {what}" for kind, what in pairs)


def applied(images: int, trained: int) -> str:
    """Said when a setting was applied."""
    told = f"{count(images, 'image')} {'is' if images == 1 else 'are'} seen another way now."
    if trained:
        told += f" {count(trained, 'run')} trained before {'keeps' if trained == 1 else 'keep'} the setting of then."
    return told


UNDONE = "Taken back: the images are seen as before."
