"""The words of groups: how they are made, changed and how pure they are."""

from __future__ import annotations

from collections.abc import Mapping

from sslstudio.domain.units import count
from sslstudio.domain.words import percent
from sslstudio.embeddings.purity import Purity

ANEW = "Group anew"
ANEW_HELP = (
    "Make other groups on this map. Names stay with groups that are mostly the same; Undo brings the old ones back."
)
BY_IMAGES = "By the images, suggested number"
BY_NUMBER = "By the images, into ..."
BY_DENSITY = "By density on the map"
HOW_MANY = "How many groups?"
LABEL_GROUP = "Label ..."
LABEL_GROUP_HELP = (
    "Give all images of the chosen groups one label: you look at a blind random sample first and see how many would be "
    "wrong."
)
GROUP_NEEDED = "Choose a group in the list first."
SPLIT = "Split"
SPLIT_HELP = "Split the chosen group by the likeness of its images. The largest part keeps the name."
SPLIT_IN = (("In two", 2), ("In three", 3), ("In four", 4), ("In as many as suggest themselves", 0))
MERGE = "Merge"
MERGE_HELP = "Make one group of the chosen ones. Choose several with Ctrl or Shift."
UNDO = "Undo"
UNDO_HELP = "Take back the last change of groups"
TREE = "Show which groups are alike"
TREE_HELP = "Show which groups are alike, as a tree: those that are most like each other are joined first"
TREE_ACTION = "Groups: show which are alike, or one below the other"
TREE_NOTE = "The nearer the joint, the more alike: click it to select its groups, Merge makes them one."
MOSTLY_BY = "Mostly, by"
MOSTLY_BY_HELP = "Say of each group which value of a column most of its images share, and how many of all images do"
LABEL = "Label"

NO_MAP = "There is no map yet."
ONE_NEEDED = "Choose one group in the list first."
SEVERAL_NEEDED = "Choose two or more groups in the list first: click one, then others with Ctrl."
NOTHING_TO_UNDO = "No group was changed since this page was opened."
READ_ONLY = "This project is open for reading only."
GROUPING = "Grouping the images ..."
SPLITTING = "Splitting the group ..."

WAYS = {
    "kmeans": "Groups of images that are alike (k-means on what the network sees).",
    "density": (
        "Groups where points lie densely on the map (HDBSCAN): a result of the map, not of the images. "
        "Images in between are in no group."
    ),
}
CHANGED = "Changed by hand since."
_BY_HAND = " by hand"


def by_hand(way: str) -> str:
    """The way of groups that came about in this `way` and were then split or merged."""
    return way if way.endswith(_BY_HAND) else way + _BY_HAND


def origin(way: str, *, tree: bool = False) -> str:
    """How the groups came about, and how a `tree` of them is read."""
    made = WAYS.get(way.removesuffix(_BY_HAND), "")
    changed = CHANGED if way.endswith(_BY_HAND) else ""
    return " ".join(part for part in (made, changed, TREE_NOTE if tree else "") if part)


def grouped(groups: int, way: str, outside: int) -> str:
    """Said when groups were made anew."""
    said = f"{count(groups, 'group')} now."
    if way == "density" and outside:
        said += f" {count(outside, 'image lies', 'images lie')} between them, in no group."
    return said


def parted(name: str, parts: int) -> str:
    """Said when a group was split."""
    return f"{name} is {parts} groups now."


def merged(groups: int, name: str) -> str:
    """Said when groups were merged."""
    return f"{groups} groups are one now: {name}."


def mostly(found: Purity, names: Mapping[int, str]) -> dict[int, str]:
    """What each group mostly is: "Maker A 92 % (all 50 %)"."""
    return {
        number: f"{names.get(one.code, '')} {percent(one.share)} (all {percent(one.usual)})"
        for number, one in found.groups.items()
    }


def overall(found: Purity, column: str) -> str:
    """How pure the groups are together."""
    if not found.groups:
        return f"{column}: not known of any image in a group."
    return (
        f"{column}: {percent(found.share)} of the images have their group's commonest value, "
        f"{percent(found.usual)} that of all."
    )
