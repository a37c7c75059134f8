"""The fine-tuning job: what it leaves, that it resumes exactly, that test patients are not learned from, each mode."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
import safetensors.torch
import timm
import torch
from torch import nn

from sslstudio.backbones import backbone_file
from sslstudio.backbones.backbone_file import BackboneDescription
from sslstudio.classifiers import linear
from sslstudio.domain.items import Item
from sslstudio.domain.specs import FinetuneMode, FinetuneSpec
from sslstudio.errors import SSLStudioError
from sslstudio.importers.pixel_cache import PixelCacheWriter
from sslstudio.stages import finetune, load
from sslstudio.stages.context import Cancelled
from sslstudio.training import finetuning
from sslstudio.training.finetuning import FineTuning, HeadStart, pace_of
from tests.fakes.stage_context import FakeStageContext, fake_context

SPEC = FinetuneSpec(
    embedding="embed-1", source="random", classes=("left", "right"), epochs=2, batch_size=6, precision="float32",
    slower=1.0,
)  # fmt: skip
SIDE = 32


class Tiny(nn.Module):
    """Images to eight numbers: a convolution with batch normalisation, then "layer4" of the same kind."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 8, 5, stride=4)
        self.bn1 = nn.BatchNorm2d(8)
        self.layer4 = nn.Sequential(nn.Conv2d(8, 8, 3), nn.BatchNorm2d(8))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.layer4(self.bn1(self.conv1(images)).relu()).mean(dim=(2, 3))


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    """One thread, and a tiny network in the place of the ResNet."""
    monkeypatch.setattr("sslstudio.training.devices.use_every_core", lambda: torch.set_num_threads(1))

    def build(*_: Any) -> nn.Module:
        torch.manual_seed(0)
        return Tiny()

    monkeypatch.setattr(backbone_file, "build", build)


def write_images(root: Path) -> list[Item]:
    """Ten patients of three images: bright on the left or on the right; the last two are the test part."""
    random = np.random.default_rng(0)
    items = []
    with PixelCacheWriter(root / "pixels" / "shard.bin") as writer:
        for number in range(30):
            patient, right = number // 3, number // 3 % 2
            pixels = random.integers(0, 60, (SIDE, SIDE, 1)).astype(np.uint8)
            pixels[:, SIDE // 2 * right : SIDE // 2 * (right + 1)] += 150
            facts = {"image_id": 10 + number, "subject": f"s{patient}", "modality": "CR", "low": 0.0, "high": 255.0}
            texts = dict.fromkeys(("study", "series", "scanner"), "x")
            part = "test" if patient > 7 else "train"
            label = SPEC.classes[right] if part == "train" else ""
            place = writer.append(pixels).model_dump()
            items.append(Item.model_validate({**texts, **facts, **place, "part": part, "label": label}))
    return items


def context(root: Path, spec: FinetuneSpec = SPEC) -> FakeStageContext:
    made = fake_context(root, "finetune", spec, run_id="finetune-1", items=write_images(root))
    described = BackboneDescription(
        name="resnet18", in_channels=1, feature_dim=8, image_size=SIDE, mean=(0.5,), std=(0.5,), source="random"
    )
    torch.manual_seed(1)
    backbone_file.save(Tiny(), described, root / "runs" / "embed-1" / "artifacts")
    return made


def left(run: FakeStageContext) -> dict[str, torch.Tensor]:
    return safetensors.torch.load_file(run.run_dir / "artifacts" / "backbone.safetensors")


def test_what_it_leaves_is_what_a_linear_head_needs(tmp_path: Path) -> None:
    run = context(tmp_path)
    result = load("finetune")(SPEC, run)
    folder = run.run_dir / "artifacts"
    ids, features = np.load(folder / "image_ids.npy"), np.load(folder / "embeddings.npy")
    assert ids.tolist() == [item.image_id for item in run.item_list] and features.shape == (30, 8)
    with np.load(folder / "head.npz", allow_pickle=False) as arrays:
        assert sorted(arrays["train_ids"].tolist()) == list(range(10, 34))  # no test patient
        parts = {name: arrays[name] for name in ("coef", "intercept", "mean", "scale")}
    head = linear.LinearHead(**parts, C=0.0, temperature=result["temperature"])
    right = linear.predict_proba(head, features.astype(np.float32)).argmax(axis=1) == np.arange(30) // 3 % 2
    assert result["n_images"] == 24 and result["n_subjects"] == 8 and result["per_class"] == {"left": 12, "right": 12}
    held = result["validation"]
    assert 0 < held["n_images"] < 24 and held["n_subjects"] == held["n_images"] // 3
    assert right.mean() > 0.9
    assert backbone_file.describe(folder).source == "finetune-1"
    assert [epoch for epoch, _ in run.monitors] == [-1, 0, 1]
    assert result["best_epoch"] in (0, 1, 2) and {"best_epoch", "start", "epochs"} <= set(result)


def test_it_resumes_exactly_and_its_end_is_that_of_a_run_that_was_never_stopped(tmp_path: Path) -> None:
    whole, stopped = context(tmp_path / "a"), context(tmp_path / "b")
    first = load("finetune")(SPEC, whole)
    reports = len([one for one in whole.progress_reports if one[3] != "Training"])
    stopped.cancel_after = reports - 1  # within the training, behind the look that comes before it
    with pytest.raises(Cancelled):
        load("finetune")(SPEC, stopped)
    assert list((stopped.run_dir / "checkpoints").glob("checkpoint-*"))
    stopped.cancel_after, stopped.cancel_requested = None, False
    second = load("finetune")(SPEC, stopped)
    assert all(torch.equal(left(stopped)[name], tensor) for name, tensor in left(whole).items())
    assert {**first, "seconds": 0} == {**second, "seconds": 0}


def test_it_ends_early_when_nothing_is_gained(tmp_path: Path) -> None:
    spec = SPEC.model_copy(update={"epochs": 9, "patience": 2, "learning_rate": 1e-12})
    result = load("finetune")(spec, context(tmp_path))
    assert result["epochs"] < 9


def test_labels_of_one_patient_are_too_few(tmp_path: Path) -> None:
    run = context(tmp_path)
    run.item_list = [
        item.model_copy(update={"label": ""}) if item.label == "left" and item.subject != "s0" else item
        for item in run.item_list
    ]
    with pytest.raises(SSLStudioError) as caught:
        load("finetune")(SPEC, run)
    assert caught.value.code == "few_labels"


def test_held_out_patients_are_not_learned_from(tmp_path: Path) -> None:
    found = finetune.choose(SPEC, write_images(tmp_path))
    sides: dict[bool, set[str]] = {True: set(), False: set()}
    for item, out in zip(found.items, found.held_out, strict=True):
        sides[out].add(item.subject)
    assert sides[True] and sides[False] and not sides[True] & sides[False]


def _task(mode: FinetuneMode, backbone: nn.Module, dimensions: int, family: Any = "cnn") -> FineTuning:
    context = finetuning.TaskContext(
        backbone=backbone, feature_dim=dimensions, in_channels=1, image_size=SIDE, batch_size=4, parameters={},
        total_steps=1, family=family, mean=(0.5,), std=(0.5,),
    )  # fmt: skip
    head = HeadStart(torch.zeros(2, dimensions), torch.zeros(2), torch.zeros(dimensions), torch.ones(dimensions))
    return FineTuning(context, head, mode, {}, rank=2)


def _learning(task: FineTuning) -> set[str]:
    return {name.removeprefix("classifier.") for name, one in task.named_parameters() if one.requires_grad}


def test_each_mode_lets_its_parts_learn_at_their_pace() -> None:
    assert set(get_args(FinetuneMode)) == {"lpft", "last", "frozen", "full", "lora"}
    head = {"coef", "intercept"}
    assert _learning(_task("frozen", Tiny(), 8)) == head
    last = _learning(_task("last", Tiny(), 8))
    assert head < last and all(name in head or name.startswith("backbone.layer4.") for name in last)
    assert "backbone.conv1.weight" in _learning(_task("lpft", Tiny(), 8)) & _learning(_task("full", Tiny(), 8))
    assert pace_of("lpft", 10)("classifier.coef") == pace_of("lpft", 10)("classifier.backbone.conv1.weight") == 0.1
    assert pace_of("full", 10)("classifier.coef") == 1 and pace_of("full", 10)("classifier.backbone.x") == 0.1
    task = _task("lpft", Tiny(), 8).train()
    backbone = task.encoder().backbone
    assert isinstance(backbone, Tiny) and backbone.training and not backbone.bn1.training
    assert _task("full", Tiny(), 8).train().encoder().backbone.bn1.training


def test_small_matrices_learn_beside_a_transformer_and_are_merged_without_a_trace() -> None:
    plain = timm.create_model("test_vit", in_chans=1, num_classes=0, img_size=SIDE, patch_size=8).eval()
    images = torch.randn(2, 1, SIDE, SIDE)
    before = plain(images)
    names = set(plain.state_dict())
    task = _task("lora", plain, plain.num_features, "vit")
    learning = _learning(task) - {"coef", "intercept"}
    assert learning and all(name.endswith((".up", ".down")) for name in learning)
    assert torch.allclose(plain(images), before, atol=1e-5)
    with torch.no_grad():
        for name, one in task.named_parameters():
            if name.endswith(".up"):
                one.normal_(std=0.1)
    changed = plain(images)
    assert not torch.allclose(changed, before, atol=1e-3)
    merged = finetune.lora.merged(plain.state_dict())
    fresh = timm.create_model("test_vit", in_chans=1, num_classes=0, img_size=SIDE, patch_size=8).eval()
    assert set(merged) == names
    fresh.load_state_dict(merged)
    assert torch.allclose(fresh(images), changed, atol=1e-4)
    with pytest.raises(SSLStudioError, match="vision transformers"):
        _task("lora", Tiny(), 8)
