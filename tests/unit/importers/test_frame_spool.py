"""Frames of one file come back as they went in, whether they stayed in memory or not."""

from __future__ import annotations

import numpy as np
import pytest

from sslstudio.importers import frame_spool
from sslstudio.importers.decoding import FrameFacts
from sslstudio.importers.frame_spool import FrameSpool, ReceivedFrame


def frame(index: int, side: int = 8) -> ReceivedFrame:
    pixels = np.full((side, side + 1, 1), index, np.uint16 if index % 2 else np.uint8)
    return ReceivedFrame(index, FrameFacts(view=str(index)), f"{index:064x}", True, pixels, b"jpeg%d" % index)


def test_frames_beyond_the_limit_are_kept_on_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frame_spool, "IN_MEMORY", 300)
    spool = FrameSpool()
    made = [frame(number) for number in range(10)]
    for one in made:
        spool.append(one)
    assert len(spool) == 10 and spool.nbytes == sum(one.pixels.nbytes for one in made)
    assert sum(one.pixels.nbytes for one in spool._frames) <= 300
    for _ in range(2):
        for found, one in zip(spool, made, strict=True):
            assert (found.pixels == one.pixels).all() and found.pixels.dtype == one.pixels.dtype
            assert (found.index, found.facts, found.jpeg) == (one.index, one.facts, one.jpeg)
    assert spool[-1].index == 9 and [one.index for one in spool[2:8:3]] == [2, 5]
    with pytest.raises(IndexError):
        spool[10]


def test_few_frames_need_no_file() -> None:
    spool = FrameSpool()
    spool.append(frame(1))
    assert spool._file is None and (spool[0].pixels == 1).all()
