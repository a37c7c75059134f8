"""The words of the Review section."""

from __future__ import annotations

from sslstudio.catalogue.rows import FindingCount
from sslstudio.domain.findings import FindingKind
from sslstudio.domain.units import count

TITLE = "Review"
HELP = "What was noticed in the images and waits for your decision: burned-in text, duplicates, blank images and more"
KINDS: dict[FindingKind, str] = {
    "text": "Burned-in text",
    "duplicate": "Same picture",
    "blank": "Blank",
    "inverted": "Inverted",
    "localiser": "Localisers",
    "screenshot": "Screenshots",
    "phantom": "Test objects",
    "marker": "Side markers",
}
ABOUT: dict[FindingKind, str] = {
    "text": "These images are left out of training and export until you have looked. Text in the pixels may name a "
    "patient, and a model may learn it instead of the disease.",
    "duplicate": "Copies of one picture: compressed, resized, cropped or in another window. Unless you say that they "
    "differ, patients who share a picture stay on the same side of training and test.",
    "blank": "Almost one shade or nothing but noise: there is nothing to learn from.",
    "inverted": "Light where images of the same kind are dark. Often black and white were confused when they were "
    "saved.",
    "localiser": "Planning images of low resolution, often with lines across.",
    "screenshot": "Saved screens and secondary captures instead of original images.",
    "phantom": "They seem to show a test object instead of a patient.",
    "marker": "Single letters such as L and R. They name nobody, but a model can take them for a sign of the disease "
    "when one hospital or machine writes them and another does not.",
}
LEAVE_OUT = "Leave out"
LEAVE_OUT_HELP = "The finding is right: leave this image out of training. Key: X"
KEEP = "Keep"
KEEP_HELP: dict[bool, str] = {
    False: "Keep this image in. Key: Space",
    True: "Keep all of these images; they stay on the same side of training and test. Key: Space",
}
RELEASE = "No patient data in it"
RELEASE_HELP = "You have looked: take this image in again. Key: Space"
KEEP_ONE = "Keep one"
KEEP_ONE_HELP = "Keep the image marked as staying and leave its copies out. Key: Enter"
LEAVE_ALL = "Leave all out"
LEAVE_ALL_HELP = "Leave all images of this group out. Key: X"
DIFFER = "They differ"
DIFFER_HELP = "These are not the same picture: keep them and treat them as strangers. Key: D"
KEEP_ALL = "Keep all of this kind"
KEEP_ALL_HELP = "Keep every image that waits here"
KEEP_ONE_EACH = "Keep one of each group"
KEEP_ONE_EACH_HELP = "In every group keep the image marked as staying and leave its copies out"
LEAVE_ALL_KIND = "Leave all of this kind out"
AUTO = "Look through new images after each import"
AUTO_HELP = "It runs in the background at low priority and stays on this computer"
LOOK = "Look through them"
AGAIN = "Look at all again"
AGAIN_HELP = "Looks at every image anew. What you have decided stays as it is."
STOP = "Stop"
STARTING = "Starting to look through the images..."
STOPPING = "Stopping; what was seen so far is kept."
READ_ONLY = "This project is open read-only."
BUSY = "The images are being looked through."
EMPTY = "Nothing waits for you"
EMPTY_TEXT = "Every image was looked at, and you have decided on all that was noticed."
UNSEEN_TEXT = (
    "Looking through the images finds burned-in text, copies of the same picture, blank and inverted images, "
    "localisers, screenshots and test objects. Nothing leaves this computer."
)
KEYS = "Arrow keys move."


def chip(one: FindingCount) -> str:
    """ "Burned-in text  12", "Same picture  4 groups"."""
    number = count(one.open_groups, "group") if one.kind == "duplicate" else f"{one.open:,}"
    return f"{KINDS[one.kind]}  {number}"


def left(number: int) -> str:
    """ "12 left to review"."""
    return f"{number:,} left to review" if number else "All reviewed"


def unseen(number: int) -> str:
    """How many images nobody has looked at."""
    return f"{count(number, 'image has', 'images have')} not been looked through yet." if number else ""


def looking(done: float, total: float, rest: str, words: str) -> str:
    """ "Looking at images: 340 of 2,867, 3 min left"."""
    parts = [f"{words or 'Looking'}: {done:,.0f} of {total:,.0f}"]
    return ", ".join([*parts, rest] if rest else parts)


def decided(verb: str, images: int) -> str:
    """What a decision did, for the toast."""
    return f"{count(images, 'image')} {verb}."
