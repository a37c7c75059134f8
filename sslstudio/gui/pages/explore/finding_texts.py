"""The words of what is looked for among all images: similar ones, near-duplicates, outliers, typical examples."""

from __future__ import annotations

import math

from sslstudio.domain.units import count

FIND = "Find"
FIND_HELP = "Look for images by their likeness: near-duplicates, outliers, typical examples, similar to a file"
STOP = "Stop"
STOP_HELP = "End the search; nothing changes"
CLOSE = "Show all images again"
FILE_PICTURE = "The picture that was looked for"
CHOOSE_FILE = "Find images similar to a file"

SIMILAR = "Find similar"
SIMILAR_HELP = "Select the images that look most like one of the selected ones (F)"
CENTRE = "Find similar to the centre of the selection"
CENTRE_HELP = "Select the images that look most like the selected ones on average"
FILE = "Find similar to an image file ..."
FILE_HELP = "Choose a file, or drop one onto this page. It is read here and does not become part of the project."
DUPLICATES = "Find near-duplicates"
DUPLICATES_HELP = "List the images that are closer to one another than images of this project are by nature"
OUTLIERS = "Find outliers"
OUTLIERS_HELP = "List the images that are far from all others, each with the reason"
TYPICAL = "Find typical examples"
TYPICAL_HELP = "Of the selected images, or of every group: those in the middle, from as many patients as there are"

NO_EMBEDDING = "There is no map yet."
NOTHING_SELECTED = "Select an image first."
SEVERAL_NEEDED = "Select two or more images first."
NOT_EMBEDDED = "None of the selected images is on the map. Update the map first."
NO_GROUPS = "There are no groups yet."
ONE_FILE = "Drop one file at a time."

READING_FILE = "Reading the file and looking for similar images ..."
COMPARING = "Comparing all images with each other ..."
LOOKING = "Looking for typical examples ..."


def searching(images: int) -> str:
    """Said while similar images are looked for among very many."""
    return f"Looking among {images:,} images. The first time a search index is made, which takes a minute or two ..."


def similar_name(images: int, first: int, centre: bool) -> str:
    """The name of the list of similar images."""
    if images == 1:
        return f"similar to image {first}"
    return f"similar to the centre of {images}" if centre else f"similar to {images} images"


def similar(found: int, patients: int, seeds: int, centre: bool, closest: float, recall: float | None) -> str:
    """What was found to be similar, and how sure one may be that nothing was missed."""
    these = "this image" if seeds == 1 else f"the centre of these {seeds} images" if centre else f"these {seeds} images"
    said = f"The {count(found, 'image')} from {count(patients, 'patient')} most like {these}, best first."
    return f"{said} The nearest is {distance(closest)} away. {_recall(recall)}".strip()


def like_file(
    found: int, patients: int, closest: float, usual: float, frame: int, frames: int, recall: float | None
) -> str:
    """What was found to be similar to a file."""
    which = f" (picture {frame + 1} of {frames})" if frames > 1 else ""
    said = f"The {count(found, 'image')} from {count(patients, 'patient')} most like the file{which}, best first."
    far = f"The nearest is {distance(closest)} away"
    if usual > 0 and closest > 3 * usual:
        far += f", where most images have one within {distance(usual)}: nothing here looks much like it"
    return f"{said} {far}. {_recall(recall)}".strip()


def near_duplicates(groups: int, images: int, limit: float, usual: float, known: int, across: int) -> str:
    """How many groups of near-duplicates there are, by which limit, and which of them matter."""
    if not groups:
        none = f"No near-duplicates: no two images are closer than {distance(limit)}"
        return f"{none}; most have their nearest at {distance(usual)}."
    said = [
        f"{count(groups, 'group')} of near-duplicates, {count(images, 'image')}: closer than {distance(limit)} "
        f"to one another, where most images have their nearest at {distance(usual)}."
    ]
    if across:
        many = "one group joins" if across == 1 else f"{across} groups join"
        said.append(f"Look first at this: {many} images of different patients.")
    if known:
        said.append(f"{count(known, 'group is', 'groups are')} known from looking through the images on the Data page.")
    return " ".join(said)


def outliers(found: int, usual: float, recall: float) -> str:
    """How many outliers there are."""
    if not found:
        return (
            f"No outliers: no image is unusually far from all others. Most have their nearest within {distance(usual)}."
        )
    said = (
        f"{count(found, 'outlier')}, the most unusual first. Most images have their nearest within {distance(usual)}. "
        "Select one to read why it stands out."
    )
    return f"{said} {_recall(recall)}".strip()


def outlier(nearest: float, usual: float, own: float, own_usual: float) -> str:
    """Why one image is an outlier."""
    if nearest > 1.5 * usual:
        said = f"Far from all others: its nearest image is {distance(nearest)} away, where most have one within "
        said += f"{distance(usual)}."
    else:
        said = "One of a few that are like each other and far from all the rest."
    if not math.isnan(own) and not math.isnan(own_usual) and own == 0 and own_usual >= 0.3:
        said += " Alone in its patient: the patient's other images are like each other, this one is like none of them."
    elif not math.isnan(own) and own >= 0.99:
        said += " All that is like it comes from the same patient."
    return said


def duplicate(nearest: float, other: int, patients_differ: bool, known: bool) -> str:
    """What is said of one near-duplicate."""
    said = f"{'The same as' if nearest < 2e-5 else distance(nearest) + ' from'} image {other}"
    said += ", of another patient" if patients_differ else ""
    return said + (". Known from the Data page." if known else ".")


def typical(images: int, groups: int, patients: int) -> str:
    """What typical examples are shown."""
    of = "the selection" if not groups else count(groups, "group")
    return (
        f"{count(images, 'typical image')} of {of}, from {count(patients, 'patient')}: "
        "the one in the middle first, then the nearest to it, one patient after the other."
    )


def distance(value: float) -> str:
    """A cosine distance with two digits that matter: ".08", ".0042"."""
    if value < 5e-5:
        return "0"
    if value >= 1:
        return f"{value:.2f}"
    whole, digits = f"{value:.{max(2, 1 - math.floor(math.log10(value)))}f}".split(".")
    return f"{whole.lstrip('0')}.{digits[:2]}{digits[2:].rstrip('0')}"


def _recall(recall: float | None) -> str:
    """How much of the truly nearest a search of this kind finds; "" for one that finds all."""
    if recall is None or recall >= 1:
        return ""
    return f"The search finds {math.floor(recall * 100)} % of the truly nearest."
