"""The first part of a multipart/related body (RFC 2387), as a stream; for bodies larger than memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from email.message import Message

MOST_HEADER = 64 * 1024


class IncompleteError(Exception):
    """The body ended before its part did, or is no multipart body."""


def boundary_of(content_type: str) -> bytes | None:
    """The boundary a Content-Type names; None when it is not multipart."""
    message = Message()
    message["content-type"] = content_type
    if message.get_content_maintype() != "multipart":
        return None
    found = message.get_param("boundary")
    return found.encode("latin-1", "replace") if isinstance(found, str) and found else None


def first_part(chunks: Iterable[bytes], boundary: bytes) -> Iterator[bytes]:
    """The content of the first part in pieces, however the body is cut into `chunks`; raises IncompleteError."""
    pieces = iter(chunks)
    held = bytearray()
    opening, closing = b"--" + boundary, b"\r\n--" + boundary
    start = -1
    while start < 0:
        begin = held.find(opening)
        head = held.find(b"\r\n\r\n", begin + len(opening)) if begin >= 0 else -1
        if head >= 0:
            start = head + 4
        elif len(held) > MOST_HEADER:
            raise IncompleteError
        else:
            held += _next(pieces)
    del held[:start]
    while (end := held.find(closing)) < 0:
        ready = len(held) - len(closing)
        if ready > 0:
            yield bytes(held[:ready])
            del held[:ready]
        held += _next(pieces)
    if end:
        yield bytes(held[:end])


def _next(pieces: Iterator[bytes]) -> bytes:
    try:
        return next(pieces)
    except StopIteration:
        raise IncompleteError from None
