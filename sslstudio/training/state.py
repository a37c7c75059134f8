"""All that a run must remember between steps, and its way into a checkpoint and back."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Literal

import torch
from pydantic import ValidationError
from torch import Tensor, nn
from torch.optim import AdamW, Optimizer

from sslstudio.domain.record import Record
from sslstudio.errors import SSLStudioError
from sslstudio.training.checkpoint import Checkpoint
from sslstudio.training.schedule import Schedule
from sslstudio.training.watching import WatchState

_MODEL, _OPTIMISER, _RANDOM = "model/", "optimiser/", "random/"


class LoopState(Record):
    """Where the run stands. `step` counts optimiser steps, `identity` tells runs with other settings apart.

    Sampler and augmentation need no state of their own: they follow from the seed and the step. `rate_scale` is
    halved by a roll-back, `accumulation` is the number of parts a batch is cut into, `seconds` the time spent.
    """

    identity: str
    schedule: Schedule
    precision: Literal["float32", "bfloat16"]
    step: int = 0
    rate_scale: float = 1.0
    accumulation: int = 1
    seconds: float = 0.0
    loss_sum: float = 0.0
    loss_count: int = 0
    watch: WatchState = WatchState()


def make_optimiser(
    task: nn.Module, learning_rate: float, weight_decay: float, pace: Callable[[str], float] = lambda name: 1.0
) -> AdamW:
    """AdamW with decay on matrices and kernels only, not on biases and normalisation.

    `pace` says for the name of each parameter by what its learning rate is multiplied.
    """
    named = {name: parameter for name, parameter in task.named_parameters() if parameter.requires_grad}
    trained = list(named.values())
    if not trained:
        raise SSLStudioError("The pretext task has nothing to train.", code="nothing_to_train")
    groups: list[dict[str, Any]] = []
    for share in dict.fromkeys(pace(name) for name in named):
        mine = [parameter for name, parameter in named.items() if pace(name) == share]
        groups.append({"params": [p for p in mine if p.ndim > 1], "weight_decay": weight_decay, "pace": share})
        groups.append({"params": [p for p in mine if p.ndim <= 1], "weight_decay": 0.0, "pace": share})
    fused = all(p.device.type in ("cpu", "cuda") for p in trained)
    return AdamW([group for group in groups if group["params"]], lr=learning_rate, fused=fused)


def pack(task: nn.Module, optimiser: Optimizer, state: LoopState) -> Checkpoint:
    """A checkpoint of everything; tensors are copies on the CPU."""
    tensors = {f"{_MODEL}{name}": _copy(tensor) for name, tensor in task.state_dict().items()}
    stored = optimiser.state_dict()
    plain: dict[str, dict[str, Any]] = {}
    for index, values in stored["state"].items():
        for name, value in values.items():
            if torch.is_tensor(value):
                tensors[f"{_OPTIMISER}{index}/{name}"] = _copy(value)
            else:
                plain.setdefault(str(index), {})[name] = value
    tensors[f"{_RANDOM}cpu"] = torch.get_rng_state()
    if torch.cuda.is_available():
        tensors[f"{_RANDOM}cuda"] = torch.cuda.get_rng_state()
    return Checkpoint(
        step=state.step,
        tensors=tensors,
        state={"loop": state.model_dump(), "groups": json.loads(json.dumps(stored["param_groups"])), "plain": plain},
    )


def unpack(checkpoint: Checkpoint, task: nn.Module, optimiser: Optimizer) -> LoopState:
    """Put a checkpoint back into `task`, `optimiser` and torch's random state; raises SSLStudioError if it misfits."""
    tensors = checkpoint.tensors
    try:
        state = LoopState.model_validate(checkpoint.state["loop"])
        task.load_state_dict(_below(tensors, _MODEL))
        values: dict[int, dict[str, Any]] = {int(index): dict(v) for index, v in checkpoint.state["plain"].items()}
        for key, tensor in _below(tensors, _OPTIMISER).items():
            index, name = key.split("/", 1)
            values.setdefault(int(index), {})[name] = tensor
        optimiser.load_state_dict({"state": values, "param_groups": checkpoint.state["groups"]})
    except (KeyError, ValueError, RuntimeError, ValidationError):
        raise SSLStudioError(
            "The run cannot be resumed: its checkpoint belongs to other settings or another version.",
            "Start a new run.",
            code="checkpoint_misfit",
        ) from None
    _restore_layout(optimiser)
    torch.set_rng_state(tensors[f"{_RANDOM}cpu"])
    if torch.cuda.is_available() and f"{_RANDOM}cuda" in tensors:
        torch.cuda.set_rng_state(tensors[f"{_RANDOM}cuda"])
    return state


def _copy(tensor: Tensor) -> Tensor:
    return tensor.detach().to("cpu", copy=True).contiguous(memory_format=torch.contiguous_format)


def _below(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}


def _restore_layout(optimiser: Optimizer) -> None:
    """Moments in their parameter's memory layout: fused kernels walk both side by side."""
    for parameter, values in optimiser.state.items():
        for name, value in values.items():
            if torch.is_tensor(value) and value.shape == parameter.shape:
                values[name] = torch.empty_like(parameter, requires_grad=False).copy_(value)
