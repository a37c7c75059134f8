"""A model as a MONAI bundle: configuration, weights under timm's names, and the reading of files as it was trained."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from importlib import metadata
from pathlib import Path
from string import Template
from typing import Any

import numpy as np
import torch
from torch import nn

from sslstudio import __version__, resources
from sslstudio.augment import resample
from sslstudio.backbones import table
from sslstudio.backbones.backbone_file import BackboneDescription
from sslstudio.exporters import backbone_folder, other_libraries, package, parity, reference
from sslstudio.exporters.card_sections import value
from sslstudio.exporters.onnx_graph import Head, PackagedModel
from sslstudio.exporters.other_libraries import Shape
from sslstudio.exporters.parity import Floats, Parity, ParityImage

WEIGHTS, METADATA, INFERENCE = "models/model.pt", "configs/metadata.json", "configs/inference.json"
SCHEMA = "https://github.com/Project-MONAI/MONAI-extra-test-data/releases/download/0.8.1/meta_schema_20240725.json"
_FOLDERS = ("configs", "docs", "models", "scripts")


def write(
    folder: Path,
    packaged: PackagedModel,
    description: BackboneDescription,
    model: dict[str, Any],
    scores: Mapping[str, Any] | None,
    images: Sequence[ParityImage],
    check: Callable[[], None] = lambda: None,
) -> Parity:
    """Write all of the bundle but its cards, rules and checksums, and hold its network beside the project's model.

    Raises SSLStudioError with code "parity" when the network says otherwise.
    """
    for name in _FOLDERS:
        (folder / name).mkdir(parents=True, exist_ok=True)
    classes = [str(name) for name in model["classes"]]
    shape = other_libraries.shape_of(
        packaged.backbone, description.name, description.in_channels, description.image_size
    )
    torch.save(_with_head(packaged, shape, len(classes)).state_dict(), folder / WEIGHTS)
    network = other_libraries.timm_network(shape, len(classes)).eval()
    network.load_state_dict(torch.load(folder / WEIGHTS, weights_only=True))

    def exported(image: ParityImage) -> tuple[Floats, Floats]:
        check()
        logits = other_libraries.features(network, backbone_folder.prepare_images(packaged, [image]))
        probabilities: Floats = torch.softmax(logits, dim=1)[0].numpy()
        return probabilities, np.zeros(1)

    def wanted(image: ParityImage) -> tuple[Floats, Floats]:
        return reference.score(packaged, image)[0], np.zeros(1)

    proof = parity.compare(wanted, exported, images)
    config = json.loads(resources.text("export/monai/inference.json"))
    entry = table.find(description.name)
    options = {"num_classes": len(classes), "pretrained": False, **shape.timm_options}
    config["network_def"] = {"_target_": "timm.create_model", "model_name": entry.model, **options}
    package.write_json(folder / INFERENCE, config)
    package.write_json(folder / METADATA, _metadata(description, model["model_id"], classes, scores))
    _write_scripts(folder / "scripts", description, classes)
    text = Template(resources.text("export/monai/README.md")).substitute(
        model=model["model_id"],
        class_count=len(classes),
        class_names=", ".join(classes),
        images=f"{proof.images:,}",
        difference=f"{proof.probability:.1e}",
    )
    (folder / "docs" / "README.md").write_text(text, encoding="utf-8", newline="\n")
    return proof


def _with_head(packaged: PackagedModel, shape: Shape, classes: int) -> nn.Module:
    """timm's network with the classifier as its last layer: standardisation and temperature folded into it."""
    network = other_libraries.timm_network(shape, classes)
    network.load_state_dict(packaged.backbone.state_dict(), strict=False)
    last: nn.Linear = network.get_classifier()  # type: ignore[operator]
    weight, bias = _folded(packaged.head)
    with torch.no_grad():
        last.weight.copy_(torch.from_numpy(weight))
        last.bias.copy_(torch.from_numpy(bias))
    return network


def _folded(head: Head) -> tuple[Floats, Floats]:
    """Weight (K, D) and bias (K,) that give the calibrated logits straight from an embedding."""
    weight = head.coef / head.scale / head.temperature
    return weight, head.intercept / head.temperature - weight @ head.mean


def _metadata(
    description: BackboneDescription, model_id: str, classes: Sequence[str], scores: Mapping[str, Any] | None
) -> dict[str, Any]:
    side, channels = description.image_size, description.in_channels
    measured = (scores or {}).get("balanced_accuracy")
    return {
        "schema": SCHEMA,
        "version": "0.1.0",
        "changelog": {"0.1.0": f"exported by SSL Studio {__version__}"},
        "monai_version": metadata.version("monai"),
        "pytorch_version": torch.__version__.partition("+")[0],
        "numpy_version": np.__version__,
        "required_packages_version": {name: metadata.version(name) for name in ("timm", "pydicom", "pillow")},
        "name": model_id,
        "task": f"Classification of images into {len(classes)} classes",
        "description": f"{table.find(description.name).title} with a linear classifier. Research use only.",
        "authors": "to be filled in by the authors",
        "copyright": "to be filled in by the authors",
        "data_type": "dicom or raster",
        "intended_use": "Research use only. Not a medical device.",
        "eval_metrics": {"balanced_accuracy": value(measured)} if measured else {},
        "network_data_format": {
            "inputs": {
                "image": {
                    "type": "image",
                    "format": "magnitude",
                    "num_channels": channels,
                    "spatial_shape": [side, side],
                    "dtype": "float32",
                    "value_range": [],
                    "is_patch_data": False,
                    "channel_def": {str(n): "image" for n in range(channels)},
                }
            },
            "outputs": {
                "pred": {
                    "type": "probabilities",
                    "format": "classification",
                    "num_channels": len(classes),
                    "spatial_shape": [],
                    "dtype": "float32",
                    "value_range": [],
                    "is_patch_data": False,
                    "channel_def": {str(n): name for n, name in enumerate(classes)},
                }
            },
        },
    }


def _write_scripts(folder: Path, description: BackboneDescription, classes: Sequence[str]) -> None:
    (folder / "__init__.py").write_text("", encoding="utf-8")
    shutil.copyfile(resources.path("export/monai/prepare.py"), folder / "prepare.py")
    shutil.copyfile(resources.path("export/read_image.py"), folder / "read_image.py")
    shutil.copyfile(resample.__file__, folder / "resample.py")
    look = {
        "classes": list(classes),
        "image_size": description.image_size,
        "mean": list(description.mean),
        "std": list(description.std),
    }
    package.write_json(folder / "look.json", look)
