"""Leaks between the two sides of a split: looked for before each training and evaluation, and solved by the user.

A leak is a pair of images, one that trains and one that tests: of one person, identical, found alike on Review, or
found here, where embeddings and coarse shades suggest pairs and the pixels decide. What was compared once is not
compared again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from sslstudio.catalogue.copies import ComparedPair
from sslstudio.catalogue.frozen import LabelledRow
from sslstudio.domain.items import Part
from sslstudio.domain.split_plans import SplitPlan
from sslstudio.errors import SSLStudioError
from sslstudio.session import leak_words as words
from sslstudio.session import splitting
from sslstudio.session.classifying import Compute, call, ensure_split
from sslstudio.session.project import Project
from sslstudio.session.results import resolve_embedding

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from sslstudio.classifiers.partitions import Division
    from sslstudio.session.splitting import Labelled

Kind = Literal["person", "identical", "review", "alike"]
Solution = Literal["together", "leave_out", "differ"]
ALIKE_FROM = 0.9
"""Cosine of embeddings from which two images are compared by their pixels."""
MOST_COMPARED = 20_000
_PLACEHOLDER = 8
"""A number in headers that more patients carry than this stands for nobody."""
_PAIRS_AT_ONCE = 500
Check = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Leak:
    """An image that trains and one that tests, of patients `left_subject` and `right_subject`, and what is wrong."""

    kind: Kind
    left: int
    right: int
    left_subject: str
    right_subject: str
    score: float = 1.0


@dataclass(frozen=True)
class Leaks:
    """What was found; `compared` pairs of images were compared by their pixels, now or before."""

    found: tuple[Leak, ...] = ()
    compared: int = 0

    def images(self) -> list[int]:
        """All images that take part in a leak."""
        return sorted({key for leak in self.found for key in (leak.left, leak.right)})

    def sentences(self) -> list[str]:
        """What was found, one sentence a kind."""
        by_kind: dict[Kind, list[Leak]] = defaultdict(list)
        for leak in self.found:
            by_kind[leak.kind].append(leak)
        return [
            words.sentence(kind, len({one.right for one in some}), len({one.right_subject for one in some}))
            for kind, some in by_kind.items()
        ]


def look(
    project: Project,
    embedding: str,
    plan: SplitPlan,
    *,
    seed: int = 0,
    compute: Compute | None = None,
    check: Check = lambda: None,
) -> Leaks:
    """Look for leaks in what a plan divides; nothing but the comparisons is stored. `check` may raise to end it.

    Raises SSLStudioError "not_embedded", "bad_split".
    """
    run_id = resolve_embedding(project, embedding)
    if plan.way == "hold_out":
        ensure_split(project)
    known, division = splitting.divide(project, splitting.labelled(project, run_id), plan, seed)
    return _look(project, run_id, known, division, compute, check)


def require_tight(
    project: Project,
    embedding: str,
    plan: SplitPlan,
    *,
    seed: int = 0,
    compute: Compute | None = None,
    check: Check = lambda: None,
) -> None:
    """Raise SSLStudioError "leaky_split" if anything leaks; as `look` otherwise."""
    found = look(project, embedding, plan, seed=seed, compute=compute, check=check)
    if found.found:
        raise SSLStudioError(" ".join([words.BLOCKED, *found.sentences()]), words.SOLVE, code="leaky_split")


def solve(project: Project, leaks: Iterable[Leak], how: Solution) -> None:
    """Solve leaks: put both patients on one side, leave the training image out, or keep that the pictures differ.

    Patients go to the training side, which makes no claims; with one who was drawn at random to the test side.
    Identical pictures cannot differ: for these "differ" does nothing. Raises SSLStudioError "frozen_test": the frozen
    test set stays as it is.
    """
    some = list(leaks)
    if how == "leave_out":
        project.catalogue.set_excluded(sorted({leak.left for leak in some}), words.REASON_LEFT_OUT)
        return
    if how == "differ":
        pairs = [(leak.left, leak.right) for leak in some if leak.kind != "identical"]
        project.catalogue.decide_pairs(pairs, "differ")
        return
    sides = _sides(project, some)
    project.catalogue.decide_pairs([(leak.left, leak.right) for leak in some], "same")
    project.catalogue.put_together(sides)


def _sides(project: Project, leaks: Sequence[Leak]) -> dict[str, Part]:
    """The training side for all patients that are linked with those of the leaks and stand on both sides."""
    held, drawn = project.catalogue.held_subjects(), project.catalogue.drawn_subjects()
    part_of = {name: part for _, name, part in project.catalogue.subjects()}
    links = [*project.catalogue.linked_subjects(), *((leak.left_subject, leak.right_subject) for leak in leaks)]
    linked: dict[str, set[str]] = {}
    for left, right in links:
        whole = linked.get(left, {left}) | linked.get(right, {right})
        linked.update(dict.fromkeys(whole, whole))
    sides: dict[str, Part] = {}
    for leak in leaks:
        whole = linked[leak.left_subject]
        torn = whole & held
        if torn and not whole <= held:
            raise SSLStudioError(words.FROZEN_SIDE, words.FROZEN_HINT, code="frozen_test")
        if whole & drawn and not torn:  # who was drawn at random tests, so the others do
            sides |= dict.fromkeys(whole, "test")
        elif len({part_of.get(name, "") for name in whole} - {""}) > 1:
            sides |= dict.fromkeys(whole, "train")
    return sides


def _look(
    project: Project, run_id: str, known: Labelled, division: Division, compute: Compute | None, check: Check
) -> Leaks:
    across = _Across(len(known.rows), division)
    pairs = project.catalogue.compared_pairs()
    found = list(_by_what_is_known(known.rows, across, pairs))
    told = {(min(one.left, one.right), max(one.left, one.right)) for one in found}
    check()
    compared = _compare(project, run_id, known, across, pairs, compute, check)
    place = {row.image_id: number for number, row in enumerate(known.rows)}
    for pair in pairs.values():
        left, right = place.get(pair.left), place.get(pair.right)
        if pair.leaks and left is not None and right is not None and (pair.left, pair.right) not in told:
            leak = _leak("alike", known.rows, left, right, across, pair.score)
            if leak is not None:
                found.append(leak)
    found.sort(key=lambda leak: (leak.kind, -leak.score, leak.left, leak.right))
    return Leaks(tuple(found), compared)


class _Across:
    """Which rows stand on two sides of any fold."""

    def __init__(self, count: int, division: Division) -> None:
        import numpy as np

        self._train = np.zeros((len(division.folds), count), dtype=bool)
        self._test = np.zeros((len(division.folds), count), dtype=bool)
        for number, fold in enumerate(division.folds):
            self._train[number, fold.train] = True
            self._test[number, fold.test] = True

    def used(self) -> NDArray[np.int64]:
        """Rows on any side."""
        import numpy as np

        return np.flatnonzero((self._train | self._test).any(axis=0))

    def order(self, left: int, right: int) -> tuple[int, int] | None:
        """The two rows, the one that trains first; None when no fold has them on two sides."""
        if bool((self._train[:, left] & self._test[:, right]).any()):
            return left, right
        if bool((self._train[:, right] & self._test[:, left]).any()):
            return right, left
        return None


def _leak(
    kind: Kind, rows: Sequence[LabelledRow], one: int, other: int, across: _Across, score: float = 1.0
) -> Leak | None:
    ordered = across.order(one, other)
    if ordered is None or rows[one].subject == rows[other].subject:
        return None
    left, right = rows[ordered[0]], rows[ordered[1]]
    return Leak(kind, left.image_id, right.image_id, left.subject, right.subject, score)


def _by_what_is_known(
    rows: Sequence[LabelledRow], across: _Across, pairs: Mapping[tuple[int, int], ComparedPair]
) -> Iterator[Leak]:
    """Leaks by the pixels' digest, by what Review found, and by the person that the files' headers name."""
    differ = {key for key, pair in pairs.items() if pair.state == "differ"}
    place = {row.image_id: row for row in rows}
    others = {frozenset((place[a].subject, place[b].subject)) for a, b in differ if a in place and b in place}
    told: set[tuple[int, int]] = set()
    keys: tuple[tuple[Kind, Callable[[LabelledRow], str]], ...] = (
        ("identical", lambda row: row.pixels),
        ("review", lambda row: row.copies),
        ("person", lambda row: row.person),
    )
    for kind, key in keys:
        for members in _groups(rows, key, _PLACEHOLDER if kind == "person" else 0):
            seen: set[frozenset[str]] = set()
            for one, other in _some_pairs(members):
                leak = _leak(kind, rows, one, other, across)
                if leak is None:
                    continue
                ends = (min(leak.left, leak.right), max(leak.left, leak.right))
                people = frozenset((leak.left_subject, leak.right_subject))
                if ends in told or (kind == "person" and (people in others or people in seen)):
                    continue
                if kind != "identical" and ends in differ:
                    continue
                told.add(ends)
                seen.add(people)
                yield leak


def _groups(rows: Sequence[LabelledRow], key: Callable[[LabelledRow], str], most_patients: int) -> Iterator[list[int]]:
    """Rows that share a value, of more than one patient; of values of more than `most_patients` (unless 0), none."""
    members: dict[str, list[int]] = defaultdict(list)
    for number, row in enumerate(rows):
        if key(row):
            members[key(row)].append(number)
    for some in members.values():
        patients = len({rows[row].subject for row in some})
        if patients > 1 and not (most_patients and patients > most_patients):
            yield some


def _some_pairs(members: Sequence[int]) -> Iterator[tuple[int, int]]:
    """All pairs of a few; of many each with the first fifty."""
    for number, one in enumerate(members):
        for other in members[:number][:50]:
            yield other, one


def _compare(
    project: Project,
    run_id: str,
    known: Labelled,
    across: _Across,
    pairs: dict[tuple[int, int], ComparedPair],
    compute: Compute | None,
    check: Check,
) -> int:
    """Compare what the embeddings find alike and nobody has compared yet; `pairs` gets what was found."""
    rows = across.used().tolist()
    owners: dict[str, int] = {}
    codes = [owners.setdefault(known.rows[row].subject, len(owners)) for row in rows]
    folder = project.embeddings_dir
    everything = [known.rows[row].image_id for row in rows]
    near, cosine = call(
        compute,
        "sslstudio.embeddings.across:nearest_of_others",
        str(folder / f"{run_id}.npy"),
        str(folder / f"{run_id}.ids.npy"),
        everything,
        codes,
    )
    check()
    items = {item.image_id: item for item in project.catalogue.items_of(everything)}
    shaded = call(
        compute,
        "sslstudio.triage.across:alike_shades",
        str(project.pixels_dir),
        [items[key] for key in everything],
        codes,
    )
    check()
    place = {known.rows[row].image_id: row for row in rows}
    suggested = [tuple(pair) for pair, alike in zip(near.tolist(), cosine.tolist(), strict=True) if alike >= ALIKE_FROM]
    wanted = [
        (left, right)
        for left, right in dict.fromkeys([*suggested, *shaded])
        if across.order(place[left], place[right]) is not None
    ][:MOST_COMPARED]
    fresh = [pair for pair in wanted if pair not in pairs]
    for first in range(0, len(fresh), _PAIRS_AT_ONCE):
        check()
        ends = fresh[first : first + _PAIRS_AT_ONCE]
        compared = [items[key] for key in sorted({key for pair in ends for key in pair})]
        told = call(
            compute,
            "sslstudio.triage.across:same_pictures",
            str(project.pixels_dir),
            compared,
            ends,
        )
        made = [ComparedPair(left, right, score, same) for left, right, score, same in told]
        if not project.read_only:
            project.catalogue.add_compared(made)
        pairs.update({(pair.left, pair.right): pair for pair in made})
    return len(wanted)
