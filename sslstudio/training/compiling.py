"""`torch.compile` for the network of a run, where the user asks for it; what cannot be compiled trains as it is."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager

import torch
from torch import Tensor, nn

from sslstudio.training.reporter import Reporter

Pause = Callable[[], AbstractContextManager[object]]


def compile_network(network: nn.Module, device: torch.device, report: Reporter) -> Pause:
    """Let `network` be compiled at its first step, or warn that this computer cannot; its weights keep their names.

    Returns a context in which it runs as written: measuring it on other numbers of images would compile it anew.
    """
    if sys.platform != "linux" or not _compiler_works(device):
        report.warn(
            "not_compiled",
            "The network was not compiled: there is no working compiler for it on this computer. Training goes on.",
            "On Linux install g++; with a graphics card also Triton.",
        )
        return contextlib.nullcontext
    network.compile()
    return lambda: torch.compiler.set_stance("force_eager")


def _compiler_works(device: torch.device) -> bool:
    def twice(values: Tensor) -> Tensor:
        return values.sin() * 2

    try:
        torch.compile(twice)(torch.zeros(8, device=device))
    except Exception:  # whatever a compiler that is missing or broken raises
        return False
    return True
