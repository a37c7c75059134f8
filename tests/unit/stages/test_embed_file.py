"""A file from outside is seen exactly as the images of the embedding were."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sslstudio.domain.specs import EmbedSpec
from sslstudio.errors import SSLStudioError
from sslstudio.importers.pixel_cache import PixelCache
from sslstudio.stages import load
from sslstudio.stages.embed_file import embed_file
from tests.fakes.pretext_task import write_images
from tests.fakes.stage_context import fake_context


def test_a_copy_of_an_image_gets_its_embedding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sslstudio.training.devices.use_every_core", lambda: None)
    items = write_images(tmp_path, 3, 1)
    run = fake_context(tmp_path, "embed", EmbedSpec(source="random", image_size=32), run_id="embed-1", items=items)
    load("embed")(EmbedSpec(source="random", image_size=32), run)
    pixels = PixelCache(run.pixels_dir).read(items[1].pixels)
    Image.fromarray(pixels[:, :, 0]).save(tmp_path / "copy.png")
    folder = str(run.run_dir / "artifacts")
    found = embed_file(str(tmp_path / "copy.png"), folder)
    stored = np.load(run.run_dir / "artifacts" / "embeddings.npy").astype(np.float32)
    near = stored @ found.vector / np.linalg.norm(stored, axis=1) / np.linalg.norm(found.vector)
    assert near.argmax() == 1 and near[1] > 0.999
    assert (found.frame, found.frames) == (0, 1) and found.jpeg[:2] == b"\xff\xd8"
    (tmp_path / "words.png").write_text("no picture")
    with pytest.raises(SSLStudioError) as caught:
        embed_file(str(tmp_path / "words.png"), folder)
    assert caught.value.message and str(tmp_path) not in str(caught.value)
    with pytest.raises(SSLStudioError) as missing:
        embed_file(str(tmp_path / "copy.png"), str(tmp_path))
    assert missing.value.code == "no_backbone"
