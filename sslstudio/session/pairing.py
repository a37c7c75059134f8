"""What methods that compare images need to know of them: who may be paired with whom, and who follows whom."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

from sslstudio.backbones.table import sees_volumes
from sslstudio.catalogue.rows import Surroundings
from sslstudio.domain.items import Item
from sslstudio.domain.specs import Pairing, PretrainSpec
from sslstudio.extensions.manifest import Requires
from sslstudio.session.project import Project


def arrange(project: Project, items: Sequence[Item], spec: PretrainSpec, requires: Requires) -> list[Item]:
    """`items` with bag, place and day where the method, or a backbone for volumes, needs them; else as they are."""
    if not (requires.bags or requires.neighbours or sees_volumes(spec.backbone)):
        return list(items)
    around = project.catalogue.surroundings()
    return [arranged(item, around.get(item.image_id), spec.pairing) for item in items]


def placed(project: Project, items: Sequence[Item]) -> list[Item]:
    """`items` with their places in their series, for a backbone that sees volumes."""
    around = project.catalogue.surroundings()
    return [
        item.model_copy(update={"place": around[item.image_id].place}) if item.image_id in around else item
        for item in items
    ]


def arranged(item: Item, around: Surroundings | None, pairing: Pairing) -> Item:
    """`item` with the bag that `pairing` puts it in, and its place and day."""
    if around is None:
        return item
    alike = "/".join(around.facts.get(name, "") if name != "series" else item.series for name in pairing.alike)
    whole = {"subject": item.subject, "study": item.study, "series": item.series}[pairing.bag]
    bag = f"{whole}/{alike}" if pairing.alike else whole
    return item.model_copy(update={"bag": bag, "place": around.place, "day": around.day})


def bag_sizes(items: Sequence[Item]) -> Counter[str]:
    """How many images each bag of arranged `items` holds."""
    return Counter(item.bag or item.subject for item in items)


@dataclass(frozen=True)
class Coverage:
    """What pairing rules leave to be compared: of `bags`, in how many two images fit together (`paired`).

    `images` counts all images of those bags. The other bags give two views of one image.
    """

    bags: int
    paired: int
    images: int

    @property
    def share(self) -> float:
        """The share of bags in which two different images are compared."""
        return self.paired / max(1, self.bags)


def coverage(items: Iterable[Item], pairing: Pairing) -> Coverage:
    """How many bags of arranged `items` have a pair that fits by the rules of `pairing`."""
    bags: defaultdict[str, list[Item]] = defaultdict(list)
    for item in items:
        bags[item.bag or item.subject].append(item)
    paired = [len(images) for images in bags.values() if has_pair(images, pairing)]
    return Coverage(len(bags), len(paired), sum(paired))


def has_pair(images: Sequence[Item], pairing: Pairing) -> bool:
    """Whether any two of `images` fit. Of one series and day only the outermost matter, so that few are compared."""
    if len(images) < 2 or (not pairing.slice_gap and pairing.most_days is None):
        return len(images) > 1
    outermost: dict[tuple[str, int | None, bool], list[Item]] = {}
    for item in images:
        key = (item.series, item.day, item.place < 0)
        least, most = outermost.get(key, (item, item))
        if key in outermost and (item.place < 0 or not pairing.slice_gap):
            return True
        outermost[key] = [min(least, item, key=_place), max(most, item, key=_place)]
    ends = [item for pair in outermost.values() for item in pair]
    return any(one.image_id != other.image_id and pairing.fit(one, other) for one, other in combinations(ends, 2))


def _place(item: Item) -> int:
    return item.place
