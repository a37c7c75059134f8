"""Denoising: the schedule keeps the variance, both answers stand for the clean image, and it learns to clean."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import torch

from tests.fakes.image_tasks import batch_for, blobs, build_task, fits_every_network, train
from tests.fakes.volume_tasks import build_volume_task, train_on_volumes, volume_batch

FOLDER = Path(__file__).parents[1]


def test_the_schedule_goes_from_image_to_noise_and_keeps_the_variance() -> None:
    task = build_task(FOLDER)
    signal, spread = sys.modules[type(task).__module__].schedule(torch.linspace(0, 1, 11))
    assert torch.allclose(signal.square() + spread.square(), torch.ones_like(signal), atol=1e-6)
    assert float(signal[0]) > 0.999 and float(signal[-1].abs()) < 1e-3
    assert bool((signal.flatten().diff() < 0).all())
    images = blobs(64)
    noisy = task.noisy(images, torch.randn_like(images), torch.full((64,), 0.5))
    assert float(noisy.var()) == pytest.approx(float(images.var()), rel=0.05)


@pytest.mark.parametrize("predict", ["image", "velocity"])
def test_a_perfect_answer_is_the_clean_image(predict: str) -> None:
    task = build_task(FOLDER, predict=predict)
    images, noise, times = blobs(5), torch.randn(5, 1, 32, 32), torch.linspace(0.05, 0.95, 5)
    noisy = task.noisy(images, noise, times)
    assert torch.allclose(task.clean(noisy, task.target(images, noise, times), times), images, atol=1e-5)


def test_the_level_matters_to_the_decoder_and_not_to_the_encoder() -> None:
    task = build_task(FOLDER, "convnext").eval()
    images = blobs(2)
    train(task, batch_for(task), 2)
    with torch.no_grad():
        weak, strong = (task.answer(images, torch.full((2,), level)) for level in (0.1, 0.8))
    assert not torch.allclose(weak, strong, atol=1e-4)
    assert task.encoder() is task.context.backbone


def test_the_brightness_of_a_dark_image_is_known_from_the_start() -> None:
    task = build_task(FOLDER)
    dark, times = blobs(4) - 2.0, torch.tensor([0.0, 0.3, 0.6, 0.8])
    noisy = task.noisy(dark, torch.randn_like(dark), times)
    found = sys.modules[type(task).__module__].expected_mean(noisy, times)
    assert torch.allclose(found, dark.mean(dim=(2, 3), keepdim=True), atol=0.4)


@pytest.mark.parametrize("predict", ["image", "velocity"])
def test_it_learns_to_clean(predict: str) -> None:
    task = build_task(FOLDER, predict=predict, strongest=0.6)
    batch = batch_for(task)
    losses = train(task, batch, 20)
    assert sum(losses[-3:]) < 0.85 * sum(losses[:3])
    with torch.no_grad():
        original, noisy, cleaned = (row.images for row in task.eval().preview(batch))
    strong = slice(3, 6)
    assert float((cleaned - original)[strong].square().mean()) < float((noisy - original)[strong].square().mean())


def test_it_fits_every_network_in_colour() -> None:
    fits_every_network(FOLDER)


def test_noise_is_taken_out_of_volumes() -> None:
    task = build_volume_task(FOLDER, decoder_width="32")
    losses = train_on_volumes(task, 18)
    assert sum(losses[-3:]) < 0.7 * sum(losses[:3])
    with torch.no_grad():
        clean, noisy, cleaned = (row.images for row in task.eval().preview(volume_batch(task)))
    assert float((cleaned - clean).square().mean()) < 0.7 * float((noisy - clean).square().mean())
