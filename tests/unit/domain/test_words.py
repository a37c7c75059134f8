"""Shares in words: rounded, but never to all or nothing where that is not so."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sslstudio.domain.words import percent


@pytest.mark.parametrize(
    ("share", "digits", "said"),
    [
        (0.984, 0, "98 %"), (1.0, 0, "100 %"), (0.9999, 0, ">99 %"), (0.0, 0, "0 %"), (0.004, 0, "<1 %"),
        (0.0461, 1, "4.6 %"), (0.9999, 1, ">99.9 %"), (0.0001, 1, "<0.1 %"), (1.25, 0, "125 %"),
    ],
)  # fmt: skip
def test_shares(share: float, digits: int, said: str) -> None:
    assert percent(share, digits) == said


@given(st.floats(0, 1))
def test_all_and_nothing_are_said_only_when_they_are_so(share: float) -> None:
    assert (percent(share) == "100 %") == (share == 1) and (percent(share) == "0 %") == (share == 0)
