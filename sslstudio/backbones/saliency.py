"""Where a classifier looked: Grad-CAM for convolutional networks, attention rollout for vision transformers.

Our own few lines: the library that has Grad-CAM (MONAI) takes seconds to load for them, and gives the same map.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

LEAST_SIDE = 7
"""So many fields a side a map needs to say where; of small images the deepest layers have fewer."""
_STAGES = ("layer1", "layer2", "layer3", "layer4", "stages", "blocks")
ToLogits = Callable[[Tensor], Tensor]


def grad_cam(backbone: nn.Module, head: ToLogits, images: Tensor, number: int) -> tuple[Tensor, int]:
    """The map (h, w), 0 to 1, of one image (1, C, S, S) for class `number`, and how deep it lies (1: the last stage).

    Selvaraju et al., ICCV 2017: the channels of a layer, weighted by the mean gradient of the class's logit, summed,
    negative parts left out. The deepest stage that has `LEAST_SIDE` fields a side is taken. `head` maps features (1, D)
    to logits (1, K). Zero everywhere when nothing speaks for the class. Raises TypeError for a network without stages.
    """
    stages = list(_stages(backbone))
    if not stages:
        raise TypeError("This backbone has no stages with maps.")
    maps: list[Tensor] = []

    def keep(_module: nn.Module, _inputs: object, output: Tensor) -> None:
        output.retain_grad()
        maps.append(output)

    hooks = [stage.register_forward_hook(keep) for stage in stages]
    try:
        with torch.enable_grad():
            logits = head(backbone(images.detach().requires_grad_()))
            logits[0, number].backward()
    finally:
        for hook in hooks:
            hook.remove()
    fit = [place for place, found in enumerate(maps) if min(found.shape[-2:]) >= LEAST_SIDE]
    place = fit[-1] if fit else 0
    values, gradient = maps[place], maps[place].grad
    backbone.zero_grad(set_to_none=True)
    assert gradient is not None
    weights = gradient.mean(dim=(2, 3), keepdim=True)
    return _scaled((weights * values).sum(dim=1)[0].relu().detach()), len(maps) - place


def rollout(transformer: nn.Module, images: Tensor) -> Tensor:
    """The map (h, w), 0 to 1, of how far the class token looked at each patch of one image (1, C, S, S).

    Abnar and Zuidema, ACL 2020: attention averaged over heads, half of it the token itself (the residual), multiplied
    through all blocks. It is the same for every class.
    """
    with torch.no_grad(), _attention(transformer) as seen:
        transformer(images)
    joint: Tensor | None = None
    for weights in seen:
        mixed = 0.5 * weights.mean(dim=1)[0] + 0.5 * torch.eye(weights.shape[-1])
        mixed = mixed / mixed.sum(dim=-1, keepdim=True)
        joint = mixed if joint is None else mixed @ joint
    assert joint is not None
    prefix = int(transformer.num_prefix_tokens)  # type: ignore[arg-type]
    patches = joint[0, prefix:]
    side = round(len(patches) ** 0.5)
    return _scaled(patches.reshape(side, side))


def likeness(one: Tensor, other: Tensor) -> float:
    """Spearman's correlation of two maps (h, w), without its sign: 1 for the same order of fields; 0 for a flat map."""
    ranks = [_ranks(each.flatten()) for each in (one, other)]
    centred = [each - each.mean() for each in ranks]
    length = centred[0].norm() * centred[1].norm()
    return float((centred[0] @ centred[1]).abs() / length) if float(length) else 0.0


def _ranks(values: Tensor) -> Tensor:
    """Ranks (N,) with ties at their mean."""
    _, place, count = values.unique(sorted=True, return_inverse=True, return_counts=True)
    last = count.cumsum(0).double()
    middle: Tensor = (last - (count.double() - 1) / 2)[place]
    return middle


def _scaled(found: Tensor) -> Tensor:
    low, high = found.min(), found.max()
    return (found - low) / (high - low) if float(high) > float(low) else torch.zeros_like(found)


def _stages(backbone: nn.Module) -> Iterator[nn.Module]:
    """The stages of a convolutional network, fine to coarse."""
    for name in _STAGES:
        found = getattr(backbone, name, None)
        if isinstance(found, nn.Module):
            if name in ("stages", "blocks"):
                yield from found.children()
            else:
                yield found


@contextmanager
def _attention(transformer: nn.Module) -> Iterator[list[Tensor]]:
    """Within it, each block's attention (1, heads, tokens, tokens) is noted as it is computed."""
    seen: list[Tensor] = []
    layers = [block.attn for block in transformer.blocks]  # type: ignore[union-attr]
    fused = [layer.fused_attn for layer in layers]
    hooks = [layer.attn_drop.register_forward_hook(lambda _m, _i, output: seen.append(output)) for layer in layers]
    for layer in layers:
        layer.fused_attn = False
    try:
        yield seen
    finally:
        for layer, before, hook in zip(layers, fused, hooks, strict=True):
            layer.fused_attn = before
            hook.remove()
