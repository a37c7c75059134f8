"""Filters carried out by SQL find what a plain reading of the same facts finds, and keep the reading order."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sslstudio.catalogue import Catalogue
from sslstudio.domain.filters import Choice, Filter, Range, Search
from sslstudio.domain.labels import AddClass, ClassInfo, Label, SetLabels
from sslstudio.domain.ledger import FoundImage
from sslstudio.domain.volumes import Slice, reading_order
from sslstudio.errors import SSLStudioError
from tests.fakes.catalogue_rows import found, row

MODALITIES, VIEWS, SITES, KINDS = ("", "CT", "MR"), ("", "PA", "o'view%"), ("", "a1", "b2"), ("", "localiser")
FURTHER = ({}, {"kV": "120", 'odd "name"': "x"}, {"kV": "80.5", "Ärzte.plan[0]": "ja"}, {"kV": "soft"}, {"kV": "-1e2"})
LABELS = (None, Label(image_id=1, mark="class", class_id=1), Label(image_id=1, mark="uncertain"))
REASONS = (None, "Poor quality", "it's blurred")
NAMES = ("img_1.PNG", "Scan%2.dcm", "a'b.tif", "img-1.png")


def image(number: int) -> FoundImage:
    base = found(f"p{number % 5}", number, series=f"p{number % 5}-{number % 2}")
    return base.model_copy(
        update={
            "modality": MODALITIES[number % 3],
            "view": VIEWS[number // 3 % 3],
            "site": SITES[number % 3],
            "kind": KINDS[number % 2],
            "bits": 8 + number % 4,
            "columns": FURTHER[number % 5],
            "slice_position": (None, 3.0, -1.5)[number % 3],
            "instance_number": number * 7 % 11,
            "phase": (None, 1000)[number // 4 % 2],
        }
    )


def path_of(number: int) -> str:
    return f"/data/Ward_{number % 2}/{number}/{NAMES[number % 4]}"


@pytest.fixture(scope="module")
def stocked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Catalogue]:
    made = Catalogue(tmp_path_factory.mktemp("filters") / "project.sqlite", create=True)
    made.adopt_import("import-1", [row(path_of(number), image(number)) for number in range(60)])
    made.apply(AddClass(info=ClassInfo(class_id=1, name="glioma", colour="#0072B2", key="1")))
    labels = [(n + 1, label.model_copy(update={"image_id": n + 1})) for n in range(60) if (label := LABELS[n % 3])]
    made.apply(SetLabels(labels=tuple(labels)))
    made.set_reasons([(n + 1, REASONS[n // 2 % 3]) for n in range(60)])
    made.split_by_subject(0.4, 0)
    yield made
    made.close()


def facts(number: int, part: str) -> dict[str, str]:
    """What is known of an image, column by column, by a plain reading."""
    made = image(number)
    label = LABELS[number % 3]
    known = {name: getattr(made, name) for name in ("modality", "body_part", "view", "scanner", "site", "kind")}
    known |= {f"column:{name}": value for name, value in made.columns.items()}
    return known | {
        "bits": str(made.bits),
        "size": "8 x 8",
        "labelled": "yes" if label is not None and label.mark == "class" else "no",
        "label": "" if label is None else str(label.class_id or label.mark),
        "excluded": REASONS[number // 2 % 3] or "",
        "part": part,
    }


def small(text: str) -> str:
    """Letters A to Z made small, others left alone."""
    return "".join(letter.lower() if letter.isascii() else letter for letter in text)


def fits(term: Choice | Range | Search, number: int, part: str) -> bool:
    known = facts(number, part)
    if isinstance(term, Choice):
        return known.get(term.column, "") in term.values
    if isinstance(term, Range):
        try:
            value = json.loads(known.get(term.column, ""))
        except ValueError:
            return False
        if not isinstance(value, int | float) or isinstance(value, bool):
            return False
        return (term.low is None or value >= term.low) and (term.high is None or value <= term.high)
    made, text = image(number), small(term.text.strip())
    texts = (path_of(number), made.subject, made.study, made.series)
    return text == f"#{number + 1}" or any(text in small(each) for each in texts)


def values(column: str, options: tuple[str, ...]) -> st.SearchStrategy[Choice]:
    return st.lists(st.sampled_from(options), min_size=1, max_size=3, unique=True).map(
        lambda chosen: Choice(column=column, values=tuple(chosen))
    )


limits = st.none() | st.sampled_from([-100.0, 0.0, 9.5, 80.5, 120.0]) | st.floats(-200, 200)
terms = st.one_of(
    values("modality", (*MODALITIES, "PT")),
    values("view", VIEWS),
    values("site", SITES),
    values("kind", KINDS),
    values("size", ("8 x 8", "9 x 9")),
    values("labelled", ("yes", "no")),
    values("label", ("", "1", "uncertain", "2")),
    values("excluded", ("", "Poor quality", "it's blurred")),
    values("part", ("train", "test", "")),
    values("column:kV", ("", "120", "soft")),
    values('column:odd "name"', ("", "x")),
    values("column:Ärzte.plan[0]", ("", "ja")),
    st.builds(Range, column=st.sampled_from(["bits", "column:kV", "modality"]), low=limits, high=limits),
    st.builds(Search, text=st.sampled_from(["ward_1", "IMG_1", "%", "_", "a'b", "#7", "png", "2.DCM", "\\", "#", "Ä"])),
    st.builds(Search, text=st.integers(0, 59).map(lambda n: image(n).subject[:6])),
)


def filter_of(chosen: list[Choice | Range | Search]) -> Filter:
    result = Filter()
    for term in chosen:
        result = result.having(term)
    return result


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=150)
@given(st.lists(terms, max_size=5))
def test_sql_finds_what_a_plain_reading_finds(stocked: Catalogue, chosen: list[Choice | Range | Search]) -> None:
    asked = filter_of(chosen)
    parts = {item.image_id: item.part for item in stocked.items(include_excluded=True)}
    expected = {n + 1 for n in range(60) if all(fits(term, n, parts[n + 1]) for term in asked.terms)}
    assert {int(image_id) for image_id in stocked.matches(asked)[:, 0]} == expected
    assert stocked.count_matches(asked) == len(expected)
    rest = asked.without("modality")
    counts = dict(stocked.values("modality", asked))
    kept = [n for n in range(60) if all(fits(term, n, parts[n + 1]) for term in rest.terms)]
    assert counts == {m: c for m in MODALITIES if (c := sum(image(n).modality == m for n in kept))}


def test_images_come_series_by_series_pass_by_pass_along_the_body(stocked: Catalogue) -> None:
    found_rows = stocked.matches(Filter())
    assert len(found_rows) == 60 and sorted(found_rows[:, 0]) == list(range(1, 61))

    def slice_of(number: int) -> Slice:
        made = image(number)
        return Slice(number, made.digest, made.slice_position, made.phase, made.instance_number, made.frame)

    for series in np.unique(found_rows[:, 1]):
        numbers = [int(image_id) - 1 for image_id in found_rows[found_rows[:, 1] == series, 0]]
        assert len({image(n).series for n in numbers}) == 1
        assert numbers == [one.image_id for one in reading_order(map(slice_of, sorted(numbers)))]
    changes = np.count_nonzero(np.diff(found_rows[:, 1]))
    assert changes + 1 == len(np.unique(found_rows[:, 1])), "each series stands together"


def test_groups_and_names_tell_patients_studies_and_series(stocked: Catalogue) -> None:
    groups = stocked.groups()
    assert groups.shape == (10, 3) and len(np.unique(groups[:, 2])) == 5
    subjects = stocked.subject_names([int(key) for key in groups[:, 2]])
    assert {name.pseudonym for name in subjects.values()} == {image(n).subject for n in range(60)}
    series = stocked.series_names([int(key) for key in groups[:, 0]])
    assert {name.pseudonym for name in series.values()} == {image(n).series for n in range(60)}
    assert {name.modality for name in series.values()} <= set(MODALITIES)
    assert len(stocked.study_names([int(key) for key in groups[:, 1]])) == 5


def test_what_there_is_to_filter_by(stocked: Catalogue) -> None:
    assert stocked.further_columns() == ["column:kV", 'column:odd "name"', "column:Ärzte.plan[0]"]
    assert stocked.values("column:kV", Filter())[0] == ("", 12)
    span = stocked.span("column:kV", Filter())
    assert span is not None and (span.low, span.high, span.images) == (-100.0, 120.0, 36)
    assert stocked.span("modality", Filter()) is None
    with pytest.raises(KeyError):
        stocked.values("digest", Filter())
    assert stocked.locations(3) == [path_of(2)]


def test_reasons_are_set_one_by_one_and_taken_back(catalogue: Catalogue) -> None:
    catalogue.set_reasons([(1, "a"), (2, "b"), (3, None)])
    assert catalogue.excluded() == {1: "a", 2: "b"}
    with pytest.raises(SSLStudioError, match="needs a reason"):
        catalogue.set_reasons([(1, " ")])
    catalogue.set_reasons([(1, None), (2, "c")])
    assert catalogue.excluded() == {2: "c"}


def test_long_reads_see_what_was_committed_and_do_not_wait_for_a_write(catalogue: Catalogue) -> None:
    with catalogue._db.transaction() as connection:
        connection.execute("UPDATE images SET modality = 'XX' WHERE image_id = 1")
        assert catalogue.count_matches(Filter(terms=(Choice(column="modality", values=("XX",)),))) == 0
    assert catalogue.count_matches(Filter(terms=(Choice(column="modality", values=("XX",)),))) == 1


def test_a_project_without_rights_to_write_is_browsed_too(path: Path, catalogue: Catalogue) -> None:
    catalogue.close()
    reader = Catalogue(path, read_only=True)
    assert len(reader.matches(Filter())) == 24
    reader.close()


def test_patients_of_images_are_counted_for_few_and_for_many(
    stocked: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [1, 2, 6, 7, 12]
    expected = len({image(number - 1).subject for number in ids})
    assert stocked.count_subjects(ids) == expected == 2
    monkeypatch.setattr("sslstudio.catalogue.browse._MANY", 1)
    assert stocked.count_subjects(ids) == expected
