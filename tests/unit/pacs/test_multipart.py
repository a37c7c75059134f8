"""Multipart bodies, however they are cut."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sslstudio.pacs.multipart import IncompleteError, boundary_of, first_part

BOUNDARY = b"cut-here"


def body(content: bytes) -> bytes:
    return b"preamble\r\n--cut-here\r\nContent-Type: application/dicom\r\n\r\n" + content + b"\r\n--cut-here--\r\n"


def pieces(data: bytes, sizes: list[int]) -> Iterator[bytes]:
    at = 0
    for size in sizes:
        yield data[at : at + size]
        at += size
    yield data[at:]


@given(st.binary(max_size=500), st.lists(st.integers(1, 40), max_size=30))
def test_the_content_is_the_same_however_it_is_cut(content: bytes, sizes: list[int]) -> None:
    if b"\r\n--cut-here" in content:
        return
    assert b"".join(first_part(pieces(body(content), sizes), BOUNDARY)) == content


@given(st.integers(0, 90))
def test_a_body_that_ends_early_is_no_body(length: int) -> None:
    whole = body(b"x" * 30)
    closing = whole.index(b"\r\n--cut-here--") + len(b"\r\n--cut-here")
    if length >= closing:
        return
    with pytest.raises(IncompleteError):
        list(first_part([whole[:length]], BOUNDARY))


def test_a_body_without_a_beginning_is_given_up() -> None:
    with pytest.raises(IncompleteError):
        list(first_part((b"x" * 1000 for _ in range(1000)), BOUNDARY))


@pytest.mark.parametrize(
    ("kind", "boundary"),
    [
        ('multipart/related; type="application/dicom"; boundary="a b"', b"a b"),
        ("multipart/related; boundary=abc; type=x", b"abc"),
        ("application/dicom", None),
        ("multipart/related", None),
        ("", None),
    ],
)
def test_the_boundary_is_read_from_the_header(kind: str, boundary: bytes | None) -> None:
    assert boundary_of(kind) == boundary
