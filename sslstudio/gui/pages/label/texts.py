"""The words of the Label page."""

from __future__ import annotations

from collections.abc import Sequence

from sslstudio.classifiers.advising import Gain
from sslstudio.classifiers.refit import Rung
from sslstudio.domain.units import count

TITLE = "Label"
GALLERY = "Gallery"
CASE = "One case"
ADD_CLASS = "Add a class ..."
ADD_CLASS_HELP = "Type the name of a class and press Enter"
EDIT_CLASSES = "Edit classes"
DONE = "Done"
CLASS_KEY_HELP = "The digit that gives this class"
NO_KEY = "no key"
DESCRIPTION = "What belongs to this class"
DESCRIPTION_HELP = "Shown when you point at the class, so that everybody means the same by it; Enter keeps it"
COLOUR_HELP = "The colour of the class on the map, in the galleries and in charts"
OTHER_COLOUR = "Another colour ..."
NEXT = "Next case"
NEXT_HELP = "Show the case that teaches the classifier most (N)"
ADVANCE = "Go on after each label"
ACCEPT = "Accept"
UNSURE = "Unsure"
POOR = "Poor quality"
NOT_APPLICABLE = "Not applicable"
LEAVE_OUT = "Leave out"
CLEAR = "Clear"
ADVANCE_HELP = "After each label the next case that teaches most comes up"
ACCEPT_HELP = "Give each image in hand the label that is suggested for it (Space)"
UNSURE_HELP = "You have looked and cannot tell: it trains nothing and is not asked for again (U)"
POOR_HELP = "The image is too poor to be judged: it trains nothing, tests nothing and is not asked for again (Q)"
NOT_APPLICABLE_HELP = "None of the classes can apply to this image, such as another body part: it trains nothing (A)"
LEAVE_OUT_HELP = "Not what this project is about: it trains nothing and tests nothing (X)"
NOTE = "Note on this label"
NOTE_HINT = "What you want to remember of it"
NOTE_HELP = "Stored with the label and in its history; exported only when you ask for it"
NOTE_NEEDS_LABEL = "Label the image first: a note stands with its label."
NOTE_ONE = "Notes are written on one image at a time."
CLEAR_HELP = "Take the label away (Backspace)"
NOTHING_CHECKED = "No sample is being checked."
NO_CLASSES = "Name the classes first: type one above and press Enter. Then give labels with the keys 1 to 9."
NOTHING_SELECTED = "Select an image first, or press N for the next case."
NO_SUGGESTION = "There is no suggestion for this image."
NO_SUGGESTION_YET = "Suggestions come once two classes have labels."
READ_ONLY = "This project is open for reading only."
PROGRESS = "Labelled so far"
ACCURACY = "How well the labels carry"
WHY = "Why this case"
NOT_DEALT = "Patients are dealt into training and test when you first train a classifier."
NO_EMBEDDING = "Make the map on Explore first: without it there are no suggestions and no queue."
QUEUE_EMPTY = "Every image has a label."
FEW = "Label at least two images of two classes, from different patients, to see a first accuracy."
FITTING = "Learning from your labels ..."
LEARNS = "How it learns:"


def class_tip(name: str, key: str, images: int, description: str = "") -> str:
    """The tooltip of a class."""
    keyed = f" (key {key})" if key else ""
    told = f"{description}\n" if description else ""
    return f"{told}Label the selected images as {name}{keyed}. {count(images, 'image')} so far."


def labelled(images: int, patients: int, name: str, skipped: int, unchanged: int) -> str:
    """What a labelling of several images did."""
    parts = [f"Labelled {count(images, 'image')} from {count(patients, 'patient')} as {name}."]
    if skipped:
        parts.append(f"{skipped:,} labelled by hand left as {'it is' if skipped == 1 else 'they are'}.")
    if unchanged:
        parts.append(f"{unchanged:,} had this label already.")
    return " ".join(parts)


def nothing_labelled(name: str, skipped: int) -> str:
    """Said when a bulk labelling changed nothing."""
    if skipped:
        left = "it is" if skipped == 1 else "they are"
        return f"Nothing changed: {count(skipped, 'image')} labelled by hand left as {left}."
    return f"Nothing changed: these images are labelled {name} already."


def target(images: int, patients: int) -> str:
    """What the keys will act on."""
    if not images:
        return "Nothing selected"
    return f"{count(images, 'image')} from {count(patients, 'patient')}" if images > 1 else "1 image"


def suggestion(name: str, share: float) -> str:
    """The classifier's opinion of the image in hand."""
    return f"Suggestion: {name} {share:.2f}"


def accuracy(value: float, low: float, high: float) -> str:
    """The live accuracy with its interval."""
    return f"{value:.2f} ({low:.2f} to {high:.2f})"


def accuracy_basis(images: int, patients: int) -> str:
    """What the live accuracy stands on."""
    few = " Below 50 images: indicative only." if images < 50 else ""
    basis = f"{count(images, 'labelled image')} from {count(patients, 'patient')}"
    return f"Balanced accuracy, 95 % interval; {basis}, patients left out in turn.{few}"


def rung(how: Rung, *, missing: bool) -> str:
    """How the classifier learns from so many labels, in plain words."""
    if how == "prototypes":
        return f"{LEARNS} each image gets the class whose labelled images it is most like."
    said = f"{LEARNS} it weighs the network's features so that the classes part"
    if how == "propagation":
        return f"{said}, and heeds how the nearest neighbours of an image are labelled."
    if missing:
        return f"{said}. After a search for near-duplicates on Explore it also heeds how neighbours are labelled."
    return f"{said}."


def too_few(images: int) -> str:
    """Said while there are suggestions but no accuracy yet."""
    given = count(images, "label")
    return f"{given} are too few to measure. About ten of each class, from several patients, are a start."


def advice(names: Sequence[str], counts: Sequence[int], gains: Sequence[Gain | None], wanted: int = 20) -> str:
    """Which class more labels would help most, and which they would not; each with the figure it rests on."""
    if not names:
        return ""
    parts = []
    growing = [(gain.low, place) for place, gain in enumerate(gains) if gain is not None and gain.grows]
    least = min(range(len(names)), key=lambda place: counts[place])
    if counts[least] < wanted:
        parts.append(f"Label about {wanted - counts[least]} more of {names[least]}.")
    elif growing:
        place = max(growing)[1]
        gain, name = gains[place], names[place]
        assert gain is not None
        more = gain.worthwhile
        found = _points(*gain.with_more(more))
        parts.append(f"Label about {more} more of {name}: by its learning curve that would find {found} more of it.")
    known = [
        (name, gain) for name, gain in zip(names, gains, strict=True) if gain is not None and gain.value is not None
    ]
    full = [name for name, gain in known if gain.saturated]
    unsure = [name for name, gain in known if not gain.saturated and not gain.grows]
    if full:
        verb = "changes" if len(full) == 1 else "change"
        parts.append(f"More of {' and '.join(full)} {verb} little.")
    if unsure and len(unsure) == len(known):
        parts.append("Whether more labels help cannot be told yet.")
    elif unsure:
        parts.append(f"Of {' and '.join(unsure)} it cannot be told yet.")
    return " ".join(parts)


def _points(value: float, low: float, high: float) -> str:
    return f"{100 * value:.0f} % ({max(0.0, 100 * low):.0f} to {min(100.0, 100 * high):.0f})"


def second_look(labels: int) -> str:
    """The button that lists doubted labels."""
    return f"Look again at {count(labels, 'label')}"


def doubted(given: str, likely: str, share: float) -> str:
    """Why a label is worth a second look."""
    return f"Labelled {given}; the classifier, which did not learn from this label, says {likely} {share:.2f}."


def why_typical(images: int, labelled_there: int) -> str:
    """A case chosen because it stands for many."""
    known = "none of them has a label yet" if not labelled_there else f"{labelled_there} of them labelled so far"
    return f"The most typical of {count(images, 'image')} that look alike; {known}."


def why_unsure(first: str, share: float, second: str, other: float) -> str:
    """A case chosen because the classifier hesitates."""
    return f"The classifier hesitates between {first} {share:.2f} and {second} {other:.2f}."


SECOND_LOOK = "labels worth a second look"
SECOND_LOOK_HELP = "Labels that a classifier, learned from the others, does not believe: mistakes, or hard cases"
WHY_RANDOM = "Drawn at random among all, and learned from like any other case."
WHY_REST = "All other cases are labelled. This one is of a patient who is kept to test, so it teaches nothing."
DRAWN = "Drawn at random, kept to test"
DRAWN_SHOW = "Show them"
DRAWN_LIST = "drawn at random to test"
DRAWN_SHOW_HELP = "List what was drawn at random and labelled by hand in the gallery; there Show has it as an entry too"
DRAWN_KEEP = "Keep them to test"
DRAWN_KEEP_HELP = (
    "On: one case in eight is drawn at random and shown without a suggestion. Once you label it by hand, its patient "
    "tests and is never learned from, so that how often the model is right here holds for patients like yours. Off: "
    "all labels are learned from, those drawn before too, and only Classify can test on patients left out. It can be "
    "changed at any time; a classifier trained meanwhile is never tested on patients it has learned from."
)
DRAWN_NONE = "One case in eight of the queue is drawn at random to test. None is labelled by hand yet."
DRAWN_OFF = "Cases drawn at random are learned from like all others; none is kept to test."
DRAWN_WAITS = "Drawn at random to test: the suggestion is kept back until you have labelled it."


def why_drawn(images: int, patients: int) -> str:
    """A case drawn at random to test."""
    return (
        f"Drawn at random from {count(images, 'image')} of {count(patients, 'patient')}, to test the model. Label it "
        "by hand; its patient is then never learned from."
    )


def drawn_right(judged: int, right: int) -> str:
    """How many of those drawn at random the classifier calls as they are labelled."""
    return f"{right:,} of {judged:,} right" if judged else ""


def drawn_range(judged: int, low: float, high: float) -> str:
    """What that says of all patients like these."""
    few = " Few cases: expect it to move." if judged < 30 else ""
    return f"The true share is probably between {100 * low:.0f} and {100 * high:.0f} % (95 % interval).{few}"


def drawn_basis(drawn: int, patients: int, labels: int, judged: int) -> str:
    """What was drawn and what it is for."""
    were = "was" if drawn == 1 else "were"
    text = (
        f"{drawn:,} of your {count(labels, 'label')} {were} drawn at random, from {count(patients, 'patient')}. "
        f"{'It is' if drawn == 1 else 'They are'} kept to test: the model never learns from "
        f"{'this patient' if patients == 1 else 'these patients'}."
    )
    if judged and judged < drawn:
        text += f" {drawn - judged:,} cannot be counted yet: no class, or one that the model does not know."
    return text
