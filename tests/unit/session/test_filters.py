"""The filter in force: at most one term a column, terms that ask for nothing go, and listeners hear of changes only."""

from __future__ import annotations

from sslstudio.domain.filters import Choice, Filter, Range, Search
from sslstudio.session.filters import FilterState


def test_terms_replace_each_other_by_column_and_go_when_they_ask_nothing() -> None:
    state, heard = FilterState(), []
    state.changed.connect(heard.append)
    state.put(Choice(column="modality", values=("CT",)))
    state.put(Search(text="ward"))
    state.put(Choice(column="modality", values=("MR", "CT")))
    assert [term.column for term in state.value.terms] == ["modality", "search"], "a chip keeps its place"
    assert state.value.term("modality") == Choice(column="modality", values=("MR", "CT"))
    state.put(Search(text="  "))
    state.put(Range(column="bits"))
    assert [term.column for term in state.value.terms] == ["modality"]
    assert len(heard) == 4, "a change that changes nothing is not told"
    state.remove("modality")
    assert not state.value and heard[-1] == Filter()
    state.clear()
    assert len(heard) == 5


def test_values_are_toggled_within_a_column() -> None:
    state = FilterState()
    state.toggle("view", "PA")
    state.toggle("view", "LAT")
    assert state.value.terms == (Choice(column="view", values=("PA", "LAT")),)
    state.toggle("view", "PA")
    state.toggle("view", "LAT")
    assert not state.value


def test_a_filter_is_kept_as_text_and_comes_back_the_same() -> None:
    terms = (Choice(column="column:site", values=("a", "")), Range(column="bits", low=8), Search(text="x"))
    stored = Filter(terms=terms)
    assert Filter.model_validate_json(stored.model_dump_json()) == stored
