"""Application entities of pynetdicom that listen on loopback as long as a test needs them, and leave nothing open."""

from __future__ import annotations

import logging
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from pynetdicom import AE

from sslstudio.pacs.associations import Callers

# What the other side says, and its threads that end late.
logging.getLogger("pynetdicom").setLevel(logging.CRITICAL + 1)


@contextmanager
def listening(entity: AE, handlers: Sequence[Any] = (), context: ssl.SSLContext | None = None) -> Iterator[int]:
    """The port at which `entity` listens."""
    callers = Callers()
    server = entity.start_server(
        ("127.0.0.1", 0), block=False, evt_handlers=[*handlers, *callers.handlers], ssl_context=context
    )
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        callers.close()
