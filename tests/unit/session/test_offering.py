"""Which pretext tasks mean anything on which images, said in sentences; and which settings suit one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from sslstudio.domain.ledger import LedgerRow
from sslstudio.domain.specs import Pairing, PretrainSpec
from sslstudio.errors import SSLStudioError
from sslstudio.extensions import host
from sslstudio.extensions.manifest import PretextTaskEntry, Recommended, Requires
from sslstudio.session import Project, workflow
from sslstudio.session.offering import DataFacts, backbone_reason, caution, data_facts, reason, suited
from tests.fakes.catalogue_rows import found, row

FACTS = DataFacts(images=1000, subjects=100, several=0.5, colour=1.0, longest_run=20, preset="histology")
VIT = Requires(families=("vit",))


def entry(**fields: object) -> PretextTaskEntry:
    return PretextTaskEntry.model_validate({"id": "sample", "title": "Sample", "code": "sample:Sample", **fields})


def image(subject: str, number: int, series: str, **facts: object) -> LedgerRow:
    made = found(subject, number, study=series, series=series)
    return row(f"/data/{subject}{number}", made.model_copy(update=facts))


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    """Patient a: a series of five slices twice over; b: a film of three frames; c: one colour picture."""
    rows = []
    for number in range(10):
        facts = {"phase": number // 5, "slice_position": 3.0 * (number % 5), "instance_number": number}
        rows.append(image("a", len(rows), "slices", modality="CT", **facts))
    for number in range(3):
        rows.append(image("b", len(rows), "film", modality="US", instance_number=number))
    colour = found("c", 99, series="alone")
    pixels = colour.pixels.model_copy(update={"channels": 3})
    rows.append(row("/data/c", colour.model_copy(update={"modality": "XC", "pixels": pixels})))
    with Project.create(tmp_path / "p") as made:
        made.catalogue.adopt_import("import-1", rows)
        yield made


def test_the_facts_of_a_project(project: Project) -> None:
    facts = data_facts(project)
    assert facts == DataFacts(14, 3, pytest.approx(2 / 3), pytest.approx(1 / 14), 5, "ct")
    assert data_facts(project, "natural").preset == "natural"


def test_excluded_images_count_for_nothing_and_break_a_run(project: Project) -> None:
    ids = {item.image_id: item for item in project.catalogue.items()}
    third = next(one for one in ids if project.catalogue.image(one).instance_number == 2 and ids[one].modality == "CT")
    rest = [one for one in ids if ids[one].modality == "US" or ids[one].channels == 3]
    project.catalogue.set_excluded([third, *rest[1:]], "test")
    facts = data_facts(project)
    assert (facts.images, facts.subjects, facts.several, facts.colour, facts.longest_run) == (10, 2, 0.5, 0.0, 5)
    project.catalogue.set_excluded([one for one in ids if project.catalogue.image(one).instance_number == 7], "test")
    assert data_facts(project).longest_run == 2


def test_a_project_without_images_has_facts(tmp_path: Path) -> None:
    with Project.create(tmp_path / "p") as empty:
        assert data_facts(empty) == DataFacts(0, 0, 0.0, 0.0, 0, "plain")
        assert "two images" in reason(Requires(), data_facts(empty))


def test_a_task_that_fits_has_no_reason_against_it() -> None:
    needy = Requires(colour=True, bags=True, neighbours=True, not_for=("xray",))
    assert reason(needy, FACTS) == reason(Requires(), FACTS) == ""


@pytest.mark.parametrize(
    ("requires", "facts", "word"),
    [
        (Requires(colour=True), {"colour": 0.0}, "grey"),
        (Requires(bags=True), {"several": 0.0}, "No patient has two images"),
        (Requires(bags=True), {"subjects": 1}, "one patient"),
        (Requires(neighbours=True), {"longest_run": 2}, "successive"),
        (Requires(not_for=("histology",)), {}, "Histology"),
        (Requires(not_for=("histology",), because="Cells have no way up."), {}, "Cells have no way up."),
    ],
)
def test_what_is_missing_is_said_in_a_sentence(requires: Requires, facts: dict[str, object], word: str) -> None:
    said = reason(requires, replace(FACTS, **facts))
    assert word in said and said.endswith(".")


def test_backbones_of_the_wrong_kind_are_refused_with_those_that_fit() -> None:
    assert backbone_reason(VIT, "vit_tiny") == backbone_reason(Requires(), "resnet18") == ""
    assert "ResNet-18; choose ViT-Tiny" in backbone_reason(VIT, "resnet18")
    assert "transformer" in backbone_reason(Requires(families=("cnn",)), "vit_tiny")


def test_what_speaks_against_a_task_without_ruling_it_out() -> None:
    assert "12 %" in caution(entry(requires=Requires(bags=True)), replace(FACTS, several=0.12))
    assert "30 %" in caution(entry(requires=Requires(colour=True)), replace(FACTS, colour=0.7))
    assert "5000" in caution(entry(least_images=5000), FACTS)
    assert caution(entry(least_images=500), FACTS) == ""


def test_recommended_settings_stand_where_nothing_was_chosen() -> None:
    task = entry(recommended=Recommended(learning_rate=2e-3, weight_decay=0.0, backbone="resnet50"))
    fields = {"task": "sample", "learning_rate": 2e-3, "weight_decay": 0.0, "backbone": "resnet50"}
    assert suited(task, {}) == fields
    assert suited(task, {"backbone": "resnet18", "epochs": 3}) == {**fields, "backbone": "resnet18", "epochs": 3}
    assert suited(entry(), {}) == {"task": "sample"}
    assert suited(entry(requires=VIT), {})["backbone"] == "vit_tiny"


def test_a_run_that_would_mean_nothing_is_not_prepared(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    info = host.find_plugin("simclr")
    assert info.manifest is not None

    def refusal(requires: Requires, spec: PretrainSpec) -> str:
        task = info.manifest.pretext_tasks[0].model_copy(update={"requires": requires})
        manifest = info.manifest.model_copy(update={"pretext_tasks": (task,)})
        changed = replace(info, manifest=manifest)
        monkeypatch.setattr("sslstudio.session.preparing.find_plugin", lambda _task: changed)
        with pytest.raises(SSLStudioError) as problem:
            workflow.prepare_pretrain(project, spec)
        assert problem.value.code == "task_does_not_fit" and problem.value.hint
        return problem.value.message

    spec = PretrainSpec(task="simclr")
    assert "choose ViT-Tiny" in refusal(VIT, spec.model_copy(update={"backbone": "resnet18"}))
    assert "CT" in refusal(Requires(not_for=("ct",)), spec)
    assert "pairing rules" in refusal(Requires(bags=True), spec.model_copy(update={"pairing": Pairing(slice_gap=99)}))
    assert not list((project.path / "runs").glob("simclr*"))
