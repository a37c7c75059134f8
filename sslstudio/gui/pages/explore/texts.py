"""The words of the Explore page."""

from __future__ import annotations

from sslstudio.gui.texts import count

TITLE = "Explore"
SEEN_BY = "Seen by"
SEEN_BY_HELP = "The network whose view of the images the map shows"
SIMILAR = "Find similar"
SIMILAR_HELP = "Select the images that look most like the selected ones (F)"
SIMILAR_REASON = "Select an image first."
NO_EMBEDDING_REASON = "There is no map yet."
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

COLOURINGS = (
    ("group", "group"),
    ("label", "label"),
    ("prediction", "suggestion"),
    ("confidence", "certainty"),
    ("patient", "patient"),
    ("scanner", "scanner"),
    ("modality", "modality"),
    ("part", "training / test"),
)


def no_map(source: str, images: int, embedded: bool) -> str:
    """Why there is no map, and what making one does."""
    if embedded:
        return f"The network ({source}) has looked at the images; what is left is to lay them out on a map."
    return (
        f"The network ({source}) first looks at {count(images, 'image')} and describes each by numbers; "
        "then images with similar numbers are laid side by side. Your files are not changed."
    )


def outdated(new: int) -> str:
    """Said when images were imported after the map was made."""
    return f"{count(new, 'newer image is', 'newer images are')} not on this map."


def selection(images: int, patients: int) -> str:
    """ "214 images from 61 patients"."""
    return f"{count(images, 'image')} from {count(patients, 'patient')}"


def similar_to(images: int, first: int) -> str:
    """The name of the list of similar images."""
    return f"similar to image {first}" if images == 1 else f"similar to {images} images"


def found_similar(found: int, patients: int, seeds: int) -> str:
    """Said when the search has ended."""
    these = "this image" if seeds == 1 else f"these {seeds} images"
    return f"Selected the {found} images from {count(patients, 'patient')} that look most like {these}."
