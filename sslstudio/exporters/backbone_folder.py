"""The network without its classifier as a folder for PyTorch, timm, torchvision, lightly and MONAI."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Template

import safetensors.torch
import torch
from torch import Tensor, nn

from sslstudio import __version__, resources
from sslstudio.augment.preprocess import prepare
from sslstudio.augment.resample import fit_square
from sslstudio.backbones import table
from sslstudio.backbones.backbone_file import BackboneDescription
from sslstudio.errors import SSLStudioError
from sslstudio.exporters import other_libraries, package
from sslstudio.exporters.onnx_graph import PackagedModel, quiet, shown
from sslstudio.exporters.parity import TOLERANCE, Parity, ParityImage
from sslstudio.exporters.runtime import as_channels
from sslstudio.importers.windowing import render

README, PROGRAM, DESCRIPTION = "README.md", "program.pt2", "backbone.json"
_WHAT = {
    other_libraries.TIMM_FILE: "the weights under timm's names; also what SSL Studio itself starts from",
    other_libraries.TORCHVISION_FILE: "the same under torchvision's names, for three channels",
    PROGRAM: "the network with preprocessing inside, as a program of PyTorch (torch.export)",
    DESCRIPTION: "name, size, mean and standard deviation",
    package.PREPROCESSING: "how pixels and their window are got from a file",
    package.CHECKSUMS: "checksums of all files",
}


class Describer(nn.Module):
    """Stored pixel values and their window in, features (N, D) out: `PackagedModel` without the classifier."""

    pixel_mean: Tensor
    pixel_std: Tensor

    def __init__(self, packaged: PackagedModel) -> None:
        super().__init__()
        self.backbone = packaged.backbone
        self.side = packaged.inputs.image_size
        self.register_buffer("pixel_mean", packaged.pixel_mean)
        self.register_buffer("pixel_std", packaged.pixel_std)

    def forward(self, pixels: Tensor, window: Tensor) -> Tensor:
        """Features (N, D), float32."""
        fitted = fit_square(shown(pixels, window), self.side)
        features: Tensor = self.backbone((fitted - self.pixel_mean) / self.pixel_std)
        return features


@dataclass(frozen=True)
class Named:
    """What the texts of an export need besides the network: the model's name and whose terms go with its weights."""

    model: str
    licence: str


def write(
    folder: Path,
    packaged: PackagedModel,
    description: BackboneDescription,
    images: Sequence[ParityImage],
    named: Named,
    check: Callable[[], None] = lambda: None,
) -> Parity:
    """Write all files but preprocessing and checksums, load each anew where it belongs, and compare the features.

    Raises SSLStudioError: "export_graph" when the network is no program, "parity" when a feature differs.
    """
    backbone, channels = packaged.backbone, description.in_channels
    shape = other_libraries.shape_of(backbone, description.name, channels, description.image_size)
    prepared = prepare_images(packaged, images)
    wanted = other_libraries.features(backbone, prepared)
    weights = {name: tensor.detach().contiguous().clone() for name, tensor in backbone.state_dict().items()}
    differences = []

    safetensors.torch.save_file(weights, folder / other_libraries.TIMM_FILE, metadata={"format": "pt"})
    network = other_libraries.timm_network(shape).eval()
    network.load_state_dict(safetensors.torch.load_file(folder / other_libraries.TIMM_FILE))
    differences.append(other_libraries.largest_difference(wanted, other_libraries.features(network, prepared)))
    check()

    target = other_libraries.torchvision_network(shape)
    if target is not None:
        torch.save(
            other_libraries.torchvision_state(weights, target, channels), folder / other_libraries.TORCHVISION_FILE
        )
        state = torch.load(folder / other_libraries.TORCHVISION_FILE, weights_only=True)
        target.load_state_dict(state, strict=False)
        target = other_libraries.without_last_layer(target, shape).eval()
        seen = prepared if channels == 3 else prepared.repeat(1, 3, 1, 1)
        differences.append(other_libraries.largest_difference(wanted, other_libraries.features(target, seen)))
    check()

    save_program(Describer(packaged).eval(), channels, folder / PROGRAM)
    program = torch.export.load(folder / PROGRAM).module()
    for image, one in zip(images, wanted, strict=True):
        check()
        got = program(*_inputs(image, channels))
        differences.append(other_libraries.largest_difference(one, got[0].detach()))
    proof = Parity(len(images), 0.0, max(differences))
    if not proof.embedding < TOLERANCE:
        raise SSLStudioError(
            f"The exported network's features differ by {proof.embedding:.1e}, more than {TOLERANCE:.0e}.",
            "Nothing was exported. Please report this run.",
            code="parity",
        )
    package.write_json(folder / DESCRIPTION, description.model_dump(mode="json"))
    text = _readme(folder, description, shape, named, proof, target is not None)
    (folder / README).write_text(text, encoding="utf-8", newline="\n")
    return proof


def prepare_images(packaged: PackagedModel, images: Sequence[ParityImage]) -> Tensor:
    """Images as training and embedding prepare them: (N, C, S, S), normalised."""
    inputs = packaged.inputs
    return torch.cat(
        [
            prepare(
                torch.from_numpy(render(image.stored, image.windows)).permute(2, 0, 1).unsqueeze(0),
                inputs.image_size,
                inputs.channels,
                inputs.mean,
                inputs.std,
            )
            for image in images
        ]
    )


def save_program(module: nn.Module, channels: int, path: Path) -> None:
    """Write a module as a program of torch.export with free N, H and W, without traces of the machine that made it.

    Raises SSLStudioError (code "export_graph") for a network that is no program, OSError where it cannot be written.
    """
    dynamic = torch.export.Dim.DYNAMIC
    written = io.BytesIO()
    pixels = torch.rand(2, channels, 77, 69) * 255.0
    window = torch.tensor([[0.0, 255.0], [0.0, 200.0]])[:, None].repeat(1, channels, 1)
    try:
        with quiet():
            program = torch.export.export(
                module, (pixels, window), dynamic_shapes=({0: dynamic, 2: dynamic, 3: dynamic}, {0: dynamic})
            )
            for graph in program.graph_module.modules():
                if isinstance(graph, torch.fx.GraphModule):
                    for node in graph.graph.nodes:
                        for name in ("stack_trace", "nn_module_stack", "source_fn_stack", "from_node", "torch_fn"):
                            node.meta.pop(name, None)
            program._example_inputs = None
            torch.export.save(program, written)
    except Exception as error:
        raise SSLStudioError(
            "This backbone cannot be written as a program of PyTorch.",
            f"Export the model package. ({type(error).__name__})",
            code="export_graph",
        ) from None
    path.write_bytes(written.getbuffer())


def _inputs(image: ParityImage, channels: int) -> tuple[Tensor, Tensor]:
    pixels = torch.from_numpy(as_channels(image.stored, channels).astype("float32")).permute(2, 0, 1)[None]
    windows = image.windows if len(image.windows) == channels else image.windows * channels
    return pixels, torch.tensor([windows], dtype=torch.float32)


def _readme(
    folder: Path,
    description: BackboneDescription,
    shape: other_libraries.Shape,
    named: Named,
    proof: Parity,
    in_torchvision: bool,
) -> str:
    channels = description.in_channels
    three = " Its network takes three channels: repeat a grey image three times." if channels == 1 else ""
    lines = (
        f"```python\nimport torchvision\n\n{other_libraries.torchvision_lines(shape)}\n```" if in_torchvision else ""
    )
    files = {name: what for name, what in _WHAT.items() if name != other_libraries.TORCHVISION_FILE or in_torchvision}
    return Template(resources.text("export/BACKBONE.md")).substitute(
        model=named.model,
        licence=named.licence,
        version=__version__,
        title=table.find(description.name).title,
        channels="grey" if channels == 1 else "three channels",
        in_channels=channels,
        side=description.image_size,
        dimensions=description.feature_dim,
        images=f"{proof.images:,}",
        difference=f"{proof.embedding:.1e}",
        files="\n".join(f"| `{name}` | {what} |" for name, what in files.items()),
        timm=other_libraries.timm_line(shape),
        torchvision=f"The last layer is random and is taken off.{three}\n\n{lines}"
        if in_torchvision
        else "torchvision has no such network; use timm's.",
        mean=", ".join(f"{number:g}" for number in description.mean),
        std=", ".join(f"{number:g}" for number in description.std),
        grey=f" torchvision's network takes the {channels} channel three times."
        if channels == 1 and in_torchvision
        else "",
    )
