"""What methods that compare images need to know of them: who may be paired with whom, and who follows whom."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from sslstudio.catalogue.rows import Surroundings
from sslstudio.domain.items import Item
from sslstudio.domain.specs import Pairing, PretrainSpec
from sslstudio.extensions.manifest import Requires
from sslstudio.session.project import Project


def arrange(project: Project, items: Sequence[Item], spec: PretrainSpec, requires: Requires) -> list[Item]:
    """`items` with bag, place and day where the method needs them; as they are for any other."""
    if not (requires.bags or requires.neighbours):
        return list(items)
    around = project.catalogue.surroundings()
    return [_arranged(item, around.get(item.image_id), spec.pairing) for item in items]


def _arranged(item: Item, around: Surroundings | None, pairing: Pairing) -> Item:
    if around is None:
        return item
    alike = "/".join(around.facts.get(name, "") if name != "series" else item.series for name in pairing.alike)
    whole = {"subject": item.subject, "study": item.study, "series": item.series}[pairing.bag]
    bag = f"{whole}/{alike}" if pairing.alike else whole
    return item.model_copy(update={"bag": bag, "place": around.place, "day": around.day})


def bag_sizes(items: Sequence[Item]) -> Counter[str]:
    """How many images each bag of arranged `items` holds."""
    return Counter(item.bag or item.subject for item in items)
