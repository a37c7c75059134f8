"""The one resize: equal to torch's antialiased resize on squares, centred otherwise, exportable with dynamic shapes."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from sslstudio.augment.resample import fit_square


@pytest.mark.parametrize(("side", "size"), [(224, 64), (64, 64), (37, 64), (500, 96), (17, 16)])
def test_square_images_equal_torch_antialiased_interpolation(side: int, size: int) -> None:
    images = torch.rand(2, 3, side, side, generator=torch.Generator().manual_seed(0))
    reference = nn.functional.interpolate(images, (size, size), mode="bilinear", antialias=True, align_corners=False)
    assert (fit_square(images, size) - reference).abs().max() < 2e-5


def test_aspect_is_kept_and_the_rest_is_black() -> None:
    wide = torch.ones(1, 1, 40, 80)
    fitted = fit_square(wide, 64)
    assert fitted.shape == (1, 1, 64, 64)
    assert torch.equal(fitted[:, :, :16], torch.zeros(1, 1, 16, 64))
    assert torch.equal(fitted[:, :, 48:], torch.zeros(1, 1, 16, 64))
    assert torch.allclose(fitted[:, :, 16:48], torch.ones(1, 1, 32, 64))
    assert torch.allclose(fit_square(wide.transpose(2, 3), 64), fitted.transpose(2, 3))


def test_eight_bit_pixels_keep_their_range() -> None:
    images = torch.full((1, 1, 30, 20), 255, dtype=torch.uint8)
    fitted = fit_square(images, 16)
    assert fitted.dtype == torch.float32
    assert float(fitted.max()) == pytest.approx(255.0, abs=1e-3)


@settings(max_examples=60, deadline=None)
@given(height=st.integers(1, 90), width=st.integers(1, 90), size=st.integers(16, 48), seed=st.integers(0, 99))
def test_any_shape_gives_finite_pixels_within_the_input_range(height: int, width: int, size: int, seed: int) -> None:
    images = torch.rand(1, 1, height, width, generator=torch.Generator().manual_seed(seed))
    fitted = fit_square(images, size)
    assert fitted.shape == (1, 1, size, size)
    assert bool(torch.isfinite(fitted).all())
    assert float(fitted.min()) >= 0.0
    assert float(fitted.max()) <= float(images.max()) + 1e-5


class _Fit(nn.Module):
    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        return fit_square(pixels, 32)


def test_exports_with_dynamic_shapes() -> None:
    dynamic = {0: torch.export.Dim("n", min=1), 2: torch.export.Dim("h", min=2), 3: torch.export.Dim("w", min=2)}
    program = torch.export.export(_Fit(), (torch.rand(2, 1, 40, 50),), dynamic_shapes={"pixels": dynamic})
    for shape in ((1, 1, 33, 20), (3, 1, 16, 64), (2, 1, 70, 70)):
        images = torch.rand(*shape)
        assert torch.allclose(program.module()(images), fit_square(images, 32), atol=1e-6)
