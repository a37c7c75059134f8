"""A decode worker that dies, hangs or raises on marked files; `COMMAND` starts it in place of the real one."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator

from sslstudio.importers import decode_worker
from sslstudio.importers.decoding import DecodedFrame, DecodeSettings
from sslstudio.importers.sniff import Kind

COMMAND = (sys.executable, "-m", "tests.fakes.bad_decoder")

SEGFAULT = b"marked: segmentation fault"
ABORT = b"marked: abort"
HANG = b"marked: hang"
PANIC = b"marked: panic"
MEMORY = b"marked: memory"
CHATTER = b"marked: chatter"


class PanicException(BaseException):
    """What codecs written in Rust raise."""


def decode(data: bytes, kind: Kind, settings: DecodeSettings) -> Iterator[DecodedFrame]:
    """As the real decoder, unless the file is marked."""
    if data.endswith(SEGFAULT):
        os.kill(os.getpid(), signal.SIGSEGV)
    if data.endswith(ABORT):
        os.abort()
    if data.endswith(HANG):
        time.sleep(600)
    if data.endswith(PANIC):
        raise PanicException
    if data.endswith(MEMORY):
        bytearray(settings.memory_bytes)
    if data.endswith(CHATTER):
        os.write(1, b"a library prints\n")
    return decode_worker.decode(data, kind, settings)


if __name__ == "__main__":
    sys.exit(decode_worker.main(decode))
