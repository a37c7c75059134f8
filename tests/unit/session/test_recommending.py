"""The recommendation: what the data decide, that every setting has a reason, and that it can be started as it is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from sslstudio.backbones import at_hand
from sslstudio.backbones.table import ARCHITECTURES
from sslstudio.extensions.host import find_plugin
from sslstudio.session import recommending
from sslstudio.session.offering import DataFacts
from sslstudio.session.planning import speed_key
from sslstudio.session.recommending import Recommendation
from sslstudio.session.recommending_volumes import recommend_for_volumes

METHODS = [find_plugin(name).task(name) for name in ("simclr", "micle")]
SINGLE = DataFacts(images=5000, subjects=4800, several=0.02, colour=0.0, longest_run=1, preset="xray")
SLICES = DataFacts(images=5000, subjects=250, several=0.98, colour=0.0, longest_run=30, preset="mr")


def advise(facts: DataFacts, **changes: object) -> Recommendation:
    values: dict[str, object] = {"gpu": False, "at_hand": {}, "speeds": {}, **changes}
    found = recommending.recommend(facts, METHODS, **values)
    assert found is not None
    return found


def test_patients_with_several_images_decide_the_method() -> None:
    assert advise(SLICES).spec.task == "micle"
    assert advise(SINGLE).spec.task == "simclr"


def test_for_volumes_every_setting_has_its_own_reason() -> None:
    facts = replace(SLICES, volumes=160)
    found = recommend_for_volumes(facts, METHODS, gpu=False, speeds={})
    assert found is not None and found.spec.task == "simclr" and found.spec.backbone == "resnet10_3d"
    assert found.spec.init == "random" and found.spec.batch_size <= 16 and found.spec.image_size <= 96
    names = [choice.name for choice in found.choices]
    assert names == ["task", "backbone", "init", "image_size", "depth", "epochs", "batch_size"]
    assert all(choice.reason.endswith(".") and choice.evidence for choice in found.choices)
    assert all(getattr(found.spec, choice.name) == choice.value for choice in found.choices)
    assert "160 volumes are few" in found.choices[0].reason
    assert [one.effort for one in found.amounts] == list(recommending.EFFORTS)
    speeds = {speed_key("resnet10_3d", found.spec.image_size, "cpu", found.spec.depth): 2.0}
    again = recommend_for_volumes(facts, METHODS, gpu=False, speeds=speeds)
    assert again is not None and again.amounts[1].measured and again.amounts[1].seconds == 160 * found.spec.epochs / 2
    assert recommend_for_volumes(replace(SLICES, volumes=1), METHODS, gpu=False, speeds={}) is None


def test_large_sets_and_a_graphics_card_get_a_larger_network() -> None:
    large = DataFacts(images=40_000, subjects=40_000, several=0.0, colour=1.0, longest_run=1, preset="natural")
    assert advise(large, gpu=True).spec.backbone == "resnet50"
    assert advise(large).spec.backbone == "resnet18"
    assert advise(SINGLE, gpu=True).spec.backbone == "resnet18"


def test_weights_at_hand_are_the_start_and_few_images_ask_for_them() -> None:
    assert advise(SINGLE, at_hand={"resnet18": True}).spec.init == "imagenet"
    few = DataFacts(images=300, subjects=300, several=0.0, colour=0.0, longest_run=1, preset="xray")
    assert advise(few, at_hand={"efficientnet_lite0": True}).spec.backbone == "efficientnet_lite0"
    without = advise(few)
    assert without.spec.init == "random"
    assert "would help most" in next(choice.reason for choice in without.choices if choice.name == "init")


@pytest.mark.parametrize("facts", [SINGLE, SLICES])
def test_every_setting_has_a_sentence_and_what_it_rests_on(facts: DataFacts) -> None:
    found = advise(facts)
    assert [choice.name for choice in found.choices] == [
        "task",
        "backbone",
        "init",
        "image_size",
        "epochs",
        "batch_size",
    ]
    for choice in found.choices:
        assert choice.reason.endswith(".")
        assert choice.evidence
        assert getattr(found.spec, choice.name) == choice.value


def test_efforts_take_ever_longer_and_measured_speed_counts() -> None:
    guessed = advise(SINGLE)
    seconds = [amount.seconds for amount in guessed.amounts]
    assert seconds == sorted(seconds)
    assert not any(amount.measured for amount in guessed.amounts)
    measured = advise(SINGLE, speeds={speed_key("resnet18", 64, "cpu"): 10.0})
    assert measured.amounts[0].measured
    assert measured.amounts[0].seconds == pytest.approx(5000 * measured.amounts[0].spec.epochs / 10)


def test_nothing_is_recommended_without_images_or_methods() -> None:
    none = DataFacts(images=0, subjects=0, several=0.0, colour=0.0, longest_run=0, preset="plain")
    assert recommending.recommend(none, METHODS, gpu=False, at_hand={}, speeds={}) is None
    assert recommending.recommend(SINGLE, [], gpu=False, at_hand={}, speeds={}) is None


def test_weights_are_found_where_the_libraries_keep_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    assert not at_hand.imagenet("resnet18")
    assert not at_hand.imagenet("vit_tiny")
    (tmp_path / "torch" / "hub" / "checkpoints").mkdir(parents=True)
    (tmp_path / "torch" / "hub" / "checkpoints" / "resnet18-f37072fd.pth").touch()
    snapshot = tmp_path / "hub" / f"models--{ARCHITECTURES['vit_tiny'].hub.replace('/', '--')}" / "snapshots" / "a"
    snapshot.mkdir(parents=True)
    (snapshot / "model.safetensors").touch()
    assert at_hand.imagenet("resnet18")
    assert at_hand.imagenet("vit_tiny")
    assert not at_hand.imagenet("resnet34")
