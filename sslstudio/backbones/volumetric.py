"""MONAI's networks for volumes: (N, C, depth, S, S) in, features (N, D) out. Loading MONAI takes seconds."""

from __future__ import annotations

from collections.abc import Callable

from monai.networks.nets import resnet as monai_resnet
from monai.networks.nets.swin_unetr import PatchMergingV2, SwinTransformer, compute_mask, get_window_size
from torch import Tensor, nn
from torch.nn import functional

_WIDTH, _WINDOW, _DEPTHS, _HEADS = 24, 4, (2, 2, 2, 2), (3, 6, 12, 24)


def resnet(model: str) -> Callable[[int, int], nn.Module]:
    """MONAI's "resnet10" or "resnet18" with the layers' names and shapes that Med3D's published weights have."""

    def make(in_channels: int, image_size: int) -> nn.Module:
        network: nn.Module = getattr(monai_resnet, model)(
            spatial_dims=3,
            n_input_channels=in_channels,
            conv1_t_stride=2,
            shortcut_type="B",
            bias_downsample=False,
            feed_forward=False,
        )
        return network

    return make


def swin(in_channels: int, image_size: int) -> nn.Module:
    """The encoder of MONAI's SwinUNETR, small."""
    return SwinEncoder(in_channels)


class SwinEncoder(nn.Module):
    """MONAI's Swin transformer with its last map normalised and pooled: (N, C, depth, S, S) to (N, 384).

    MONAI's own `forward` needs the package einops to swap axes; here its layers are called with the axes as they are.
    """

    def __init__(self, in_channels: int) -> None:
        super().__init__()
        self.network = SwinTransformer(
            in_chans=in_channels,
            embed_dim=_WIDTH,
            window_size=(_WINDOW,) * 3,
            patch_size=(2, 2, 2),
            depths=_DEPTHS,
            num_heads=_HEADS,
            downsample=PatchMergingV2,
            spatial_dims=3,
        )

    def forward(self, volumes: Tensor) -> Tensor:
        """Features (N, 384)."""
        return self.forward_intermediates(volumes)[0].mean(dim=(2, 3, 4))

    def forward_intermediates(self, volumes: Tensor) -> tuple[Tensor, list[Tensor]]:
        """The last map (N, 384, d, h, w), normalised, and those of all stages, fine to coarse, as timm does."""
        tokens, maps = self.network.patch_embed(volumes).permute(0, 2, 3, 4, 1), []
        for number in range(1, len(_DEPTHS) + 1):
            tokens = _stage(getattr(self.network, f"layers{number}")[0], tokens)
            maps.append(tokens.permute(0, 4, 1, 2, 3))
        return functional.layer_norm(tokens, tokens.shape[-1:]).permute(0, 4, 1, 2, 3), maps


def _stage(layer: nn.Module, tokens: Tensor) -> Tensor:
    """What MONAI's BasicLayer does with tokens (N, d, h, w, width): attention within windows, then merging by two."""
    sides = tuple(tokens.shape[1:4])
    window, shift = get_window_size(sides, layer.window_size, layer.shift_size)
    padded = [-(-side // one) * one for side, one in zip(sides, window, strict=True)]
    mask = compute_mask(padded, window, shift, tokens.device)
    for block in layer.blocks:  # type: ignore[union-attr]
        tokens = block(tokens, mask)
    merged: Tensor = layer.downsample(tokens)  # type: ignore[operator]
    return merged
