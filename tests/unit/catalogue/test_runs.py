"""Runs, models and project settings: readable names that are never used twice, states, JSON values."""

from __future__ import annotations

from pathlib import Path

import pytest

from sslstudio.catalogue import Catalogue, ModelRow
from sslstudio.domain.runs import Job, RunState
from sslstudio.domain.specs import EmbedSpec
from sslstudio.errors import SSLStudioError


def job(run_id: str) -> Job:
    spec = EmbedSpec(source="random")
    return Job(run_id=run_id, stage="embed", name="Embed", spec=spec, created="2026-01-01", package_version="0")


def test_names_count_up_and_are_never_used_twice(catalogue: Catalogue, path: Path) -> None:
    assert [catalogue.new_run_id("simclr") for _ in range(3)] == ["simclr-1", "simclr-2", "simclr-3"]
    assert catalogue.new_run_id("linear") == "linear-1"
    catalogue.close()
    again = Catalogue(path)
    assert again.new_run_id("simclr") == "simclr-4"
    again.close()


@pytest.mark.parametrize("prefix", ["", "Sim CLR", "../x", "1a", "a-b"])
def test_a_name_that_is_no_plain_word_is_refused(catalogue: Catalogue, prefix: str) -> None:
    with pytest.raises(SSLStudioError) as caught:
        catalogue.new_run_id(prefix)
    assert caught.value.code == "bad_run_name"


def test_a_run_goes_through_its_states(catalogue: Catalogue) -> None:
    catalogue.add_run(job("embed-1"))
    row = catalogue.run("embed-1")
    assert (row.state, row.finished, row.result, row.adopted) == (RunState.PREPARED, "", {}, False)
    assert EmbedSpec.model_validate_json(row.spec_json) == EmbedSpec(source="random")
    catalogue.set_run_state("embed-1", RunState.RUNNING)
    assert catalogue.run("embed-1").finished == ""
    catalogue.set_run_state("embed-1", RunState.SUCCEEDED, {"count": 3})
    ended = catalogue.run("embed-1")
    assert ended.finished and ended.result == {"count": 3}
    catalogue.set_run_state("embed-1", RunState.SUCCEEDED)
    assert catalogue.run("embed-1") == ended
    catalogue.set_run_state("embed-1", RunState.RUNNING)
    assert catalogue.run("embed-1").finished == ""
    catalogue.set_adopted("embed-1")
    assert catalogue.run("embed-1").adopted


def test_runs_are_listed_in_the_order_they_were_made(catalogue: Catalogue) -> None:
    for run_id in ("embed-2", "embed-10", "embed-1"):
        catalogue.add_run(job(run_id))
    assert [row.run_id for row in catalogue.runs()] == ["embed-2", "embed-10", "embed-1"]
    with pytest.raises(SSLStudioError) as caught:
        catalogue.add_run(job("embed-1"))
    assert caught.value.code == "run_exists"
    with pytest.raises(SSLStudioError) as caught:
        catalogue.run("nothing")
    assert caught.value.code == "unknown_run"


def test_models_keep_their_scores(catalogue: Catalogue) -> None:
    row = ModelRow("linear-1", "embed-1", "2026", ("a", "b"))
    catalogue.add_model(row)
    assert catalogue.models() == [row] and catalogue.model("linear-1") == row
    catalogue.set_model_scores("linear-1", {"accuracy": {"value": 0.5}})
    assert catalogue.model("linear-1").scores == {"accuracy": {"value": 0.5}}
    for call in (lambda: catalogue.model("x"), lambda: catalogue.set_model_scores("x", {})):
        with pytest.raises(SSLStudioError) as caught:
            call()
        assert caught.value.code == "unknown_model"
    with pytest.raises(SSLStudioError) as caught:
        catalogue.add_model(row)
    assert caught.value.code == "model_exists"


def test_settings_are_json_values(catalogue: Catalogue) -> None:
    assert catalogue.setting("layout") is None and catalogue.setting("layout", [1]) == [1]
    catalogue.set_setting("layout", {"a": [1, "ü", None]})
    assert catalogue.setting("layout") == {"a": [1, "ü", None]}
    catalogue.set_setting("layout", None)
    assert catalogue.setting("layout", "gone") == "gone"
