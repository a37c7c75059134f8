"""Low-rank adaptation of a vision transformer: small matrices that learn beside frozen ones (Hu et al., ICLR 2022).

Our own few lines on the linear layers of timm's blocks: the library for it brings a whole framework along.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

_LAYERS = ("attn.qkv", "attn.proj", "mlp.fc1", "mlp.fc2")
_PARTS = (".down", ".up")
_BASE = ".base"


class LowRank(nn.Module):
    """x -> base(x) + up @ down @ x, with a frozen `base` and matrices of a small rank; at first exactly `base`."""

    def __init__(self, base: nn.Linear, rank: int) -> None:
        super().__init__()
        self.base = base.requires_grad_(False)
        self.down = nn.Parameter(torch.empty(rank, base.in_features, device=base.weight.device))
        self.up = nn.Parameter(torch.zeros(base.out_features, rank, device=base.weight.device))
        nn.init.kaiming_uniform_(self.down, a=5**0.5)

    def forward(self, x: Tensor) -> Tensor:
        """The layer's output (..., out) for x (..., in)."""
        base: Tensor = self.base(x)
        return base + x @ self.down.T @ self.up.T


def adapt(transformer: nn.Module, rank: int) -> None:
    """Put a `LowRank` around the four linear layers of each block; all else is frozen. Raises TypeError without blocks.

    The matrices are drawn from torch's global random state.
    """
    blocks = getattr(transformer, "blocks", None)
    if blocks is None:
        raise TypeError("Only vision transformers can be adapted by small matrices.")
    transformer.requires_grad_(False)
    for block in blocks:
        for path in _LAYERS:
            parent, _, name = path.partition(".")
            holder = block.get_submodule(parent)
            setattr(holder, name, LowRank(getattr(holder, name), rank))


def merged(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The state of an adapted network as that of a plain one: products added to the frozen matrices."""
    found = {}
    for name, tensor in tensors.items():
        layer, _, leaf = name.rpartition(".")
        if f".{leaf}" in _PARTS and f"{layer}{_BASE}.weight" in tensors:
            continue
        if layer.endswith(_BASE):
            layer = layer.removesuffix(_BASE)
            if leaf == "weight":
                up, down = (tensors[f"{layer}{part}"].float() for part in (".up", ".down"))
                tensor = (tensor.float() + up @ down).to(tensor.dtype)
            name = f"{layer}.{leaf}"
        found[name] = tensor
    return found
