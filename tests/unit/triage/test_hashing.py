"""Hashes of copies lie near each other, and the banded search finds exactly the near pairs it promises."""

from __future__ import annotations

import cv2
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from sslstudio.triage import hashing
from tests.fakes.triage_pictures import body, written


def bits_apart(left: str, right: str) -> int:
    a, b = hashing.parse([left, right])
    return int(np.bitwise_count(a ^ b).min())


def test_copies_are_near_and_others_are_not() -> None:
    picture = body(1)
    one = hashing.image_hashes(picture)
    _, packed = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 50])
    for copy in (
        cv2.imdecode(packed, cv2.IMREAD_GRAYSCALE),
        cv2.resize(picture, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA),
        np.clip(picture * 0.8 + 10, 0, 255).astype(np.uint8),
        picture[4:, 4:],
        written(picture, "DOE^JANE"),
    ):
        assert bits_apart(one, hashing.image_hashes(copy)) <= hashing.NEAR
    others = [bits_apart(one, hashing.image_hashes(body(seed))) for seed in range(2, 30)]
    assert min(others) > hashing.NEAR
    assert bits_apart(one, hashing.image_hashes(np.ascontiguousarray(picture[:, ::-1]))) > hashing.NEAR


def test_texts_and_numbers_are_one() -> None:
    text = hashing.image_hashes(body(3))
    assert len(text) == 32
    assert [f"{number:016x}" for number in hashing.parse([text])[0]] == [text[:16], text[16:]]
    assert hashing.parse([]).shape == (0, 2)


@settings(max_examples=25)
@given(
    seed=st.integers(0, 2**32),
    flips=st.lists(st.integers(0, 14), min_size=20, max_size=20),
    near=st.integers(0, 11),
    share=st.floats(0, 1),
)
def test_the_banded_search_equals_comparing_all_with_all(seed: int, flips: list[int], near: int, share: float) -> None:
    rng = np.random.default_rng(seed)
    first = rng.integers(0, 2**63, (20, 2), dtype=np.uint64)
    second = first.copy()
    for row, count in enumerate(flips):
        for bit in rng.choice(64, count, replace=False):
            second[row, row % 2] ^= np.uint64(1) << np.uint64(bit)
        second[row, 1 - row % 2] = rng.integers(0, 2**63, dtype=np.uint64)
    hashes = np.concatenate((first, second))
    fresh = rng.random(len(hashes)) < share
    found = {tuple(pair) for block in hashing.near_pairs(hashes, fresh, near) for pair in block.tolist()}
    apart = np.bitwise_count(hashes[:, None] ^ hashes[None]).min(axis=2)
    wanted = {
        (a, b)
        for a in range(len(hashes))
        for b in range(a + 1, len(hashes))
        if apart[a, b] <= near and (fresh[a] or fresh[b])
    }
    assert found == wanted
