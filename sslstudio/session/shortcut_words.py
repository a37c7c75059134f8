"""What the shortcut check found, in sentences for a clinician; the numbers stand behind them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sslstudio.domain.words import percent
from sslstudio.embeddings.shortcuts import Association, GroupShare
from sslstudio.session.columns import number_text
from sslstudio.session.shortcut_check import Followed, ShortcutReport

_STRENGTHS = ((0.6, "very strong"), (0.35, "strong"), (0.2, "moderate"), (0.0, "weak"))
_SKIPPED = {
    "few_patients": "not tested: too few patients",
    "few_values": "not tested: no two values have three patients each",
}
_MOST_NAMED = 4


def strength(one: Followed) -> str:
    """The finding in a word or two."""
    if one.test.skipped:
        return _SKIPPED[one.test.skipped]
    if not one.found:
        return "not followed"
    return next(word for least, word in _STRENGTHS if one.test.strength >= least)


def sentence(one: Followed, group_names: Mapping[int, str] | None = None) -> str:
    """What groups or neighbours do: "Groups 4 and 7 follow the scanner, not the patient: 92 % of their images ..."."""
    what = _what(one)
    if one.test.skipped:
        return f"{_upper(what)} was {_SKIPPED[one.test.skipped]}."
    if not one.found:
        return f"Groups and neighbours do not follow {what} more than chance would have it."
    told = _groups(one, what, group_names or {}) or _neighbours(one, what)
    return f"{told} {_consequence(one)}".strip()


def details(one: Followed) -> list[tuple[str, str]]:
    """The numbers behind a row, as (name, value)."""
    test, numbers = one.test, one.info.kind == "number"
    made = [("Images and patients with a value", f"{test.images:,} and {test.patients:,}")]
    if not numbers:
        made.append(("Values compared", str(test.values)))
    measure = "Groups: rank epsilon squared" if numbers else "Groups: Cramér's V"
    nearest = (
        "Neighbours of other patients: Moran's I" if numbers else "Neighbours of other patients with the same value"
    )
    of_labels = "Labels: rank epsilon squared" if numbers else "Labels: Cramér's V"
    for name, found in ((measure, test.groups), (nearest, test.neighbours), (of_labels, test.labels)):
        if found is not None:
            as_share = found is test.neighbours and not numbers
            made.append((name, _figures(found, as_share)))
    if not test.skipped:
        made.append(("p corrected for all columns", _p(one.p)))
        if test.labels is not None:
            made.append(("p of the labels, corrected", _p(one.label_p)))
    return made


def summary(report: ShortcutReport) -> str:
    """What stands above the rows."""
    suspicious = [one for one in report.columns if one.found and not one.anatomy]
    expected = [one for one in report.columns if one.found and one.anatomy]
    tested = sum(not one.test.skipped for one in report.columns)
    if not tested:
        return "No column could be tested: none has two values from three patients or more."
    looked = f"{_count(tested, 'column')} tested"
    if suspicious:
        names = _listed([one.info.title.lower() for one in suspicious])
        return f"{looked}: images lie together by {names}, also those of different patients."
    if not expected:
        return f"{looked}: no shortcut found."
    names = _listed([one.info.title.lower() for one in expected])
    return f"{looked}: no shortcut found. Images lie together by {names}, as is to be expected."


def basis(report: ShortcutReport) -> str:
    """On what the check rests."""
    some = "" if report.images == report.of else f" of {report.of:,}, drawn at random"
    labelled = f", {report.labelled:,} labelled" if report.labelled else ""
    return (
        f"Looked at {report.images:,} images{some} from {report.patients:,} patients{labelled}. "
        "Chance is what comes of exchanging values between whole patients."
    )


def _what(one: Followed) -> str:
    title = one.info.title
    return f"the {title[:1].lower()}{title[1:]}" if title[1:2].islower() else f"the {title}"


def _groups(one: Followed, what: str, group_names: Mapping[int, str]) -> str:
    concerned = one.concerned
    if not concerned:
        return ""
    named = _named(concerned, group_names)
    follow = "follow" if len(concerned) > 1 else "follows"
    their = "their" if len(concerned) > 1 else "its"
    if one.info.kind == "number":
        medians = " and ".join(number_text(one.info.key, share.share) for share in concerned[:_MOST_NAMED])
        rest = " and more" if len(concerned) > _MOST_NAMED else ""
        middle = number_text(one.info.key, concerned[0].overall)
        return f"{named} {follow} {what}, not the patient: the median is {medians}{rest}, that of all images {middle}."
    images = sum(share.images for share in concerned)
    together = sum(share.share * share.images for share in concerned) / images
    values = {share.value for share in concerned}
    if len(values) == 1:
        which = f'"{one.names[concerned[0].value]}" ({percent(concerned[0].overall)} of all images)'
        said = f"{percent(together)} of {their} images have {which}"
    else:
        said = f"within each, {percent(together)} of the images have the same {what.removeprefix('the ')}"
    return f"{named} {follow} {what}, not the patient: {said}, from {_patients(concerned)}."


def _patients(concerned: Sequence[GroupShare]) -> str:
    """ "38 patients", "12 and 26 patients": in the order of the groups; one may stand in several."""
    counts = [share.patients for share in concerned]
    if len(counts) == 1:
        return _count(counts[0], "patient")
    if len(counts) <= _MOST_NAMED:
        return f"{_listed([f'{number:,}' for number in counts])} patients"
    return f"{min(counts):,} to {max(counts):,} patients each"


def _neighbours(one: Followed, what: str) -> str:
    near = one.test.neighbours
    if near is None:
        return f"The groups as a whole follow {what}."
    if one.info.kind == "number":
        return f"Images of different patients that look alike are also near in {what.removeprefix('the ')}."
    return (
        f"Of the most similar images of other patients {percent(near.effect)} have the same "
        f"{what.removeprefix('the ')}; by chance it would be {percent(near.by_chance)}."
    )


def _consequence(one: Followed) -> str:
    if one.anatomy:
        return "That is what the picture shows, so it is to be expected."
    if one.learnable:
        return "The labels go with it too: a classifier could learn it in place of the finding."
    if one.test.labels is not None:
        return "The labels given so far do not go with it."
    return ""


def _named(concerned: Sequence[GroupShare], group_names: Mapping[int, str]) -> str:
    """ "Groups 4 and 7", "Group 2 (hands)"."""
    names = [
        f"{share.group + 1}" + (f" ({group_names[share.group]})" if group_names.get(share.group) else "")
        for share in concerned[:_MOST_NAMED]
    ]
    if len(concerned) > _MOST_NAMED:
        names.append(f"{len(concerned) - _MOST_NAMED} more")
    return f"{'Group' if len(concerned) == 1 else 'Groups'} {_listed(names)}"


def _figures(found: Association, as_share: bool) -> str:
    effect, chance = (
        (percent(found.effect), percent(found.by_chance))
        if as_share
        else (f"{found.effect:.2f}", f"{found.by_chance:.2f}")
    )
    return f"{effect}, by chance {chance}; p {_p(found.p)} ({found.shuffles:,} shuffles)"


def _p(value: float) -> str:
    return f"{value:.3f}" if value >= 0.001 else "< 0.001"


def _count(number: int, one: str) -> str:
    return f"{number:,} {one if number == 1 else one + 's'}"


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]
