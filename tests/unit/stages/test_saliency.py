"""Where a classifier looked in a stored image: over the image, not beside it, and the check by random weights."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from sslstudio.backbones import backbone_file
from sslstudio.backbones.backbone_file import BackboneDescription
from sslstudio.backbones.build import build
from sslstudio.domain.items import PixelLocation
from sslstudio.errors import SSLStudioError
from sslstudio.importers.pixel_cache import PixelCacheWriter
from sslstudio.stages import saliency


def stored(root: Path, depth: int = 0) -> tuple[str, str, str, PixelLocation]:
    """A model on a random ResNet-18, and one stored image twice as high as wide."""
    described = BackboneDescription(
        name="resnet18", in_channels=1, feature_dim=512, image_size=64, mean=(0.5,), std=(0.5,), source="random",
        depth=depth,
    )  # fmt: skip
    backbone_file.save(build("resnet18", 1, 64, seed=0), described, root / "run")
    random = np.random.default_rng(0)
    zeros, ones = np.zeros(512, np.float32), np.ones(512, np.float32)
    coef = random.normal(size=(2, 512)).astype(np.float32)
    np.savez(root / "head.npz", coef=coef, intercept=zeros[:2], mean=zeros, scale=ones, train_ids=np.array([1]))
    (root / "model.json").write_text(json.dumps({"classes": ["a", "b"]}))
    with PixelCacheWriter(root / "shard.bin") as writer:
        place = writer.append(random.integers(0, 255, (40, 20, 1)).astype(np.uint8))
    return str(root), str(root / "run"), str(root), place


def test_the_map_covers_the_image_alone_and_says_how_much_random_weights_resemble_it(tmp_path: Path) -> None:
    torch.set_num_threads(1)
    model, run, pixels, place = stored(tmp_path)
    found = [saliency.look(model, run, pixels, place, ((0.0, 255.0),), number) for number in (0, 1)]
    assert {one.heat.shape for one in found} == {(256, 128)}  # the part of the square that the image fills
    assert all(one.fields == 8 and one.method == "Grad-CAM" for one in found)
    assert any(not one.empty and one.heat.max() > 0.1 for one in found)
    assert all(0 <= one.likeness <= 1 for one in found)
    assert saliency.Saliency(found[0].heat, 8, "Grad-CAM", 0.8, False).doubtful
    assert not saliency.Saliency(found[0].heat, 8, "Grad-CAM", 0.2, False).doubtful


def test_volumes_and_damaged_models_are_refused_in_words(tmp_path: Path) -> None:
    model, run, pixels, place = stored(tmp_path)
    (tmp_path / "head.npz").write_bytes(b"no")
    with pytest.raises(SSLStudioError, match="cannot be read"):
        saliency.look(model, run, pixels, place, ((0.0, 255.0),), 0)
