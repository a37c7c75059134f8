"""Denoising diffusion as a pretext: noise at a random level of a cosine schedule, a U-Net with the backbone as encoder.

Ho et al., Denoising Diffusion Probabilistic Models, NeurIPS 2020; schedule of Nichol and Dhariwal, ICML 2021;
velocity of Salimans and Ho, ICLR 2022; what of it teaches features: Chen et al., Deconstructing Denoising Diffusion
Models for Self-Supervised Learning, 2024. The level enters the decoder alone: the backbone sees the image alone.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from sslstudio.api import (
    Batch,
    ImageDecoder,
    PretextTask,
    Preview,
    StepResult,
    TaskContext,
    ViewPlan,
    batch_statistics,
    feature_pyramid,
    settle_statistics,
)

__all__ = ["Denoising", "schedule"]

_OFFSET = 0.008
_FREQUENCIES, _CONDITION = 16, 64


class Denoising(PretextTask):
    """Backbone, decoder told the noise level, and the squared error of the clean image or the velocity."""

    frequencies: Tensor

    def __init__(self, context: TaskContext) -> None:
        super().__init__(context)
        self.backbone = context.backbone
        self.strongest = float(context.parameters["strongest"])
        self.velocity = context.parameters["predict"] == "velocity"
        self.register_buffer("frequencies", 2.0 ** torch.arange(_FREQUENCIES // 2) * math.pi, persistent=False)
        self.level = nn.Sequential(
            nn.Linear(_FREQUENCIES, _CONDITION), nn.SiLU(), nn.Linear(_CONDITION, _CONDITION), nn.SiLU()
        )
        self.decoder = ImageDecoder(
            context.backbone,
            context.in_channels,
            context.image_size,
            context.in_channels,
            width=int(context.parameters["decoder_width"]),
            levels=int(context.parameters["levels"]),
            condition=_CONDITION,
            depth=context.depth,
        )

    def views(self) -> ViewPlan:
        """One view, cropped, flipped and turned alone: noise is added here."""
        return ViewPlan(views=1, recipe="geometric")

    def training_step(self, batch: Batch) -> StepResult:
        """Squared error at random levels; normalisation then remembers clean images."""
        images = batch.views[0].float()
        times = torch.rand(len(images), device=images.device) * self.strongest
        noise = torch.randn_like(images)
        noisy = self.noisy(images, noise, times)
        answer = self.answer(noisy, times)
        loss = nn.functional.mse_loss(answer, self.target(images, noise, times))
        settle_statistics(self.backbone, images)
        left = (self.clean(noisy, answer.detach(), times) - images).square().mean()
        return StepResult(loss, {"error_of_clean_image": float(left)})

    def noisy(self, images: Tensor, noise: Tensor, times: Tensor) -> Tensor:
        """Images and noise (N, C, S, S) mixed for `times` (N,) from 0 to 1; the variance stays 1."""
        signal, spread = schedule(times, images.ndim)
        return signal * images + spread * noise

    def target(self, images: Tensor, noise: Tensor, times: Tensor) -> Tensor:
        """What is to be answered: the clean image, or the velocity, signal * noise - spread * image."""
        signal, spread = schedule(times, images.ndim)
        return signal * noise - spread * images if self.velocity else images

    def clean(self, noisy: Tensor, answer: Tensor, times: Tensor) -> Tensor:
        """The clean images that an answer stands for."""
        signal, spread = schedule(times, noisy.ndim)
        return signal * noisy - spread * answer if self.velocity else answer

    def answer(self, noisy: Tensor, times: Tensor) -> Tensor:
        """The network's answer (N, C, S, S) float32 to noisy images of known `times` (N,).

        The decoder says how it differs from an even image of the brightness that the noisy one lets expect.
        """
        with batch_statistics(self.backbone):
            maps = feature_pyramid(self.backbone, noisy)
        angles = times[:, None] * self.frequencies
        answer: Tensor = self.decoder(maps, self.level(torch.cat((angles.sin(), angles.cos()), dim=1)))
        brightness = expected_mean(noisy, times)
        return answer.float() + self.target(brightness, torch.zeros_like(brightness), times)

    def preview(self, batch: Batch) -> tuple[Preview, ...]:
        """The images, with noise that grows from left to right, and cleaned."""
        images = batch.views[0].float()
        times = torch.linspace(0.1, 1.0, len(images), device=images.device) * self.strongest
        noisy = self.noisy(images, torch.randn_like(images), times)
        cleaned = self.clean(noisy, self.answer(noisy, times), times)
        return Preview("Original", images), Preview("With noise", noisy), Preview("Cleaned", cleaned)

    def encoder(self) -> nn.Module:
        """The backbone; the decoder is thrown away."""
        return self.backbone


def schedule(times: Tensor, axes: int = 4) -> tuple[Tensor, Tensor]:
    """Shares of signal and noise, each (N, 1, 1, 1), for `times` (N,): cosine, and their squares add up to 1.

    They have as many `axes` as the images they are for: 4, or 5 for volumes.
    """
    angle = ((times + _OFFSET) / (1.0 + _OFFSET) * math.pi / 2.0).view(-1, *[1] * (axes - 1))
    return angle.cos(), angle.sin()


def expected_mean(noisy: Tensor, times: Tensor) -> Tensor:
    """The mean of the clean images that is likeliest after noisy ones, with a prior of variance 1.

    It is (N, C, 1, 1), or (N, C, 1, 1, 1) for volumes.
    """
    signal, spread = schedule(times, noisy.ndim)
    seen = noisy.mean(dim=tuple(range(2, noisy.ndim)), keepdim=True)
    return seen * signal / (signal.square() + spread.square() / noisy.shape[2:].numel())
