"""The embedding job: rows in the order of the items, the same backbone for the same seed, sources checked."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from sslstudio.augment.preprocess import prepare
from sslstudio.backbones import backbone_file
from sslstudio.domain.specs import EmbedSpec
from sslstudio.errors import SSLStudioError
from sslstudio.importers.pixel_cache import PixelCache
from sslstudio.importers.rendering import preset
from sslstudio.stages import load
from sslstudio.stages.context import Cancelled
from sslstudio.training.pixel_store import display_pixels
from tests.fakes.pretext_task import write_images
from tests.fakes.stage_context import FakeStageContext, fake_context


@pytest.fixture(autouse=True)
def _one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sslstudio.training.devices.use_every_core", lambda: torch.set_num_threads(1))


def embed(
    root: Path, source: str, run_id: str = "embed-1", channels: int = 1, **changes: object
) -> tuple[FakeStageContext, dict[str, object]]:
    spec = EmbedSpec(source=source, image_size=32, batch_size=5).model_copy(update=changes)
    run = fake_context(root, "embed", spec, run_id=run_id, items=write_images(root, 12, channels))
    return run, load("embed")(spec, run)


def features(run: FakeStageContext) -> np.ndarray:
    return np.load(run.run_dir / "artifacts" / "embeddings.npy")


def test_random_weights_embed_every_item_in_order(tmp_path: Path) -> None:
    run, result = embed(tmp_path, "random")
    assert result == {"count": 12, "dimensions": 512}
    matrix = features(run)
    assert matrix.dtype == np.float16
    assert np.load(run.run_dir / "artifacts" / "image_ids.npy").tolist() == list(range(100, 112))
    backbone, description = backbone_file.load(run.run_dir / "artifacts")
    item = run.item_list[7]
    pixels = display_pixels(PixelCache(run.pixels_dir), item)
    with torch.inference_mode():
        own = backbone(prepare(pixels, 32, 1, description.mean, description.std))
    assert np.allclose(matrix[7].astype(np.float32), own.numpy()[0], rtol=2e-3, atol=2e-3)
    assert set(run.artifacts) == {"embeddings.npy", "image_ids.npy", "backbone.safetensors", "backbone.json"}


def test_random_is_the_same_for_a_seed_and_another_for_another(tmp_path: Path) -> None:
    first, again, other = (
        features(embed(tmp_path / name, "random", seed=seed)[0]) for name, seed in (("a", 0), ("b", 0), ("c", 1))
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_a_runs_backbone_is_used_with_its_own_size_and_channels(tmp_path: Path) -> None:
    first, _ = embed(tmp_path, "random", "simclr-1")
    second, _ = embed(tmp_path, "simclr-1", "embed-2", image_size=64, backbone="resnet50")
    assert np.array_equal(features(first), features(second))
    description = json.loads((second.run_dir / "artifacts" / "backbone.json").read_text())
    assert (description["name"], description["image_size"]) == ("resnet18", 32)


def test_colour_images_go_through_a_grey_runs_backbone(tmp_path: Path) -> None:
    embed(tmp_path, "random", "simclr-1")
    run, result = embed(tmp_path, "simclr-1", "embed-2", channels=3)
    assert result["count"] == 12
    assert np.isfinite(features(run)).all()


@pytest.mark.parametrize("source", ["simclr-9", "../simclr-1", "..", ""])
def test_unknown_sources_are_refused(tmp_path: Path, source: str) -> None:
    with pytest.raises(SSLStudioError) as caught:
        embed(tmp_path, source)
    assert caught.value.code == "no_backbone"


def test_cancel_is_obeyed_and_no_images_are_said(tmp_path: Path) -> None:
    spec = EmbedSpec(source="random", image_size=32, batch_size=2)
    run = fake_context(tmp_path, "embed", spec, items=write_images(tmp_path, 12))
    run.cancel_after = 2
    with pytest.raises(Cancelled):
        load("embed")(spec, run)
    assert not (run.run_dir / "artifacts" / "embeddings.npy").exists()
    with pytest.raises(SSLStudioError) as caught:
        load("embed")(spec, fake_context(tmp_path, "embed", spec, run_id="none"))
    assert caught.value.code == "no_images"


def test_a_backbone_remembers_what_it_saw_and_the_run_says_that_it_is_used_that_way(tmp_path: Path) -> None:
    seen = preset("ct_lung_soft_bone")
    spec = EmbedSpec(source="random", image_size=32, batch_size=5)
    items = [
        item.model_copy(update={"windows": ((0.0, 255.0), (0.0, 100.0), (100.0, 255.0))})
        for item in write_images(tmp_path, 3)
    ]
    run = fake_context(tmp_path, "embed", spec, items=items)
    run.job = run.job.model_copy(update={"rendering": seen, "rendering_of": "simclr-1"})
    load("embed")(spec, run)
    description = backbone_file.describe(run.run_dir / "artifacts")
    assert description.rendering == seen and description.in_channels == 3
    ((code, message, hint),) = run.warnings
    assert code == "rendering_of_run" and "simclr-1" in message and seen.title in message and hint
