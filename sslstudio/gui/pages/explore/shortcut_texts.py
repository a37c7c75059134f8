"""The words around the shortcut check on the Explore page; what it finds is said by `session.shortcut_words`."""

from __future__ import annotations

from sslstudio.domain.units import count

TITLE = "Shortcut check"
OPEN_HELP = "Do the groups follow the scanner, the site, the day or another fact instead of what the images show?"
HELP = (
    "Looks whether images of different patients lie together because of the scanner, site, day or any other fact that "
    "is known of them. A classifier could learn such a fact in place of the finding."
)
CHECK = "Check"
AGAIN = "Check again"
STOP = "Stop"
STOP_HELP = "Stop the check; what an earlier one found stays"
CLOSE = "Close the shortcut check"
PROGRESS = "Progress of the shortcut check"
SHOW = "Show on the map"
SHOW_HELP = "Colours the map by this and selects the images of the groups named"
DETAILS = "Numbers"
NO_MAP = "There is no map yet."
MADE = "Checked on {when}."
OLD_MAP = "This was found on another map. Check again."
OLD_LABELS = "Labels or images have changed since. Check again."


def doing(done: int, total: int, what: str) -> str:
    """How far the check is."""
    if not total:
        return "Looking for the most similar images of other patients ..."
    return f"{done} of {count(total, 'column')}: {what[:1].lower()}{what[1:]}" if what else f"{done} of {total} columns"


def quiet(columns: int) -> str:
    """The title over the columns that are not followed."""
    return f"{count(columns, 'column')} not followed or not tested"


def left_out(columns: int) -> str:
    """The title over the columns that were not looked at."""
    return f"{count(columns, 'column')} left out"


def shown(title: str, images: int) -> str:
    """Said when the map was coloured by a column and its groups were selected."""
    what = f"{title[:1].lower()}{title[1:]}" if title[1:2].islower() else title
    selected = f"; selected are the {count(images, 'image')} of the groups named" if images else ""
    return f"The map is coloured by {what}{selected}."
