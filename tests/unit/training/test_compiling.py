"""Compiling the network: the same numbers under the same names, and training goes on where there is no compiler."""

from __future__ import annotations

import sys

import pytest
import torch
from torch import nn

from sslstudio.training import compiling
from tests.unit.training.conftest import Recorder


def network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(8, 4), nn.GELU(), nn.Linear(4, 2))


@pytest.mark.logs_warnings  # torch tells of what it does not find
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux compiles networks")
def test_a_compiled_network_gives_what_it_gave_and_keeps_its_names() -> None:
    before, compiled, values = network(), network(), torch.randn(3, 8)
    report = Recorder()
    as_written = compiling.compile_network(compiled, torch.device("cpu"), report)
    assert not report.warnings
    torch.testing.assert_close(compiled(values), before(values))
    compiled(values).sum().backward()
    with as_written():
        torch.testing.assert_close(compiled(values[:2]), before(values[:2]))
    assert list(compiled.state_dict()) == list(before.state_dict())


def test_without_a_compiler_training_goes_on_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("CANARY^PATIENT")

    monkeypatch.setattr(torch, "compile", broken)
    plain, report = network(), Recorder()
    with compiling.compile_network(plain, torch.device("cpu"), report)():
        assert plain(torch.randn(3, 8)).shape == (3, 2)
    assert report.warnings == ["not_compiled"]
    assert plain._compiled_call_impl is None and "CANARY" not in str(vars(report))
