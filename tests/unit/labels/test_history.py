"""The lines of the label history: exact round trip, every damaged bit seen, replay equal to living through it."""

from __future__ import annotations

import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sslstudio.domain.labels import AddClass, ClassInfo, Label, LabelCommand, SetLabels
from sslstudio.errors import SSLStudioError
from sslstudio.labels import Entry, LabelHistory, decode, encode
from sslstudio.labels.history import follows, intact, mark, sequence_number

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


def labelled(image_id: int, class_id: int) -> SetLabels:
    return SetLabels(labels=((image_id, Label(image_id=image_id, mark="class", class_id=class_id)),))


ENTRIES = st.builds(
    Entry,
    seq=st.integers(1, 10**9),
    previous=st.sampled_from(["00000000", "deadbeef"]),
    at=TEXTS,
    author=TEXTS,
    how=st.sampled_from(["do", "undo", "redo"]),
    command=st.one_of(
        st.builds(labelled, st.integers(1, 10**9), st.integers(1, 99)),
        st.builds(AddClass, info=st.builds(ClassInfo, class_id=st.just(1), name=TEXTS, colour=TEXTS)),
    ),
)


@given(ENTRIES)
def test_a_line_comes_back_as_it_went_in_and_holds_no_line_end(entry: Entry) -> None:
    line = encode(entry)
    assert b"\n" not in line and intact(line)
    assert decode(line) == entry
    assert sequence_number(line) == entry.seq
    assert follows(line, entry.previous) and not follows(line, "12345678")
    assert mark(line) == json.loads(line)["crc"]


@given(ENTRIES, st.data())
def test_any_flipped_bit_and_any_cut_are_seen(entry: Entry, data: st.DataObject) -> None:
    line = encode(entry)
    place = data.draw(st.integers(0, len(line) * 8 - 1))
    flipped = bytearray(line)
    flipped[place // 8] ^= 1 << place % 8
    assert decode(bytes(flipped)) is None
    assert decode(line[: data.draw(st.integers(0, len(line) - 1))]) is None


def test_a_line_that_is_intact_but_not_ours_is_refused() -> None:
    import zlib

    body = b'{"seq":1,"strange":true'
    assert decode(body + b',"crc":"%08x"}' % zlib.crc32(body)) is None
    assert sequence_number(b'{"at":1}') == 0


def test_replay_refuses_a_gap() -> None:
    entry = Entry(seq=2, previous="", at="", author="", how="do", command=SetLabels(labels=((1, None),)))
    with pytest.raises(SSLStudioError) as caught:
        LabelHistory.replay([entry])
    assert caught.value.code == "history_gap"


def test_replay_keeps_all_that_can_be_undone_in_linear_time() -> None:
    history = LabelHistory()
    info = ClassInfo(class_id=1, name="a", colour="#000000")
    commands: list[LabelCommand] = [AddClass(info=info)]
    draw = random.Random(1)
    commands += [labelled(draw.randint(1, 5000), 1) for _ in range(3000)]
    for seq, command in enumerate(commands, 1):
        history.add(Entry(seq=seq, previous="", at="", author="", how="do", command=command))
    assert len(history.undo) == 3001, "undo has no limit"
    assert history.redo == []
    assert history.seq == 3001
