"""The words of the examination of a classifier."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sslstudio.domain.units import count

EXAMINATION = "Examination"
SCORES = "Scores"
SCORES_HELP = "All scores with their 95 % intervals, over all classes and class by class"
TRUST = "Probabilities"
TRUST_HELP = "Whether the probabilities can be believed, and when the classifier cannot tell"
CUT = "Where to cut"
CUT_HELP = "ROC and precision-recall curve, an operating point of your choice, and the decision curve"
SUBGROUPS = "Subgroups"
SUBGROUPS_HELP = "Whether it does worse on images of one scanner, site, sex, age and so on"
WORST = "Worst first"
WORST_HELP = "The test images, the most confidently wrong first"
LOOKING = "Looking ..."
ALL_CASES = "All test images"
ALL_CASES_HELP = "Show the images of all cells of the matrix again"
WORST_HELP_BELOW = (
    "Each tile says the label, then what the classifier called it and with which probability. Look here for wrong "
    "labels, "
    "for images of another kind, and for what the classifier looks at instead of the disease. A click selects, a "
    "double "
    "click shows the image on Explore. Do not correct only what you find here: labels of test images that are looked "
    "at "
    "because they were wrong make the score too good."
)
SUBGROUP_HEADERS = ("Column", "Value", "Balanced accuracy", "Difference from the rest", "", "Images", "Patients")
SUBGROUP_TIPS = (
    "",
    "Click a line to select its test images",
    "Over the classes that the subgroup has, with its 95 % interval",
    "Sensitivity inside less that of all other test images, the mean over the classes that both have. The interval is "
    "widened so that all of them together hold the truth with 95 %",
    "Dot and bar: difference and interval. Left of the dashed line the subgroup is worse",
    "Test images of the subgroup",
    "Test patients of the subgroup",
)
SUBGROUPS_BELOW = (
    "Only values that five test patients or more have, and five others have not. A subgroup can differ because of the "
    "images or because its patients are other patients; this does not tell which. Numbers are cut into thirds."
)
NO_SUBGROUPS = (
    "There is no subgroup to look at: no column of the data divides the test patients into groups of five or more. "
    "Columns "
    "come from file headers and from a table that you can read in on Data."
)


def worst(shown: int, wrong: int, images: int, cell: tuple[str, str] | None, most: int) -> str:
    """What the gallery of the worst cases holds."""
    cut = f" The first {most:,} are shown." if shown > most else ""
    if cell is not None:
        if not shown:
            return f"No test image labelled {cell[0]} was called {cell[1]}."
        kind = "the least certain first" if cell[0] == cell[1] else "the most confidently wrong first"
        return f"{count(shown, 'test image')} labelled {cell[0]} and called {cell[1]}, {kind}.{cut}"
    return f"{wrong:,} of {count(images, 'test image')} are wrong; the most confidently wrong come first.{cut}"


def worst_of_cases(shown: int, cell: tuple[str, str], most: int) -> str:
    """What the gallery holds of the studies or patients in one cell of the matrix."""
    cut = f" The first {most:,} are shown." if shown > most else ""
    of = f"of those with {cell[0]} that were called {cell[1]} as a whole"
    return f"{count(shown, 'test image')} {of}, the most confidently wrong image first.{cut}"


def subgroups(rows: Sequence[Mapping[str, Any]]) -> str:
    """Whether a subgroup is reliably worse."""
    if not rows:
        return NO_SUBGROUPS
    worse = sorted(
        (row for row in rows if row["verdict"] == "worse"), key=lambda row: float(row["difference"]["value"])
    )
    tests = count(len(rows), "subgroup")
    if not worse:
        return (
            f"No difference can be shown with so few patients ({tests} looked at, corrected for their number). That "
            f"does "
            "not mean there is none."
        )
    told = "; ".join(f"{row['column']} {row['value']} ({difference(row['difference'])})" for row in worse)
    return f"Reliably worse than the rest, corrected for {tests} looked at: {told}."


def difference(found: Mapping[str, float] | None) -> str:
    """A difference with its interval."""
    if found is None:
        return "no class in common"
    return f"{found['value']:+.2f} ({found['low']:+.2f} to {found['high']:+.2f})"


def subgroup_tip(row: Mapping[str, Any]) -> str:
    """A line in words."""
    kind = {"worse": "reliably worse than the rest", "better": "reliably better than the rest"}
    words = kind.get(str(row["verdict"]), "no difference from the rest can be shown")
    return f"{row['column']} {row['value']}: {words}. Click to select its images."
