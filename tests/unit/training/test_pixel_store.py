"""The pixel store: window, aspect, channels, and the same squares in memory and on disk."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from sslstudio.errors import SSLStudioError
from sslstudio.importers.pixel_cache import PixelCache
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


def test_a_window_margin_leaves_room_at_both_ends(tmp_path: Path) -> None:
    plain, wide = build(tmp_path / "a").squares.float(), build(tmp_path / "b", margin=0.25).squares.float()
    assert torch.allclose(wide * 1.5 - 0.25 * 255, plain, atol=2.0) or float(wide.amax()) < float(plain.amax())
    assert float(wide.amax()) == pytest.approx((float(plain.amax()) + 64) / 1.5, abs=2)


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
