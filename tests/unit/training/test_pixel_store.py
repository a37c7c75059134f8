"""The pixel store: window, aspect, channels, and the same squares in memory and on disk."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from sslstudio.augment.batch import shares
from sslstudio.errors import SSLStudioError
from sslstudio.importers.pixel_cache import PixelCache
from sslstudio.importers.windowing import to_uint8, to_uint16
from sslstudio.training import pixel_store
from sslstudio.training.devices import choose_device
from tests.fakes.pretext_task import write_images
from tests.unit.training.conftest import CPU, Recorder, Stopped


def build(root: Path, channels: int = 1, margin: float = 0.0, report: Recorder | None = None) -> pixel_store.PixelStore:
    return pixel_store.build(
        write_images(root, count=6),
        PixelCache(root / "pixels"),
        image_size=16,
        channels=channels,
        margin=margin,
        device=CPU,
        scratch=root / "scratch.bin",
        report=report or Recorder(),
    )


def test_squares_are_larger_than_the_training_size(tmp_path: Path) -> None:
    store = build(tmp_path)
    assert pixel_store.stored_side(64) == 88
    assert store.squares.shape == (6, 1, 24, 24)
    assert store.resident
    assert int(store.squares.amax()) > 180


def test_grey_images_fill_all_channels_of_a_colour_set(tmp_path: Path) -> None:
    squares = build(tmp_path, channels=3).squares
    assert torch.equal(squares[:, 0], squares[:, 2])


def test_a_window_margin_leaves_room_at_both_ends_in_sixteen_bits(tmp_path: Path) -> None:
    plain, wide = build(tmp_path / "a").squares, build(tmp_path / "b", margin=0.25).squares
    assert wide.dtype == torch.int16
    inner = ((shares(wide) * 1.5 - 0.25).clamp(0, 1) - shares(plain)).abs() * 255
    assert float(inner.amax()) < 0.51  # nothing but the rounding of the eight bits it is compared with


@pytest.mark.parametrize("jitter", [0.1, 0.15, 0.2])
def test_sixteen_bits_keep_every_grey_level_of_a_moved_window_and_eight_would_not(jitter: float) -> None:
    """A ramp of HU through the narrowest window a jitter allows, stored wide in 16 and in 8 bits."""
    low, high, margin = 864.0, 1264.0, 1.5 * jitter
    stored = np.arange(700, 1400, dtype=np.uint16).reshape(1, -1, 1)
    total = 1 + 2 * margin
    wide = (low - margin * (high - low), high + margin * (high - low))
    left, right = (margin + jitter / 2) / total, (1 + margin - jitter / 2) / total
    true = (stored.astype(np.float64) - 1064.0) / (400 * (1 - jitter)) + 0.5
    errors = []
    for picture, steps in ((to_uint16(stored, *wide), 65535), (to_uint8(stored, *wide), 255)):
        shown = (picture / steps - left) / (right - left)
        errors.append(float(np.abs(np.clip(shown, 0, 1) - np.clip(true, 0, 1)).max() * 255))
    assert errors[0] < 0.01 < 0.6 < errors[1]


def test_three_windows_of_a_grey_image_are_three_channels(tmp_path: Path) -> None:
    items = [
        item.model_copy(update={"windows": ((0.0, 255.0), (0.0, 100.0), (100.0, 255.0))})
        for item in write_images(tmp_path, count=2)
    ]
    assert pixel_store.channels_of(items) == 3
    cache = PixelCache(tmp_path / "pixels")
    picture = pixel_store.display_pixels(cache, items[0])
    stored = torch.from_numpy(np.array(cache.read(items[0].pixels)))[:, :, 0].float()
    assert picture.shape == (1, 3, *stored.shape)
    assert torch.equal(picture[0, 0].float(), stored)
    assert torch.equal(picture[0, 1].float(), (stored.clamp(max=100) * 2.55).round())


def test_what_does_not_fit_memory_lies_in_a_file_that_goes_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reference = build(tmp_path / "a").squares
    monkeypatch.setattr(pixel_store, "free_bytes", lambda device: 100)
    store = build(tmp_path / "b")
    assert not store.resident
    assert torch.equal(store.gather(torch.tensor([4, 1])), reference[[4, 1]])
    assert (tmp_path / "b" / "scratch.bin").exists()
    store.close()
    assert not (tmp_path / "b" / "scratch.bin").exists()


def test_building_can_be_stopped(tmp_path: Path) -> None:
    with pytest.raises(Stopped):
        build(tmp_path, report=Recorder(stop_at=3))


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a graphics card here")
def test_a_missing_graphics_card_is_said() -> None:
    with pytest.raises(SSLStudioError, match="graphics card cannot be used"):
        choose_device("cuda")
    assert choose_device("auto").type in ("cpu", "mps")
