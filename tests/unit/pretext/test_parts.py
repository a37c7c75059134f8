"""Parts of pretext tasks: masks, tiles, decoders and statistics do what their tasks rely on."""

from __future__ import annotations

import pytest
import timm
import torch
from torch import nn

from sslstudio.api import (
    BlockPainter,
    ImageDecoder,
    batch_statistics,
    block_mask,
    cut_tiles,
    settle_statistics,
    tile_side,
)
from sslstudio.backbones.build import build
from sslstudio.backbones.features import feature_pyramid
from sslstudio.pretext.decoder import spread_out
from tests.fakes.volumes import TinyVolumeNet

CPU = torch.device("cpu")


@pytest.mark.parametrize(("share", "block"), [(0.5, 8), (0.25, 12), (0.99, 64), (0.01, 8)])
def test_masks_hide_the_share_in_whole_blocks(share: float, block: int) -> None:
    torch.manual_seed(0)
    mask = block_mask(64, 64, share, block, CPU)
    assert mask.shape == (64, 1, 64, 64) and mask.dtype == torch.bool
    cells = (-(-64 // block) + 1) ** 2
    expected = min(max(round(share * cells), 1), cells - 1) / cells
    assert float(mask.float().mean()) == pytest.approx(expected, abs=0.05)
    # Wherever the mask changes along a row it does so at columns one block apart.
    first = mask[0, 0]
    edges = (first[:, 1:] != first[:, :-1]).any(dim=0).nonzero().flatten()
    assert len(set((edges % block).tolist())) <= 1


def test_masks_differ_between_images_and_follow_torchs_random_state() -> None:
    torch.manual_seed(3)
    first = block_mask(4, 32, 0.5, 8, CPU)
    torch.manual_seed(3)
    assert torch.equal(first, block_mask(4, 32, 0.5, 8, CPU))
    assert not torch.equal(first[0], first[1])


def test_tiles_lie_inside_their_cells_and_jitter() -> None:
    """Pixels that hold their own coordinates tell where each tile was cut."""
    torch.manual_seed(0)
    down, across = torch.meshgrid(torch.arange(30.0), torch.arange(30.0), indexing="ij")
    images = torch.stack((down, across)).expand(5, 2, 30, 30)
    tiles = cut_tiles(images, grid=3, keep=0.8, side=8)
    assert tiles.shape == (5, 9, 2, 8, 8)
    for place in range(9):
        for axis, cell in enumerate(divmod(place, 3)):
            values = tiles[:, place, axis]
            assert float(values.min()) >= 10 * cell and float(values.max()) <= 10 * cell + 9
    corners = tiles[:, :, 0, 0, 0] % 10
    assert corners.unique().numel() == 3


def test_tiles_are_brought_to_a_side_that_every_backbone_takes() -> None:
    assert [tile_side(size, 3) for size in (32, 64, 96, 128, 224)] == [32, 32, 32, 48, 80]
    assert cut_tiles(torch.randn(2, 1, 96, 96), 3, 0.8, tile_side(96, 3)).shape == (2, 9, 1, 32, 32)


@pytest.mark.parametrize("network", ["test_convnext", "test_efficientnet", "test_vit"])
@pytest.mark.parametrize("levels", [0, 1])
def test_a_decoder_gives_images_of_the_size_asked(network: str, levels: int) -> None:
    sizes = {"img_size": 48, "patch_size": 16} if network == "test_vit" else {}
    backbone = timm.create_model(network, in_chans=1, num_classes=0, **sizes)
    side = 48 if sizes else 50
    decoder = ImageDecoder(backbone, 1, side, 2, width=16, levels=levels, sources=2, condition=3)
    maps = feature_pyramid(backbone, torch.randn(6, 1, side, side))
    image = decoder(maps, torch.randn(3, 3))
    assert image.shape == (3, 2, side, side) and float(image.detach().abs().mean()) < 0.2
    image.square().mean().backward()
    assert any(float(p.grad.abs().sum()) > 0 for p in backbone.parameters() if p.grad is not None)


def test_building_a_decoder_leaves_the_backbone_as_it_was() -> None:
    backbone = build("resnet18", 1, 32).train()
    backbone.layer1.eval()
    before = {name: value.clone() for name, value in backbone.state_dict().items()}
    ImageDecoder(backbone, 1, 32, 1)
    assert all(torch.equal(value, before[name]) for name, value in backbone.state_dict().items())
    assert backbone.training and backbone.layer2.training and not backbone.layer1.training


def test_each_source_has_its_own_part_in_the_decoded_image() -> None:
    backbone = build("resnet18", 1, 32).eval()
    decoder = ImageDecoder(backbone, 1, 32, 1, sources=2).eval()
    with torch.no_grad():
        one, other = torch.randn(2, 1, 1, 32, 32)
        both = decoder(feature_pyramid(backbone, torch.cat((one, other))))
        turned = decoder(feature_pyramid(backbone, torch.cat((other, one))))
    assert not torch.allclose(both, turned)


def test_statistics_fit_whole_images_though_training_sees_others() -> None:
    backbone = nn.Sequential(nn.BatchNorm2d(1), nn.Flatten())
    norm = backbone[0]
    strange, whole = torch.full((8, 1, 4, 4), 50.0) + torch.randn(8, 1, 4, 4), torch.randn(8, 1, 4, 4) + 3.0
    for mode in (True, False):
        backbone.train(mode)
        with batch_statistics(backbone):
            assert float(backbone(strange).detach().mean()) == pytest.approx(0.0, abs=1e-4)
        assert norm.training is mode and norm.momentum == 0.1
        assert float(norm.running_mean) == 0.0
    backbone.train()
    for _ in range(60):
        settle_statistics(backbone, whole)
    assert float(norm.running_mean) == pytest.approx(float(whole.mean()), rel=0.01)
    settle_statistics(nn.Flatten(), whole)


def test_a_painter_sees_nothing_of_what_is_hidden() -> None:
    torch.manual_seed(0)
    backbone = timm.create_model("test_efficientnet", in_chans=1, num_classes=0).eval()
    painter = BlockPainter(backbone, 1, 32, mask_ratio=0.5, block_share=0.2)
    images = torch.randn(3, 1, 32, 32) - 2.0
    hidden = painter.draw_mask(images)
    with torch.no_grad():
        painted = painter(backbone, images, hidden)
        assert torch.equal(painted, painter(backbone, torch.where(hidden, torch.randn_like(images), images), hidden))
        covered, filled = painter.pictures(backbone, images)
    assert float(painted.mean()) == pytest.approx(-2.0, abs=0.2), "a new painter answers the mean of what it sees"
    same = covered == images
    assert torch.equal(filled[same], images[same]) and 0.3 < float(same.float().mean()) < 0.7
    hidden_error, visible_error = painter.errors(images + 3.0 * hidden, images, hidden)
    assert (float(hidden_error), float(visible_error)) == (pytest.approx(9.0, rel=1e-4), 0.0)


def test_masks_of_volumes_hide_blocks_along_all_axes() -> None:
    torch.manual_seed(0)
    mask = block_mask(32, 32, 0.5, 8, CPU, depth=16)
    assert mask.shape == (32, 1, 16, 32, 32) and mask.dtype == torch.bool
    assert float(mask.float().mean()) == pytest.approx(0.5, abs=0.05)
    for axis, length in ((2, 4), (3, 8), (4, 8)):
        first = mask[:1].movedim(axis, 0).flatten(1)
        edges = (first[1:] != first[:-1]).any(dim=1).nonzero().flatten()
        assert len(set((edges % length).tolist())) == 1, "edges lie one block apart"


@pytest.mark.parametrize(("depth", "levels"), [(8, 0), (12, 1)])
def test_a_decoder_gives_volumes_of_the_size_asked(depth: int, levels: int) -> None:
    backbone = TinyVolumeNet()
    decoder = ImageDecoder(backbone, 1, 18, 2, width=16, levels=levels, sources=2, condition=3, depth=depth)
    volume = decoder(feature_pyramid(backbone, torch.randn(4, 1, depth, 18, 18)), torch.randn(2, 3))
    assert volume.shape == (2, 2, depth, 18, 18) and float(volume.detach().abs().mean()) < 0.2
    volume.square().mean().backward()
    assert float(next(backbone.parameters()).grad.abs().sum()) > 0


def test_pixels_are_spread_out_as_torch_does_in_two_axes_and_alike_in_three() -> None:
    maps = torch.randn(2, 12, 3, 5)
    assert torch.equal(spread_out(maps, (2, 2)), torch.nn.functional.pixel_shuffle(maps, 2))
    places = torch.arange(24.0).view(1, 24, 1, 1, 1)
    assert torch.equal(spread_out(places, (2, 3, 4)).flatten(), torch.arange(24.0))


def test_a_painter_of_volumes_sees_nothing_of_what_is_hidden() -> None:
    torch.manual_seed(0)
    backbone = TinyVolumeNet().eval()
    painter = BlockPainter(backbone, 1, 16, mask_ratio=0.5, block_share=0.25, width=16, depth=8)
    volumes = torch.randn(3, 1, 8, 16, 16) - 2.0
    hidden = painter.draw_mask(volumes)
    with torch.no_grad():
        painted = painter(backbone, volumes, hidden)
        assert torch.equal(painted, painter(backbone, torch.where(hidden, torch.zeros(()), volumes), hidden))
    assert painted.shape == volumes.shape and float(painted.mean()) == pytest.approx(-2.0, abs=0.3)
