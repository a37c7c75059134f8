"""MAE: hidden patches are unseen and alone count, positions are given once, and it learns to rebuild."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from tests.fakes.image_tasks import batch_for, blobs, build_task, fits_every_network, train

FOLDER = Path(__file__).parents[1]


def pixels(task, patches):
    """A mask (N, 1, S, S) of the patches (N, P) bool."""
    side = task.context.image_size // task.context.patch_size
    grid = patches.view(-1, 1, side, side)
    return grid.repeat_interleave(task.context.patch_size, 2).repeat_interleave(task.context.patch_size, 3)


def test_what_is_hidden_is_not_seen() -> None:
    task = build_task(FOLDER, "vit").eval()
    images = blobs(3)
    kept, hidden = task.draw_mask(3, images.device)
    assert hidden.shape[1] / (kept.shape[1] + hidden.shape[1]) == pytest.approx(0.75)
    mask = torch.zeros(3, 16, dtype=torch.bool).scatter_(1, hidden, True)
    with torch.no_grad():
        changed = torch.where(pixels(task, mask), torch.randn_like(images), images)
        assert torch.equal(task.rebuild(images, kept), task.rebuild(changed, kept))
        seen = torch.where(pixels(task, ~mask), torch.randn_like(images), images)
        assert not torch.allclose(task.rebuild(images, kept), task.rebuild(seen, kept), atol=1e-3)


def test_the_loss_counts_hidden_patches_alone() -> None:
    task = build_task(FOLDER, "vit")
    target = task.targets(blobs(2))
    kept, hidden = task.draw_mask(2, target.device)
    guess = target.clone()
    guess.scatter_add_(
        1, kept[..., None].expand(-1, -1, target.shape[2]), torch.ones(2, kept.shape[1], target.shape[2])
    )
    assert float(task.loss(guess, target, hidden)) == 0.0
    assert float(task.loss(guess, target, kept)) == pytest.approx(1.0)


def test_local_contrast_makes_patches_comparable_but_raises_no_noise() -> None:
    task = build_task(FOLDER, "vit")
    strong, weak = task.targets(blobs(4) + 2), task.targets(blobs(4) * 0.5)
    assert float(task.targets(blobs(4)).mean(dim=-1).abs().max()) < 1e-4
    assert float(strong.std() / weak.std()) < 1.3
    assert float(task.targets(torch.randn(1, 1, 32, 32) * 0.005).std()) < 0.1


def test_rebuilding_gets_better_and_the_preview_shows_it() -> None:
    task = build_task(FOLDER, "vit", mask_ratio=0.5, local_contrast=False)
    losses = train(task, batch_for(task), 40)
    assert sum(losses[-5:]) < 0.8 * sum(losses[:5])
    with torch.no_grad():
        original, masked, rebuilt = task.eval().preview(batch_for(task))
    assert original.images.shape == masked.images.shape == rebuilt.images.shape == (6, 1, 32, 32)
    assert torch.allclose(original.images, batch_for(task).views[0], atol=1e-6)
    shown = masked.images != 0
    assert float(shown.float().mean()) == pytest.approx(0.5, abs=0.02)
    assert torch.allclose(rebuilt.images[shown], original.images[shown], atol=1e-6)
    hidden = ~shown
    error = (rebuilt.images - original.images)[hidden].square().mean()
    assert float(error) < float(original.images[hidden].square().mean())


def test_positions_that_were_trained_are_kept() -> None:
    first = build_task(FOLDER, "vit")
    codes = first.backbone.pos_embed
    assert codes.requires_grad and float(codes.detach()[0, 0].abs().sum()) == 0.0
    given = codes.detach().clone() + 0.01
    with torch.no_grad():
        codes.copy_(given)
    type(first)(first.context)
    assert torch.equal(codes, given)


def test_it_fits_a_transformer_in_colour() -> None:
    fits_every_network(FOLDER, ("vit",))
