"""What is said of leaks between training and test."""

from __future__ import annotations

BLOCKED = "The two sides of this split are not apart, so every figure would be too good; nothing was trained or tested."
SOLVE = (
    "Look at the pairs on the Classify page, or by `leaks`: put both on one side, leave one out, or say they differ."
)
REASON_LEFT_OUT = "shows the same picture as an image of another patient"
FROZEN_SIDE = (
    "One of these patients is in the frozen test set, which stays as it is, so both cannot be put on one side."
)
FROZEN_HINT = "Leave the training image out, or say that the pictures differ."
NOTHING = "No leak was found."
_WHAT = {
    "person": (
        "by its file is of the same person as a training image",
        "by their files are of the same persons as training images",
    ),
    "identical": (
        "is identical, pixel by pixel, with a training image",
        "are identical, pixel by pixel, with training images",
    ),
    "review": (
        "was found on Review to show the picture of a training image",
        "were found on Review to show pictures of training images",
    ),
    "alike": ("shows the same picture as a training image", "show the same pictures as training images"),
}


def sentence(kind: str, images: int, patients: int) -> str:
    """One kind of leak: so many test images of so many patients."""
    one, many = _WHAT[kind]
    who = f"{patients:,} patient" + ("" if patients == 1 else "s")
    whose = "another patient" if images == 1 else "other patients"
    return f"{images:,} test image{'' if images == 1 else 's'} of {who} {one if images == 1 else many} of {whose}."
