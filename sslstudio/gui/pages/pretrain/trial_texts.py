"""The words of the pre-flight."""

from __future__ import annotations

from collections.abc import Mapping

TRY = "Try it out first"
TRY_HELP = (
    "Trains for a few seconds and keeps nothing: says how long it will take, and whether memory and disk suffice."
)
TRYING = "Trying the training out..."
STOP, STOP_HELP = "Stop the trial", "Ends the trial; nothing is kept of it."
FITS, FITS_NOT = "It fits this computer", "It does not fit this computer"
CHANGED = "It fits with smaller settings"
NO_DISK = "The disk is nearly full"
FIT, FIT_HELP = (
    "Make it fit",
    "Finds batch, parts of a batch, image size and slices with which it fits, and tries them.",
)
TAKE, TAKE_HELP = "Take these settings", "Puts the settings that fit into the panel."
ENDED = "The trial ended early. See the message below."
STOPPED = "The trial was stopped."
OTHERS = "For the settings before: "
NAMES = {
    "batch_size": "batch",
    "accumulation": "parts of a batch",
    "image_size": "image size",
    "depth": "slices",
    "checkpointing": "save memory",
    "precision": "arithmetic",
}


def changed_line(changed: Mapping[str, object]) -> str:
    """ "Changed: batch 64, parts of a batch 4"."""
    parts = [f"{NAMES.get(name, name)} {value}" for name, value in changed.items()]
    return f"Changed: {', '.join(parts)}." if parts else ""


def speed_line(rate: float, seen: str = "images") -> str:
    """ "168 images a second"."""
    return f"{rate:,.{1 if rate < 10 else 0}f} {seen} a second."
