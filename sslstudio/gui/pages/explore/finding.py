"""What came of a search, as the page shows it: a list of images, its name, a sentence, a remark on some images."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from sslstudio.embeddings.answers import Outliers, Pairs
from sslstudio.embeddings.neighbours import Ints
from sslstudio.gui.item_models.image_table import ImageTable
from sslstudio.gui.pages.explore import finding_texts as texts
from sslstudio.triage.groups import connected

Ids = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Finding:
    """Images `ids` in order; `first` is how many of them were asked with and are not selected."""

    ids: tuple[int, ...]
    name: str
    sentence: str
    remarks: Mapping[int, str] = field(default_factory=dict)
    first: int = 0
    jpeg: bytes = b""


def patients_of(table: ImageTable, ids: Ids) -> Ints:
    """The number of the patient of each image (N,); one that is not in the table counts as a patient of its own."""
    place = np.minimum(np.searchsorted(table.ids, ids), max(0, len(table.ids) - 1))
    known = table.ids[place] == ids if len(table.ids) else np.zeros(len(ids), dtype=bool)
    own = int(table.subject_code.max(initial=-1)) + 1 + np.arange(len(ids))
    return np.where(known, table.subject_code[place] if len(table.ids) else 0, own).astype(np.int64)


def near_duplicates(pairs: Ids, found: Pairs, known: Mapping[int, str], patients: Mapping[int, int]) -> Finding:
    """From pairs (n, 2) of image ids, as they were `found`, and the groups `known` by image from the triage."""
    by_name: dict[str, list[int]] = defaultdict(list)
    for image_id, name in known.items():
        if image_id in patients:
            by_name[name].append(image_id)
    joined = [(one, other) for one, other in pairs.tolist()]
    joined += [(members[0], other) for members in by_name.values() for other in members[1:]]
    nearest: dict[int, tuple[float, int]] = {}
    for (one, other), apart in zip(pairs.tolist(), found.distance.tolist(), strict=True):
        for this, that in ((one, other), (other, one)):
            nearest[this] = min(nearest.get(this, (9.0, that)), (apart, that))
    groups = connected(joined)
    groups.sort(key=lambda members: (min(nearest.get(one, (9.0, 0))[0] for one in members), members[0]))
    remarks = {
        one: texts.duplicate(apart, other, patients.get(one) != patients.get(other), one in known)
        for one, (apart, other) in nearest.items()
    }
    across = sum(len({patients.get(one) for one in members}) > 1 for members in groups)
    already = sum(any(one in known for one in members) for members in groups)
    ids = tuple(one for members in groups for one in members)
    sentence = texts.near_duplicates(len(groups), len(ids), found.limit, found.usual, already, across)
    return Finding(ids, "near-duplicates", sentence, remarks)


def outliers(ids: Ids, found: Outliers) -> Finding:
    """`ids` (n,) are the images of the rows that were found."""
    remarks = {
        image_id: texts.outlier(near, found.usual, mine, others)
        for image_id, near, mine, others in zip(
            ids.tolist(), found.nearest.tolist(), found.own.tolist(), found.own_usual.tolist(), strict=True
        )
    }
    return Finding(tuple(remarks), "outliers", texts.outliers(len(ids), found.usual, found.recall), remarks)
