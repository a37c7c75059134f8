"""The frozen list of images: what is written is what is read, whatever stands in the texts."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from sslstudio.domain.items import FIELDS, Item, read_items, write_items

TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=12)
ITEMS = st.builds(
    Item,
    image_id=st.integers(0, 2**53),
    subject=TEXT,
    study=TEXT,
    series=TEXT,
    modality=TEXT,
    scanner=TEXT,
    shard=TEXT,
    offset=st.integers(0, 2**53),
    height=st.integers(1, 9999),
    width=st.integers(1, 9999),
    channels=st.sampled_from((1, 3)),
    dtype=st.sampled_from(("uint8", "uint16")),
    low=st.floats(-1e6, 1e6),
    high=st.floats(-1e6, 1e6),
    label=TEXT,
    part=st.sampled_from(("", "train", "test")),
)


@given(st.lists(ITEMS, max_size=5))
def test_what_is_written_is_what_is_read(items: list[Item]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "items.csv"
        assert write_items(path, items) == len(items)
        assert read_items(path) == items


def test_a_row_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "items.csv"
    header = (
        "image_id,subject,study,series,modality,scanner,shard,offset,height,width,channels,dtype,low,high,label,part"
    )
    path.write_text(header + "\n1,a,b,c,MR,x,s.bin,0,8,8,2,uint8,0,255,,\n", encoding="utf-8")
    with pytest.raises(ValidationError):
        read_items(path)
