"""The words of the Explore page."""

from __future__ import annotations

from sslstudio.domain.units import count

TITLE = "Explore"
SEEN_BY = "Seen by"
SEEN_BY_HELP = "The network whose view of the images the map shows"
SIMILAR = "Find similar"
SIMILAR_HELP = "Select the images that look most like the selected ones (F)"
SIMILAR_REASON = "Select an image first."
GROUPS = "Groups"
GROUPS_HELP = "Images that lie together on the map. Click to select a group, double-click to name it."

NO_IMAGES_TITLE = "No images yet"
NO_IMAGES = "The map shows the images of this project side by side, similar ones close together. Import some first."
NO_IMAGES_ACTION = "Go to Data"
NO_IMAGES_REASON = "Import images first."
NO_MAP_TITLE = "No map of these images yet"
EMBED_MAP = "Make the map"
EMBED_AGAIN = "Update the map"
READING = "Reading ..."

COLOURINGS = (("group", "Group"), ("label", "Label"), ("prediction", "Suggestion"), ("confidence", "Certainty"))
COLUMNS = "Columns of the data"
PSEUDONYMS = frozenset({"subject", "study", "series", "site"})
MAP_WINDOW = "Map of images"
MAP_AWAY = "The map stands in a window of its own"
MAP_BACK = "Put it back here"
SAVE_TITLE = "Save the map as a picture"
SAVE_TYPES = "Picture (*.png);;Drawing that can be edited (*.svg)"
SAVE = "Save the map as a picture..."
FLOAT = "Map in a window of its own"
CONTOURS = "Contours on the map"
OVERVIEW = "Overview of the map"
TOOLS = (("pan", "Move the map", "M"), ("lasso", "Lasso on the map", "L"), ("box", "Box on the map", "B"))
SELECT_VIEW = "Select the images in view on the map"
NOT_KNOWN = "not known"
NO_MAP_REASON = "There is no map yet."
SAVED = "The map was saved as {name}."
SAVED_PATIENTS = "The map was saved as {name}. It names patients, studies and sites by pseudonym only."
SAVED_COLUMN = (
    "The map was saved as {name}. It names values of “{column}” as they stand in your data: "
    "check that they identify nobody before you pass it on."
)


def map_title(images: int, colouring: str) -> str:
    """The title of a saved map."""
    return f"Map of {count(images, 'image')}, {colouring[:1].lower()}{colouring[1:]}"


def no_map(source: str, images: int, embedded: bool) -> str:
    """Why there is no map, and what making one does."""
    if embedded:
        return f"The network ({source}) has looked at the images; what is left is to lay them out on a map."
    return (
        f"The network ({source}) first looks at {count(images, 'image')} and describes each by numbers; "
        "then images with similar numbers are laid side by side. Your files are not changed."
    )


def outdated(new: int, images: int) -> str:
    """Said when images were imported after the map of `images` was made."""
    said = f"{count(new, 'newer image is', 'newer images are')} not on this map."
    return f"{said} That is more than are on it: Make anew gives a better map." if new > images else said


def selection(images: int, patients: int) -> str:
    """ "214 images from 61 patients"."""
    return f"{count(images, 'image')} from {count(patients, 'patient')}"
