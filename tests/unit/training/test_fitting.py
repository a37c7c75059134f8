"""Making a training fit: the least costly change first, told in a sentence, and never a false promise."""

from __future__ import annotations

import pytest

from sslstudio.domain.specs import PretrainSpec
from sslstudio.training.fitting import Demand, make_it_fit

SPEC = PretrainSpec(batch_size=256, image_size=128)
DEMAND = Demand(SPEC, base=1e9, per_image=1e7)


def fit(room: float, *, compares: bool = True, transformer: bool = False) -> tuple[PretrainSpec, list[str]] | None:
    return make_it_fit(DEMAND, room, compares=compares, transformer=transformer, smallest_image=32)


def test_what_fits_stays_as_it_is() -> None:
    assert fit(4e9) == (SPEC, [])


def test_a_method_that_compares_gets_a_smaller_batch_then_smaller_images() -> None:
    batch = fit(2.5e9)
    assert batch is not None
    assert (batch[0].batch_size, batch[0].image_size, batch[0].accumulation) == (128, 128, 1)
    both = fit(1.3e9)
    assert both is not None
    assert (both[0].batch_size, both[0].image_size) == (64, 64)
    assert len(both[1]) == 2


def test_a_method_that_does_not_compare_is_computed_in_parts() -> None:
    found = fit(1.3e9, compares=False)
    assert found is not None
    assert (found[0].batch_size, found[0].image_size, found[0].accumulation) == (256, 128, 16)


def test_a_transformer_first_computes_twice() -> None:
    found = fit(2.5e9, transformer=True)
    assert found is not None
    assert found[0] == SPEC.model_copy(update={"checkpointing": True})


@pytest.mark.parametrize("compares", [True, False])
@pytest.mark.parametrize("room", [1.02e9, 1.1e9, 1.5e9, 2e9, 3e9, 3.6e9])
def test_what_is_promised_fits(compares: bool, room: float) -> None:
    found = fit(room, compares=compares)
    assert found is None or DEMAND.of(found[0]) <= room


def test_nothing_is_promised_below_what_is_needed_in_any_case() -> None:
    assert fit(0.9e9) is None


def test_volumes_lose_batch_then_slices_then_size() -> None:
    spec = PretrainSpec(backbone="resnet10_3d", batch_size=16, image_size=64, depth=32)
    demand = Demand(spec, base=1e9, per_image=1e8)

    def fitted(room: float) -> tuple[tuple[int, int, int], list[str]]:
        found = make_it_fit(demand, room, compares=True, transformer=False, smallest_image=32)
        assert found is not None and demand.of(found[0]) <= room
        return (found[0].batch_size, found[0].depth, found[0].image_size), found[1]

    assert fitted(2e9) == ((8, 32, 64), [fitted(2e9)[1][0]]) and "volumes" in fitted(2e9)[1][0]
    assert fitted(1.5e9)[0] == (8, 16, 64) and "16 instead of 32 slices" in fitted(1.5e9)[1][1]
    assert fitted(1.25e9)[0] == (8, 16, 48)
    assert fitted(1.06e9)[0] == (4, 16, 32)
