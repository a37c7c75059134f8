"""The contract's surface: what an author may import, and the defaults."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from sslstudio import api
from sslstudio.extensions.manifest import SUPPORTED_API


def test_everything_offered_is_there_and_documented() -> None:
    assert api.__all__ == sorted(api.__all__)
    for name in api.__all__:
        assert getattr(api, name) is not None
    for kind in (api.Batch, api.PretextTask, api.StepResult, api.TaskContext, api.ViewPlan):
        assert kind.__doc__


def test_host_and_contract_agree_on_the_version() -> None:
    assert api.API_VERSION == SUPPORTED_API == 1


def test_a_task_without_a_step_cannot_be_built() -> None:
    context = api.TaskContext(nn.Identity(), 8, 1, 32, 4, {}, 10)
    with pytest.raises(TypeError, match="abstract"):
        api.PretextTask(context)


def test_defaults_are_two_views_of_one_image_and_no_chance_level() -> None:
    class Task(api.PretextTask):
        def training_step(self, batch: api.Batch) -> api.StepResult:
            return api.StepResult(torch.zeros(()))

        def encoder(self) -> nn.Module:
            return self.context.backbone

    task = Task(api.TaskContext(nn.Identity(), 8, 1, 32, 4, {}, 10))
    assert task.views() == api.ViewPlan(views=2, sampling="image", augmentation="auto")
    assert task.chance_loss(4) is None
