"""Pictures for tests of the triage: bodies with structure, copies of them, text, windows of programs, test objects."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np

from sslstudio.domain.items import Item
from sslstudio.domain.runs import Job
from sslstudio.domain.specs import TriageSpec
from sslstudio.importers.pixel_cache import PixelCacheWriter
from tests.fakes.stage_context import FakeStageContext

Grey = np.ndarray[Any, np.dtype[np.uint8]]


def body(seed: int, side: int = 160) -> Grey:
    """A round body with structure of several sizes on black; another seed is another body."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:side, :side] / (side / 2) - 1
    texture = sum(
        cv2.resize(rng.normal(size=(n, n)).astype(np.float32), (side, side), interpolation=cv2.INTER_CUBIC) * weight
        for n, weight in ((5, 22), (12, 16), (30, 12))
    )
    inside = (x / rng.uniform(0.6, 0.85)) ** 2 + (y / rng.uniform(0.7, 0.9)) ** 2 < 1
    return np.clip(np.where(inside, 110 + texture, 4), 0, 255).astype(np.uint8)


def written(picture: Grey, *lines: str, scale: float = 0.5) -> Grey:
    """A copy with lines of text from the upper left corner on."""
    copy = picture.copy()
    for number, line in enumerate(lines):
        cv2.putText(copy, line, (4, 16 + 20 * number), cv2.FONT_HERSHEY_SIMPLEX, scale, 235, 1, cv2.LINE_AA)
    return copy


def window_of_a_program(side: int = 320) -> Grey:
    """A saved window: bar, panel and two pictures in frames."""
    picture = np.full((side, side), 64, np.uint8)
    picture[: side // 10] = 190
    picture[:, : side // 5] = 130
    half = (side - side // 5) // 2 - 16
    for place, seed in enumerate((1, 2)):
        left = side // 5 + 8 + place * (half + 8)
        picture[side // 4 : side // 4 + half, left : left + half] = body(seed, half)
    return picture


def disc(side: int = 128) -> Grey:
    """An even round test object with a little noise."""
    y, x = np.mgrid[:side, :side] - side / 2
    noise = np.random.default_rng(0).normal(0, 2, (side, side))
    return np.clip(np.where(np.hypot(x, y) < side * 0.36, 150 + noise, 3), 0, 255).astype(np.uint8)


def context_of(
    root: Path, pictures: list[Grey], spec: TriageSpec | None = None, **facts: list[str]
) -> FakeStageContext:
    """A triage run over these pictures (ids from 1); `facts` are lists of subject, series, part or modality."""
    job = Job(
        run_id="triage-1", stage="triage", name="t", spec=spec or TriageSpec(), created="2026-01-01T00:00:00",
        package_version="0",
    )  # fmt: skip
    context = FakeStageContext(root, job)
    with PixelCacheWriter(root / "pixels" / "import-1.bin") as cache:
        for number, picture in enumerate(pictures, 1):
            place = cache.append(np.atleast_3d(picture))
            told = {
                "subject": f"s{number}", "series": f"r{number}", "modality": "MR",
                **{name: values[number - 1] for name, values in facts.items()},
            }  # fmt: skip
            item = Item(
                image_id=number, study=told["subject"], scanner="", windows=((0, 255),), **place.model_dump(), **told
            )
            context.item_list.append(item)
    return context
