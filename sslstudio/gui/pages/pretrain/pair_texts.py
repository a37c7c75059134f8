"""The words of the pairing assistant."""

from __future__ import annotations

from sslstudio.domain.units import count
from sslstudio.domain.words import percent
from sslstudio.session.pair_sheet import Pair, PairSheet

PAIRS_TAB = "Pairs"
PAIRS_HELP = "Which two images of one patient are compared: rules, how many patients they leave out, and examples."
PAIRS_NAME = "Examples of pairs"
LOOK_AT_PAIRS = "Look at the pairs"
BAG = "Two images of one"
BAGS = (("subject", "Patient"), ("study", "Study"), ("series", "Series"))
ALIKE_IN = "Alike in"
ALIKE = {
    "laterality": "Side",
    "view": "View",
    "body_part": "Body part",
    "modality": "Modality",
    "sequence": "Sequence",
    "series": "Series",
}
LEAST_GAP, MOST_DAYS = "At least apart", "at most"
SLICES, DAYS = " slices", " days"
ANY_GAP, ANY_DAYS = "any distance", "any time"
GAP_HELP = "Neighbouring slices show nearly the same and teach little. Counts within one series."
DAYS_HELP = "Images of two visits that lie further apart than this are not compared."
OTHER_PAIRS, OTHER_PAIRS_HELP = "Other pairs", "Other examples by the same rules."
RESET_RULES, RESET_RULES_HELP = "Reset the rules", "Any two images of one patient."
NO_PAIRS = "No two images fit these rules."


def alike_help(label: str, told: int) -> str:
    """What it means that a pair must be alike in something, or why that cannot be asked."""
    if not told:
        return f"No image of this project says its {label.lower()}."
    return f"Both images must have the same {label.lower()}; {count(told, 'image')} say theirs."


def coverage(covered: int, subjects: int) -> str:
    """ "61 % of 233 patients have two or more images that fit"."""
    return f"{percent(covered / max(1, subjects))} of {count(subjects, 'patient')} have two or more images that fit"


def coverage_about(sheet: PairSheet, few: bool) -> str:
    """What becomes of the rest, and what to do if there are too few."""
    rest = sheet.subjects - sheet.covered
    if few:
        return (
            f"{count(rest, 'patient')} would be compared with themselves, in two views of one image, so that this is "
            "hardly more than SimCLR. Loosen the rules, or take another method."
        )
    if not rest:
        return "Each time a patient is drawn, two of the images that fit are compared."
    have = "has" if rest == 1 else "have"
    return f"The other {count(rest, 'patient')} {have} no such pair: two views of one image are compared, as in SimCLR."


def patient(pseudonym: str) -> str:
    """ "Patient 8f3a"."""
    return f"Patient {pseudonym[:8]}"


def pair_lines(pair: Pair) -> tuple[str, ...]:
    """What two images of a pair have in common, and what lies between them."""
    between = ["same series" if pair.same_series else "same study, two series" if pair.same_study else "two studies"]
    if pair.slices is not None:
        between.append(f"{count(pair.slices, 'slice')} apart")
    if pair.days:
        between.append(f"{count(pair.days, 'day')} apart")
    names = [ALIKE[name].lower() for name in pair.alike if name in ALIKE]
    return (", ".join(between), f"same {', '.join(names)}") if names else (", ".join(between),)
