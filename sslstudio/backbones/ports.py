"""Layer names of other ports of the same network, translated into those of the library that builds ours."""

from __future__ import annotations

import re
from collections.abc import Mapping

from torch import Tensor

_LITE0_REPEATS = (1, 2, 2, 3, 3, 4, 1)
_LITE0_OUTER = {"_conv_stem": "conv_stem", "_bn0": "bn1", "_conv_head": "conv_head", "_bn1": "bn2"}
_LITE0_FIRST = {"_depthwise_conv": "conv_dw", "_bn1": "bn1", "_project_conv": "conv_pw", "_bn2": "bn2"}
_LITE0_INNER = {
    "_expand_conv": "conv_pw",
    "_bn0": "bn1",
    "_depthwise_conv": "conv_dw",
    "_bn1": "bn2",
    "_project_conv": "conv_pwl",
    "_bn2": "bn3",
}
_BLOCK = re.compile(r"_blocks\.(\d+)\.(_\w+)\.(\w+)")


def translate(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """`tensors` with the names of EfficientNet-Lite0's PyTorch port as timm's; other names stay as they are."""
    if "_conv_stem.weight" not in tensors:
        return dict(tensors)
    return {_lite0_name(name): tensor for name, tensor in tensors.items()}


def _lite0_name(name: str) -> str:
    inside = _BLOCK.fullmatch(name)
    if inside is None:
        layer, _, leaf = name.partition(".")
        return f"{_LITE0_OUTER.get(layer, layer)}.{leaf}"
    block, layer, leaf = int(inside[1]), inside[2], inside[3]
    names = _LITE0_INNER if block else _LITE0_FIRST
    stage = 0
    while stage < len(_LITE0_REPEATS) - 1 and block >= _LITE0_REPEATS[stage]:
        block -= _LITE0_REPEATS[stage]
        stage += 1
    return f"blocks.{stage}.{block}.{names.get(layer, layer)}.{leaf}"
