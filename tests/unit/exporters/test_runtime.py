"""Running a graph: channels are matched, foreign and broken graphs are refused with a sentence."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper

from sslstudio.errors import SSLStudioError
from sslstudio.exporters.runtime import Graph, as_channels


@given(value=st.integers(0, 65535))
def test_grey_in_colour_and_back_is_the_same(value: int) -> None:
    grey = np.full((2, 3, 1), value, dtype=np.uint16)
    colour = as_channels(grey, 3)
    assert colour.shape == (2, 3, 3)
    assert np.array_equal(as_channels(colour, 1), grey)


def test_colour_becomes_its_luma() -> None:
    assert as_channels(np.array([[[255, 0, 0]]], dtype=np.uint8), 1).tolist() == [[[76]]]
    assert as_channels(np.array([[[0, 255, 0]]], dtype=np.uint8), 1).tolist() == [[[150]]]


def test_same_channels_are_left_alone() -> None:
    image = np.zeros((2, 2, 3), dtype=np.uint8)
    assert as_channels(image, 3) is image


def foreign_graph() -> bytes:
    value = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1])
    out = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1])
    graph = helper.make_graph([helper.make_node("Identity", ["x"], ["y"])], "g", [value], [out])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    content: bytes = model.SerializeToString()
    return content


@pytest.mark.parametrize("content", [b"", b"not a graph", foreign_graph()])
def test_what_is_no_model_of_ours_is_refused(content: bytes) -> None:
    with pytest.raises(SSLStudioError) as caught:
        Graph(content)
    assert caught.value.code == "unusable_graph"
