"""The exported graph: any batch and size, equal to torch and the 8-bit picture, nothing of the machine inside."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import helper
from torch import nn

from sslstudio.backbones.build import build as build_backbone
from sslstudio.backbones.build import feature_dimension
from sslstudio.backbones.table import find
from sslstudio.exporters import onnx_graph, reference
from sslstudio.exporters.onnx_graph import Head, Input, PackagedModel
from sslstudio.exporters.parity import ParityImage
from sslstudio.exporters.runtime import Graph
from sslstudio.importers.windowing import to_uint8

SHAPES = [(1, 32, 32), (3, 80, 45), (1, 33, 201), (2, 64, 64), (1, 1, 9), (1, 300, 260)]


def packaged(name: str, channels: int, size: int = 64, classes: int = 3) -> PackagedModel:
    dimensions = feature_dimension(name)
    rng = np.random.default_rng(0)
    mean, std = find(name).normalisation(channels)
    head = Head(
        coef=rng.normal(size=(classes, dimensions)) / np.sqrt(dimensions),
        intercept=rng.normal(size=classes),
        mean=rng.normal(size=dimensions),
        scale=rng.uniform(0.5, 2.0, size=dimensions),
        temperature=1.4,
    )
    return PackagedModel(build_backbone(name, channels, size), head, Input(channels, size, mean, std)).eval()


@pytest.mark.slow
@pytest.mark.parametrize(("name", "channels"), [("resnet18", 1), ("resnet18", 3), ("vit_tiny", 1), ("vit_tiny", 3)])
def test_equal_to_the_project_for_any_batch_and_size(name: str, channels: int) -> None:
    model = packaged(name, channels)
    graph = Graph(onnx_graph.build(model).SerializeToString())
    rng = np.random.default_rng(1)
    for count, height, width in SHAPES:
        images = [rng.integers(0, 4096, (height, width, channels), dtype=np.uint16) for _ in range(count)]
        windows = [tuple((100.0 + i + 9 * c, 3000.5 - 40 * i) for c in range(channels)) for i in range(count)]
        probabilities, embedding = graph.score(images, windows)
        assert probabilities.shape == (count, 3)
        assert np.allclose(probabilities.sum(axis=1), 1.0, atol=1e-5)
        for i, (image, seen) in enumerate(zip(images, windows, strict=True)):
            wanted, vector = reference.score(model, ParityImage(image, seen))
            assert np.abs(probabilities[i] - wanted).max() < 1e-4
            assert np.abs(embedding[i] - vector).max() < 1e-3


class _Mean(nn.Module):
    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return images.mean(dim=(2, 3))


def tiny(channels: int = 1, size: int = 16) -> PackagedModel:
    head = Head(
        np.array([[1.0] * channels, [-1.0] * channels]), np.zeros(2), np.zeros(channels), np.ones(channels), 1.0
    )
    return PackagedModel(_Mean(), head, Input(channels, size, [0.0] * channels, [1.0] * channels)).eval()


@pytest.fixture(scope="module")
def tiny_graph() -> Graph:
    return Graph(onnx_graph.build(tiny()).SerializeToString())


@pytest.mark.parametrize(("low", "high"), [(0.0, 255.0), (30.0, 180.0), (40.5, 41.5), (90.0, 90.0), (200.0, 100.0)])
def test_the_window_gives_the_pictures_eight_bit_steps(tiny_graph: Graph, low: float, high: float) -> None:
    for value in (0, 29, 41, 90, 91, 128, 255):
        image = np.full((16, 16, 1), value, dtype=np.uint8)
        _, embedding = tiny_graph.score([image], [((low, high),)])
        assert embedding[0, 0] * 255 == pytest.approx(to_uint8(image, low, high).mean(), abs=1e-3)


def test_three_windows_of_a_grey_image_are_its_three_channels() -> None:
    """A CT of 16 bit in HU + 1024, seen as lung, soft tissue and bone; the means by hand."""
    graph = Graph(onnx_graph.build(tiny(3)).SerializeToString())
    stored = np.full((16, 16, 1), 1024 + 60, dtype=np.uint16)
    windows = ((-1350.0 + 1024, 150.0 + 1024), (-160.0 + 1024, 240.0 + 1024), (-500.0 + 1024, 1300.0 + 1024))
    _, embedding = graph.score([stored], [windows])
    expected = [round(1410 / 1500 * 255), round(220 / 400 * 255), round(560 / 1800 * 255)]
    assert embedding[0] * 255 == pytest.approx(expected, abs=1e-3)
    _, wanted = reference.score(tiny(3), ParityImage(stored, windows))
    assert embedding[0] == pytest.approx(wanted, abs=1e-6)
    with pytest.raises(ValueError, match="one for each channel"):
        Graph(onnx_graph.build(tiny(1)).SerializeToString()).score([stored], [windows])


def test_nothing_of_the_machine_is_left_in_the_file(tmp_path: Path, root: Path) -> None:
    proto = onnx_graph.build(tiny(3))
    onnx_graph.save(proto, tmp_path / "model.onnx")
    content = (tmp_path / "model.onnx").read_bytes()
    for trace in (b".py", b"stack_trace", b"nn_module", b"PackagedModel", b"sslstudio", str(root).encode(), b'File "'):
        assert trace not in content
    again = onnx.load(tmp_path / "model.onnx")
    assert [entry.name for entry in again.graph.input] == ["pixels", "window"]
    assert [entry.name for entry in again.graph.output] == ["probabilities", "embedding"]
    free = [[d.dim_param or d.dim_value for d in e.type.tensor_type.shape.dim] for e in again.graph.input]
    assert free == [["N", 3, "H", "W"], ["N", 3, 2]]
    assert again.opset_import[0].version >= 18


def test_clean_reaches_every_corner_of_a_graph() -> None:
    inner = helper.make_graph([helper.make_node("Identity", ["x"], ["y"], doc_string="canary")], "inner", [], [])
    outer = helper.make_node("If", ["c"], ["z"], then_branch=inner, else_branch=inner, doc_string="canary")
    weight = helper.make_tensor("w", onnx.TensorProto.FLOAT, [1], [1.0])
    weight.doc_string = "canary"
    graph = helper.make_graph([outer], "outer", [], [], initializer=[weight], doc_string="canary")
    model = helper.make_model(graph, doc_string="canary")
    for owner in (model, model.graph, model.graph.node[0], model.graph.initializer[0]):
        entry = owner.metadata_props.add()
        entry.key, entry.value = "canary", "canary"
    function = helper.make_function("d", "f", ["a"], ["b"], [outer], [helper.make_opsetid("", 18)])
    function.doc_string = "canary"
    model.functions.append(function)
    onnx_graph.clean(model)
    assert b"canary" not in model.SerializeToString()


def test_weights_carry_backbone_head_and_normalisation() -> None:
    tensors = onnx_graph.tensors(packaged("resnet18", 1))
    assert {name.split(".")[0] for name in tensors} == {"backbone", "head", "pixel"}
    assert tensors["head.coef"].shape == (3, 512)
    assert all(value.is_contiguous() for value in tensors.values())
