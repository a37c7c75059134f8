"""What several raters answered for the same images: who, how far they agree, and the decisions between them. No Qt."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from sslstudio.domain.labels import Label, Mark, Reading, SetLabels, SetReadings, Together
from sslstudio.labels.agreement import Agreement, Several, between, many
from sslstudio.session.label_import import UNNAMED
from sslstudio.session.project import Project

__all__ = ["UNNAMED", "Dispute", "Overview", "Rater", "answers", "decide", "disputes", "keep_readings", "overview"]

Answered = tuple[Mark, int | None]


@dataclass(frozen=True)
class Rater:
    """One who answered: for how many images, and for how many of these with a class."""

    name: str
    images: int
    with_class: int


@dataclass(frozen=True)
class Dispute:
    """An image on which raters differ: who answered what, the label's author first where there is a label."""

    image_id: int
    answers: tuple[tuple[str, Answered], ...]


@dataclass(frozen=True)
class Overview:
    """All raters, how far each two agree (by their names), all of them together where there are three or more, and the
    images that wait for a decision."""

    raters: tuple[Rater, ...]
    pairs: Mapping[tuple[str, str], Agreement]
    together: Several | None
    disputes: tuple[Dispute, ...]


def answers(labels: Mapping[int, Label], readings: Mapping[tuple[int, str], Reading]) -> dict[str, dict[int, Answered]]:
    """By rater and image what was answered. A label that decided between others is nobody's reading."""
    found: dict[str, dict[int, Answered]] = defaultdict(dict)
    for (image_id, rater), one in readings.items():
        found[rater][image_id] = (one.mark, one.class_id)
    for image_id, label in labels.items():
        if label.origin != "adjudication":
            found[label.author or UNNAMED].setdefault(image_id, (label.mark, label.class_id))
    return dict(found)


def disputes(labels: Mapping[int, Label], readings: Mapping[tuple[int, str], Reading]) -> tuple[Dispute, ...]:
    """The images with an open reading that differs from the label or from another reading."""
    open_ = {image_id for (image_id, _), one in readings.items() if not one.settled}
    found = []
    of_image: dict[int, list[tuple[str, Answered]]] = defaultdict(list)
    for (image_id, rater), one in sorted(readings.items()):
        if image_id in open_:
            of_image[image_id].append((rater, (one.mark, one.class_id)))
    for image_id in sorted(open_):
        given = of_image[image_id]
        label = labels.get(image_id)
        if label is not None:
            given.insert(0, (label.author or UNNAMED, (label.mark, label.class_id)))
        if len({answer for _, answer in given}) > 1:
            found.append(Dispute(image_id, tuple(given)))
    return tuple(found)


def overview(project: Project, subjects: Mapping[int, str] | None = None) -> Overview:
    """Who answered, how far they agree on images that two gave a class, and what waits. Takes a second; call it off the
    window's thread. `subjects` is whose each image is, read from the catalogue where it is not given."""
    catalogue = project.catalogue
    labels, readings = catalogue.labels(), catalogue.readings()
    of_rater = answers(labels, readings)
    names = sorted(of_rater, key=lambda name: -len(of_rater[name]))
    if subjects is None:
        subjects = {item.image_id: item.subject for item in catalogue.items()} if len(names) > 1 else {}
    with_class = {
        name: {image_id: class_id for image_id, (_, class_id) in of_rater[name].items() if class_id is not None}
        for name in names
    }
    raters = tuple(Rater(name, len(of_rater[name]), len(with_class[name])) for name in names)
    pairs = {}
    for place, one in enumerate(names):
        for other in names[place + 1 :]:
            found = between(with_class[one], with_class[other], subjects)
            if found is not None:
                pairs[one, other] = found
    together = many([with_class[name] for name in names], subjects) if len(names) > 2 else None
    return Overview(raters, pairs, together, disputes(labels, readings))


def decide(
    label: Label | None, readings: Mapping[tuple[int, str], Reading], image_id: int, mark: Mark, class_id: int | None
) -> Together:
    """Make one answer the label of an image whose raters differ; its `label` so far is kept as its author's reading."""
    kept = {
        rater: one.model_copy(update={"settled": True}) for (image, rater), one in readings.items() if image == image_id
    }
    if label is not None and label.origin != "adjudication":
        author = label.author or UNNAMED
        kept.setdefault(author, _reading(label, author))
    new = Label(
        image_id=image_id, mark=mark, class_id=class_id, origin="adjudication", note=label.note if label else ""
    )
    settled = SetReadings(readings=tuple((image_id, rater, one) for rater, one in kept.items()))
    return Together(text="Decide between readers on 1 image", steps=(settled, SetLabels(labels=((image_id, new),))))


def keep_readings(
    labels: Mapping[int, Label], given: Mapping[int, int | None], rater: str, source: str
) -> SetReadings | None:
    """Keep a second read's answers (class ids by image, None for unsure) beside the labels, differences open."""
    made = []
    for image_id, class_id in given.items():
        mark: Mark = "uncertain" if class_id is None else "class"
        label = labels.get(image_id)
        same = label is not None and (label.mark, label.class_id) == (mark, class_id)
        one = Reading(
            image_id=image_id, rater=rater, mark=mark, class_id=class_id, source=source,
            settled=same or class_id is None,
        )  # fmt: skip
        made.append((image_id, rater, one))
    return SetReadings(text=f"Keep {len(made):,} readings by {rater}", readings=tuple(made)) if made else None


def _reading(label: Label, rater: str) -> Reading:
    return Reading(
        image_id=label.image_id, rater=rater, mark=label.mark, class_id=label.class_id, at=label.at, note=label.note,
        source=label.source, settled=True,
    )  # fmt: skip
