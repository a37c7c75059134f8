"""The words of the second map on the Explore page: another network's map, or the epochs of a training."""

from __future__ import annotations

from sslstudio.domain.units import count
from sslstudio.domain.words import percent

OPEN = "Compare"
OPEN_HELP = (
    "Another network's map beside this one, or how the view of a training changed from epoch to epoch. "
    "What is selected in one map is selected in both."
)
TITLE = "Compare with"
CHOOSE_HELP = "Another network's map, or the epochs of a training"
MAPS, EPOCHS = "Maps", "Epochs of a training"
CLOSE = "Close the second map"
NAME = "Second map"
LINK_NAME = "Move both maps as one"
LINK = "Move and zoom both maps as one"
NOTHING_TITLE = "Nothing to compare with yet"
NOTHING = (
    "Choose another network under \u201cSeen by\u201d and make its map. "
    "The epochs of a training can be looked at when it has ended."
)
NO_MAP = "Make the map of this network first."
READING = "Laying the maps onto each other ..."
PLAY, PAUSE = "Show the epochs one after the other", "Stop here"
EPOCH_HELP = "Left and right arrows go from epoch to epoch"


def epochs_of(run: str) -> str:
    """An entry of the list."""
    return f"Epochs of {run}"


def laid(common: int, shown: int) -> str:
    """On what the alignment rests."""
    some = "" if common == shown else f" ({shown:,} are on it)"
    return f"Turned, mirrored and scaled onto the first map by {count(common, 'image')} that both show{some}."


def kept(share: float, by_chance: float) -> str:
    """How much the neighbourhoods agree; the layout alone can look alike or different without any meaning."""
    chance = percent(by_chance, 1)
    return f"Of each image's ten nearest {percent(share)} are the same for both networks, by chance {chance}."


def epoch(number: int, last: int) -> str:
    """The name of a place on the slider."""
    return "Before the first step" if number == 0 else f"After epoch {number} of {last}"


def showing(number: int, last: int, share: float, shown: int, of: int) -> str:
    """The line under the map of an epoch."""
    some = f"Showing {shown:,} of {of:,} images, those that the training watches."
    if number == last:
        return f"{some} Earlier epochs are laid onto this one."
    return f"{some} Of each image's ten nearest {percent(share)} are those after epoch {last}."
