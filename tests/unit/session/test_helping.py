"""The answer to "is pretraining helping?": what is compared, and the sentence, which may be no."""

from __future__ import annotations

import pytest

from sslstudio.classifiers.benefit import Benefit, Standing
from sslstudio.classifiers.intervals import Interval
from sslstudio.domain.runs import Job
from sslstudio.domain.specs import MapSpec, PretrainSpec
from sslstudio.errors import SSLStudioError
from sslstudio.session import helping
from sslstudio.session.project import Project


def add(project: Project, run_id: str, spec: PretrainSpec | MapSpec) -> None:
    stage = "pretrain" if isinstance(spec, PretrainSpec) else "map_embeddings"
    job = Job(run_id=run_id, stage=stage, name="x", spec=spec, created="2026", package_version="0")
    project.catalogue.add_run(job)


@pytest.mark.parametrize(
    ("init", "here", "titles", "sentences"),
    [
        ("random", False, ["simclr-1", "its start, random weights"], 1),
        ("random", True, ["simclr-1", "its start, random weights", "ImageNet"], 0),
        ("imagenet", False, ["simclr-1", "its start, ImageNet", "random weights"], 0),
        ("run:simclr-0", True, ["simclr-1", "its start, simclr-0", "ImageNet", "random weights"], 0),
        ("weights.pth", False, ["simclr-1", "random weights"], 2),
        ("weights.pth", True, ["simclr-1", "random weights", "ImageNet"], 1),
    ],
)
def test_a_run_is_compared_with_its_start_first(
    project: Project, monkeypatch: pytest.MonkeyPatch, init: str, here: bool, titles: list[str], sentences: int
) -> None:
    monkeypatch.setattr("sslstudio.backbones.at_hand.imagenet", lambda name: here)
    add(project, "simclr-1", PretrainSpec(init=init, backbone="resnet34", image_size=96, seed=4))
    found, left_out = helping.candidates(project, "simclr-1")
    assert [one.title for one in found] == titles
    assert len(left_out) == sentences
    assert {(one.spec.backbone, one.spec.image_size, one.spec.seed) for one in found} == {("resnet34", 96, 4)}
    assert helping.embedding_of(project, found[0]) is None


def test_other_runs_are_refused(project: Project) -> None:
    add(project, "map-1", MapSpec(embedding="embed-1"))
    with pytest.raises(SSLStudioError) as caught:
        helping.candidates(project, "map-1")
    assert caught.value.code == "not_a_pretraining"


@pytest.mark.parametrize(
    ("low", "high", "begins", "says"),
    [
        (
            0.02,
            0.12,
            "Yes. ",
            "on its start, random weights, in 63 %: 7.0 points more, 95 % interval 2.0 more to 12.0 more.",
        ),
        (
            -0.12,
            -0.02,
            "No. ",
            "random weights, in 77 %: 7.0 points less, 95 % interval 12.0 less to 2.0 less. The start",
        ),
        (
            -0.01,
            0.01,
            "No. ",
            "0.0 points more, 95 % interval 1.0 less to 1.0 more; a difference of more than 2 points",
        ),
        (
            -0.05,
            0.11,
            "It cannot be told yet. ",
            "3.0 points more, 95 % interval 5.0 less to 11.0 more, so that either",
        ),
    ],
)
def test_the_answer_follows_the_interval_and_not_the_wish(low: float, high: float, begins: str, says: str) -> None:
    above = (low + high) / 2
    run = Standing("simclr-1", 0.7, Interval(0.6, 0.8))
    start = Standing("its start, random weights", 0.7 - above, Interval(0.5, 0.8), above, Interval(low, high))
    told = helping.answer(Benefit((run, start), 120, 40, 5))
    assert told.startswith(begins)
    assert "40 patients" in told
    assert says in told
    assert "on what simclr-1 has learned is right in 70 % of cases" in told


def test_without_an_interval_nothing_is_claimed() -> None:
    run = Standing("simclr-1", 0.9, None)
    start = Standing("its start, random weights", 0.5, None, 0.4, None)
    told = helping.answer(Benefit((run, start), 12, 4, 2))
    assert told.startswith("It cannot be told yet. ") and "no interval, for too few patients" in told


def test_a_better_stranger_is_not_kept_quiet() -> None:
    run = Standing("simclr-1", 0.7, None)
    start = Standing("its start, random weights", 0.6, None, 0.1, Interval(0.05, 0.15))
    other = Standing("ImageNet", 0.8, None, -0.1, Interval(-0.15, -0.05))
    assert "But ImageNet does better still" in helping.answer(Benefit((run, start, other), 120, 40, 5))
