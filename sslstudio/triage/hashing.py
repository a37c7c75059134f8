"""Perceptual hashes of pictures and the pairs among many that lie near each other, without comparing all with all.

A hash says whether each of the 64 lowest frequencies of the cosine transform is above their median (pHash; Zauner
2010). An image has two: of the whole picture and of its content, so that a cut border or an overlay leaves one alike.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from sslstudio.triage.pictures import Picture, framed

Hashes = NDArray[np.uint64]
"""(N, 2): of the whole picture and of its content."""

NEAR = 10
"""Bits of 64 that may differ between candidates."""
_BANDS = 4
_BAND_BITS = 16
_BLOCK = 2_000_000


def perceptual_hash(picture: Picture) -> int:
    """The 64-bit hash of a grey picture (H, W)."""
    small = cv2.resize(picture, (32, 32), interpolation=cv2.INTER_AREA).astype(np.float32)
    low = cv2.dct(small)[:8, :8].flatten()
    low[0] = low[1:].mean()  # the mean brightness says nothing
    bits = low > np.median(low)
    return int.from_bytes(np.packbits(bits).tobytes(), "big")


def image_hashes(picture: Picture) -> str:
    """Both hashes of a grey picture (H, W) as 32 hex digits."""
    return f"{perceptual_hash(picture):016x}{perceptual_hash(framed(picture)):016x}"


def parse(texts: list[str]) -> Hashes:
    """(N, 2) from N texts of 32 hex digits."""
    return np.array([(int(text[:16], 16), int(text[16:], 16)) for text in texts], np.uint64).reshape(-1, 2)


def near_pairs(
    hashes: Hashes, fresh: NDArray[np.bool_], near: int = NEAR, check: Callable[[], None] = lambda: None
) -> Iterator[NDArray[np.int64]]:
    """Pairs (M, 2) of rows, the lower first, of which at least one is `fresh` and one hash differs in <= `near` bits.

    Two hashes that differ in so few bits agree, but for at most `near // 4` bits, in one of four bands of 16 bits:
    rows are sorted by a band and looked up with those bits turned, so the work grows with the number of rows and of
    lookalikes, not with its square. A pair may come more than once. `check` is called between blocks.
    """
    patterns = _patterns(near // _BANDS)
    for column in range(hashes.shape[1]):
        values = hashes[:, column]
        for band in range(_BANDS):
            keys = ((values >> np.uint64(band * _BAND_BITS)) & np.uint64(0xFFFF)).astype(np.int64)
            order = np.argsort(keys, kind="stable")
            starts = np.searchsorted(keys[order], np.arange((1 << _BAND_BITS) + 1))
            for pattern in patterns:
                check()
                yield from _band_pairs(values, fresh, keys, order, starts, pattern, near)


def _patterns(most: int) -> list[int]:
    """All 16-bit words with at most `most` (0 to 2) bits set."""
    words = [0]
    if most >= 1:
        words += [1 << n for n in range(_BAND_BITS)]
    if most >= 2:
        words += [(1 << m) | (1 << n) for m in range(_BAND_BITS) for n in range(m)]
    return words


def _band_pairs(
    values: NDArray[np.uint64],
    fresh: NDArray[np.bool_],
    keys: NDArray[np.int64],
    order: NDArray[np.int64],
    starts: NDArray[np.int64],
    pattern: int,
    near: int,
) -> Iterator[NDArray[np.int64]]:
    """Pairs of rows whose bands differ exactly by `pattern`, in blocks of bounded memory."""
    rows = np.flatnonzero(fresh)
    wanted = keys[rows] ^ pattern
    begin, counts = starts[wanted], starts[wanted + 1] - starts[wanted]
    rows, begin, counts = rows[counts > 0], begin[counts > 0], counts[counts > 0]
    total = np.cumsum(counts)
    at = 0
    while at < len(rows):
        done = total[at - 1] if at else 0
        end = max(at + 1, int(np.searchsorted(total, done + _BLOCK, side="right")))
        left = np.repeat(rows[at:end], counts[at:end])
        inside = np.arange(len(left)) - np.repeat(total[at:end] - counts[at:end] - done, counts[at:end])
        right = order[np.repeat(begin[at:end], counts[at:end]) + inside]
        close = np.bitwise_count(values[left] ^ values[right]) <= near
        close &= (left < right) | ((left > right) & ~fresh[right])
        if close.any():
            yield np.sort(np.stack((left[close], right[close]), axis=1), axis=1)
        at = end
