"""Maps of where a classifier looked: the published formulas, the right place, and the check by random weights."""

from __future__ import annotations

import pytest
import timm
import torch
from torch import Tensor, nn

from sslstudio.backbones import saliency


class Staged(nn.Module):
    """Two stages of a ResNet's names; at 32 px their maps have 16 and 8 fields a side."""

    def __init__(self) -> None:
        super().__init__()
        self.layer1 = nn.Sequential(nn.Conv2d(1, 4, 3, stride=2, padding=1), nn.ReLU())
        self.layer2 = nn.Sequential(nn.Conv2d(4, 6, 3, stride=2, padding=1), nn.ReLU())

    def forward(self, images: Tensor) -> Tensor:
        return self.layer2(self.layer1(images)).mean(dim=(2, 3))


def head(features: Tensor) -> Tensor:
    return torch.stack([features.sum(dim=1), -features.sum(dim=1)], dim=1)


def test_a_map_follows_what_the_class_follows() -> None:
    torch.manual_seed(0)
    network = Staged().eval()
    with torch.no_grad():
        for one in network.parameters():
            one.abs_()
    image = torch.zeros(1, 1, 32, 32)
    image[..., 4:12, 20:28] = 1.0
    found, depth = saliency.grad_cam(network, head, image, 0)
    assert found.shape == (8, 8) and depth == 1 and float(found.max()) == 1.0
    row, column = divmod(int(found.argmax()), 8)
    assert 1 <= row <= 2 and 5 <= column <= 6
    against, _ = saliency.grad_cam(network, head, image, 1)
    assert not against.any()  # nothing speaks for the other class
    shallow, depth = saliency.grad_cam(network, head, torch.rand(1, 1, 16, 16), 0)
    assert shallow.shape == (8, 8) and depth == 2  # the last map has too few fields


@pytest.mark.slow
def test_it_is_the_map_of_monai() -> None:
    from monai.visualize.class_activation_maps import GradCAM

    torch.manual_seed(1)
    network = Staged().eval()
    whole = nn.Sequential(network, nn.Linear(6, 3)).eval()
    image = torch.rand(1, 1, 32, 32)
    compared = 0
    for number in range(3):
        expected = GradCAM(whole, "0.layer2").compute_map(image, class_idx=number)[0, 0].detach()
        ours, _ = saliency.grad_cam(network, whole[1], image, number)
        span = expected.max() - expected.min()
        if float(span):
            compared += 1
            assert torch.allclose(ours, (expected - expected.min()) / span, atol=1e-5)
    assert compared


def test_rollout_follows_the_class_token_through_all_blocks() -> None:
    torch.manual_seed(0)
    network = timm.create_model("test_vit", in_chans=1, num_classes=0, img_size=64, patch_size=8).eval()
    image = torch.rand(1, 1, 64, 64)
    before = network(image)
    found = saliency.rollout(network, image)
    assert found.shape == (8, 8) and float(found.min()) == 0.0 and float(found.max()) == 1.0
    assert torch.equal(network(image), before) and all(block.attn.fused_attn for block in network.blocks)
    tokens = torch.eye(network.num_prefix_tokens + 64)
    with torch.no_grad(), saliency._attention(network) as seen:
        network(image)
    for weights in seen:
        mixed = (weights.mean(dim=1)[0] + torch.eye(len(tokens))) / 2
        tokens = mixed @ tokens
    assert torch.allclose(tokens.sum(dim=1), torch.ones(len(tokens)), atol=1e-5)
    patches = tokens[0, network.num_prefix_tokens :].reshape(8, 8)
    assert saliency.likeness(found, patches) > 0.999


def test_likeness_is_that_of_ranks() -> None:
    one = torch.arange(16.0).reshape(4, 4)
    assert saliency.likeness(one, one.exp()) == pytest.approx(1.0)
    assert saliency.likeness(one, -one) == pytest.approx(1.0)
    assert saliency.likeness(one, torch.ones(4, 4)) == 0.0
    torch.manual_seed(0)
    assert saliency.likeness(torch.rand(16, 16), torch.rand(16, 16)) < 0.2
