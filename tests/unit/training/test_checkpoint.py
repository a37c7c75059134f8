"""Checkpoints: complete or absent, cut and flipped files are seen, two are kept."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from sslstudio.errors import SSLStudioError
from sslstudio.training import checkpoint
from sslstudio.training.checkpoint import Checkpoint


def make(step: int) -> Checkpoint:
    generator = torch.Generator().manual_seed(step)
    tensors = {
        "model/kernel": torch.randn(4, 3, 3, 3, generator=generator).to(memory_format=torch.channels_last),
        "model/count": torch.tensor(step),
        "empty": torch.empty(0),
        "half": torch.randn(5, generator=generator).to(torch.bfloat16),
        "random/cpu": torch.arange(20, dtype=torch.uint8),
    }
    return Checkpoint(step, tensors, {"loop": {"rate": 0.1 + 0.2, "name": "ä"}})


def test_what_was_saved_comes_back_exactly(tmp_path: Path) -> None:
    checkpoint.save(tmp_path, make(7))
    found, damaged = checkpoint.load_newest(tmp_path)
    assert found is not None
    assert (found.step, found.state, damaged) == (7, make(7).state, 0)
    for name, tensor in make(7).tensors.items():
        assert torch.equal(found.tensors[name], tensor)
        assert found.tensors[name].dtype == tensor.dtype


def test_two_are_kept_and_no_partial_file(tmp_path: Path) -> None:
    for step in (1, 2, 10, 30):
        checkpoint.save(tmp_path, make(step))
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "checkpoint-000000010.safetensors",
        "checkpoint-000000030.safetensors",
    ]


@given(share=st.floats(0, 0.999), flip=st.booleans(), bit=st.integers(0, 7))
def test_a_cut_or_flipped_file_gives_way_to_the_one_before(
    tmp_path_factory: pytest.TempPathFactory, share: float, flip: bool, bit: int
) -> None:
    folder = tmp_path_factory.mktemp("checkpoints")
    checkpoint.save(folder, make(1))
    path = checkpoint.save(folder, make(2))
    content = bytearray(path.read_bytes())
    place = int(share * len(content))
    if flip:
        content[place] ^= 1 << bit
    else:
        del content[place:]
    path.write_bytes(content)
    found, damaged = checkpoint.load_newest(folder)
    assert found is not None
    if damaged:
        assert (found.step, damaged) == (1, 1)
    else:  # a flip in the header's padding changes nothing
        assert all(torch.equal(found.tensors[name], tensor) for name, tensor in make(2).tensors.items())


def test_nothing_non_finite_is_ever_written(tmp_path: Path) -> None:
    bad = Checkpoint(1, {"x": torch.tensor([1.0, float("nan")])}, {})
    with pytest.raises(SSLStudioError) as caught:
        checkpoint.save(tmp_path, bad)
    assert caught.value.code == "non_finite"
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_refuses_is_one_sentence_and_leaves_the_old(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpoint.save(tmp_path, make(1))

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device: /secret")

    monkeypatch.setattr(checkpoint.os, "fsync", full)
    with pytest.raises(SSLStudioError) as caught:
        checkpoint.save(tmp_path, make(2))
    assert caught.value.code == "not_saved"
    assert "secret" not in str(caught.value)
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint-000000001.safetensors"]


def test_an_empty_folder_has_none(tmp_path: Path) -> None:
    assert checkpoint.load_newest(tmp_path / "nothing") == (None, 0)
