"""The words of the explanation of a case."""

from __future__ import annotations

from collections.abc import Sequence

from sslstudio.domain.units import count

TITLE = "Why this class?"
ACTION = "Explain the case in hand"
KEY = "E"
HEAT_KEY = "H"
NOTHING = "Select an image first."
NO_MODEL = "No classifier yet: label some images, or train one on Classify."
NO_MAP = "Train a classifier on Classify to see where it looks."
NO_MAP_YET = "These suggestions follow your latest labels. Train a classifier on Classify to see where it looks."
NOT_SEEN = "The classifier has not seen this image: it was imported after the network looked. Embed the images again."
OPINION = "What the classifier thinks"
NEAREST = "Nearest labelled images, one of each other patient"
NO_NEAREST = "No labelled image of another patient."
PRIOR = "Earlier study of this patient"
NO_PRIOR = "No earlier study of this patient is in the project."
SHOW_HEAT = "Show where it looked (H)"
SHOW_HEAT_TIP = "Lays a map over the image; it takes some seconds to compute"
OPACITY = "Opacity of the map"
HEAT_CLASS = "Class"
HEAT_CLASS_TIP = "For which class it is asked where the classifier looked"
CAUTION = "Where the classifier looked, not where the disease is."
WORKING = "Looking ..."
EMPTY = "Nothing in this image spoke for {name}, so there is no map."
LEARNED = "The classifier has learned from this very image, so its opinion here proves nothing."
CLOSE = "Close  E"


def distance(value: float) -> str:
    """How far a neighbour is."""
    return f"distance {value:.3f}"


def opinion(model_id: str, known: bool) -> str:
    """Whose opinion it is: a model's, or without one that of the head that refits while labelling."""
    return f"What {model_id} thinks" if model_id else "What the suggestions say" if known else OPINION


def days(between: int | None) -> str:
    """How long before the prior study was made."""
    if between is None:
        return "another study; the days are not known"
    return f"{count(between, 'day')} before"


def cannot_rule_out(sets: Sequence[tuple[float, Sequence[str]]], *, indicative: bool) -> str:
    """Which classes it cannot rule out at each promised coverage, names with the likeliest first."""
    lines = []
    for coverage, names in sets:
        promised = f"At a promise of {100 * coverage:.0f} %"
        if len(names) == 1:
            lines.append(f"{promised} it rules out all but {names[0]}.")
        else:
            lines.append(f"{promised} it cannot rule out {', '.join(names[:-1])} or {names[-1]}.")
    if indicative:
        lines.append("Indicative only: few images to set the limits on.")
    return "\n".join(lines)


def map_words(method: str, fields: int, likeness: float, doubtful: bool) -> str:
    """What the map is, and whether it depends on what was learned."""
    of_all = " It is the same for every class." if method == "attention rollout" else ""
    check = f"Likeness with the maps of the same network with random weights: {likeness:.2f} of 1"
    if doubtful:
        return (
            f"Do not rely on this map: {check[0].lower()}{check[1:]}. It shows the picture rather than what the "
            f"network has learned. {method}, {fields} x {fields} fields.{of_all}"
        )
    return f"{check}; what the network learned changes the map. {method}, {fields} x {fields} fields.{of_all}"


def shares(names: Sequence[str], values: Sequence[float]) -> str:
    """Probabilities as text, for a screen reader."""
    return ", ".join(f"{name} {100 * value:.0f} %" for name, value in zip(names, values, strict=True))
