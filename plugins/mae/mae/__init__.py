"""MAE: a vision transformer sees a few patches of an image and, with a small decoder, rebuilds the hidden ones.

He et al., Masked Autoencoders Are Scalable Vision Learners, CVPR 2022. Masked encoder, decoder, masks and position
codes are lightly's.
"""

from __future__ import annotations

import torch
from lightly.models import utils
from lightly.models.modules.masked_vision_transformer_decoder_timm import MaskedVisionTransformerDecoderTIMM
from lightly.models.modules.masked_vision_transformer_timm import MaskedVisionTransformerTIMM
from torch import Tensor, nn

from sslstudio.api import Batch, PretextTask, Preview, StepResult, TaskContext, ViewPlan

__all__ = ["MAE"]

_HEAD_WIDTH = 32
_FLAT = 1e-2
"""Variance below which a patch counts as flat: the noise of an empty background is no pattern to learn."""


class MAE(PretextTask):
    """Masked encoder around the context's transformer, a shallow decoder, and the squared error of hidden patches.

    With `use_summary`, which is not in the paper, the class token also enters every hidden patch: it is what the
    application keeps as an image's features, and the plain method leaves it little to do.
    """

    def __init__(self, context: TaskContext) -> None:
        super().__init__(context)
        self.backbone = context.backbone
        width = int(context.parameters["decoder_width"])
        self.mask_ratio = float(context.parameters["mask_ratio"])
        self.local_contrast = bool(context.parameters["local_contrast"])
        patches = (context.image_size // context.patch_size) ** 2
        _give_positions(self.backbone.pos_embed, patches)  # type: ignore[arg-type]
        self.masked = MaskedVisionTransformerTIMM(
            self.backbone,
            mask_token=nn.Parameter(torch.zeros(1, 1, context.feature_dim), requires_grad=False),
            weight_initialization="skip",
            pos_embed_initialization="skip",
        )
        self.prefix = self.masked.sequence_length - patches
        self.embed = nn.Linear(context.feature_dim, width)
        self.decoder = MaskedVisionTransformerDecoderTIMM(
            num_patches=patches,
            embed_dim=width,
            depth=int(context.parameters["decoder_depth"]),
            num_heads=width // _HEAD_WIDTH,
            num_prefix_tokens=self.prefix,
        )
        self.summary = nn.Linear(context.feature_dim, width) if context.parameters["use_summary"] else None
        self.predict = nn.Linear(width, context.in_channels * context.patch_size**2)

    def views(self) -> ViewPlan:
        """One view, cropped, flipped and turned alone: jittered colours make MAE no better (He et al., table 1e)."""
        return ViewPlan(views=1, recipe="geometric")

    def training_step(self, batch: Batch) -> StepResult:
        """Mean squared error over the hidden patches alone."""
        images = batch.views[0]
        kept, hidden = self.draw_mask(len(images), images.device)
        guess = self.rebuild(images, kept)
        target = self.targets(images)
        loss = self.loss(guess, target, hidden)
        spread = utils.get_at_index(target, hidden).var(unbiased=False)
        return StepResult(loss, {"explained": 1.0 - float(loss.detach() / spread.clamp(min=1e-6))})

    def draw_mask(self, count: int, device: torch.device) -> tuple[Tensor, Tensor]:
        """Patches to keep and patches to hide of `count` images, each (count, number) int64, the first patch 0."""
        patches = self.decoder.num_patches
        kept, hidden = utils.random_token_mask(
            (count, patches), mask_ratio=self.mask_ratio, mask_class_token=True, device=device
        )
        return kept, hidden

    def rebuild(self, images: Tensor, kept: Tensor) -> Tensor:
        """All patches (N, P, C * p * p) float32, guessed from those in `kept` (N, K)."""
        first = torch.arange(self.prefix, device=images.device).expand(len(images), -1)
        index = torch.cat((first, kept + self.prefix), dim=1)
        seen = self.masked.encode(images, idx_keep=index)
        whole = utils.repeat_token(self.decoder.mask_token, (len(images), self.decoder.sequence_length))
        if self.summary is not None:
            whole = whole + self.summary(seen[:, :1] if self.prefix else seen.mean(dim=1, keepdim=True))
        whole = utils.set_at_index(whole, index, self.embed(seen).type_as(whole))
        patches: Tensor = self.predict(self.decoder(whole))[:, self.prefix :]
        return patches.float()

    def targets(self, images: Tensor) -> Tensor:
        """What the guess shall be: patches (N, P, C * p * p), each with its own contrast if so chosen."""
        patches: Tensor = utils.patchify(images.float(), self.context.patch_size)
        if self.local_contrast:
            patches = utils.normalize_mean_var(patches, dim=-1, eps=_FLAT)
        return patches

    @staticmethod
    def loss(guess: Tensor, target: Tensor, hidden: Tensor) -> Tensor:
        """Mean squared error of the patches in `hidden` (N, H)."""
        return nn.functional.mse_loss(utils.get_at_index(guess, hidden), utils.get_at_index(target, hidden))

    def preview(self, batch: Batch) -> tuple[Preview, ...]:
        """The images, what is left of them, and what is made of that; patches that were seen stand as they are."""
        images = batch.views[0]
        kept, _ = self.draw_mask(len(images), images.device)
        patches = utils.patchify(images.float(), self.context.patch_size)
        guess = self.rebuild(images, kept)
        title = "Rebuilt"
        if self.local_contrast:
            title = "Rebuilt (each patch's mean and contrast are given)"
            variance = patches.var(dim=-1, keepdim=True)
            guess = guess * (variance + _FLAT).sqrt() + patches.mean(dim=-1, keepdim=True)
        seen = utils.get_at_index(patches, kept)
        rows = (
            ("Original", patches),
            ("What it sees", utils.set_at_index(torch.zeros_like(patches), kept, seen)),
            (title, utils.set_at_index(guess, kept, seen)),
        )
        return tuple(Preview(name, self._image(row)) for name, row in rows)

    def encoder(self) -> nn.Module:
        """The transformer; the decoder is thrown away."""
        return self.backbone

    def _image(self, patches: Tensor) -> Tensor:
        image: Tensor = utils.unpatchify(patches, self.context.patch_size, self.context.in_channels)
        return image


def _give_positions(codes: nn.Parameter, patches: int) -> None:
    """Sine-cosine position codes where they are still noise: rebuilding is a matter of place from the first step.

    Codes that were trained, in which neighbours are alike, stay as they are. All of them go on learning.
    """
    places = codes.detach()[0, -patches:]
    if nn.functional.cosine_similarity(places[1:], places[:-1], dim=1).mean() < 0.1:
        utils.initialize_2d_sine_cosine_positional_embedding(codes, num_prefix_tokens=codes.shape[1] - patches)
        codes.requires_grad_(True)
