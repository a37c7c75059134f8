"""The words of the Compare section."""

from __future__ import annotations

from sslstudio.domain.words import percent

COMPARE_TAB = "Compare"
COMPARE_HELP = "Two trainings beside each other: their curves, their maps, and which images have other neighbours."
FIRST, SECOND = "Compare", "with"
STARTS = {"random": "Untrained network", "imagenet": "ImageNet, as it came"}
FOUND_AGAIN = "Altered images found again"
LOSS = "Loss"
NO_LOSS = "The losses of two methods, or of two batch sizes, mean different things and are not laid over each other."
MAPS_NAME = "Two maps of the same images"
MOVED = "Select the images that moved most"
MOVED_HELP = "Selects the twenty images with the fewest neighbours in common, for the inspector and the gallery."
NO_MOVED = "There is nothing to select yet."
TWO_NEEDED = "Two trainings are needed to compare."
NOT_YET = "Embed both, then their maps stand here side by side."
WAITING = "Comparing..."
COLOURS = "Colours are the groups of the first map. Point at an image to find it in both; click to select it."


def legend(title: str, first: str, second: str) -> str:
    """Which line is which, in words, so that colour alone says nothing."""
    return f"{title}: {first} solid, {second or '-'} dashed"


def kept(share: float, chance: float, images: int) -> str:
    """How many neighbours the two have in common."""
    basis = f"{images:,} images; by chance {percent(chance)}"
    line = f"Of the ten nearest images {percent(share)} are the same in both ({basis})."
    if share > 0.6:
        return f"{line} They see the images much alike."
    return f"{line} They see the images differently." if share < 0.3 else line
