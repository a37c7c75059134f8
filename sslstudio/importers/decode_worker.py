"""The process that decodes: reads requests from stdin, answers on stdout; a file that kills it harms nothing else.

Started by `decode_main`. First line: `DecodeSettings` as JSON; then one JSON line {"path": ...} a file, which may be a
member of an archive (see `containers`). Answers are JSON lines, the first one {"ready": true}; for each frame a line
{"frame": {...}} followed by the raw pixels and the thumbnail, then {"done": {"digest": ..., "note": ...}} or
{"refused": {"code": ..., "detail": {...}}}. Never imports torch.
"""

from __future__ import annotations

import contextlib
import faulthandler
import hashlib
import io
import json
import logging
import os
import signal
import sys
import warnings
from collections.abc import Callable, Iterator
from dataclasses import asdict
from functools import cache
from typing import Any, BinaryIO

import numpy as np
from PIL import Image

from sslstudio.domain.rendering import Rendering
from sslstudio.importers import containers, raster
from sslstudio.importers.content import Content, admit
from sslstudio.importers.decoding import DecodedFrame, DecodeSettings, FrameFacts, Note
from sslstudio.importers.discovery import problem_of
from sslstudio.importers.reasons import Refused
from sslstudio.importers.rendering import AUTO, Finder, grey_of, preset
from sslstudio.importers.shrink import limit_side
from sslstudio.importers.sniff import Kind
from sslstudio.importers.thumbnails import thumbnail

Decoder = Callable[[bytes, Kind, DecodeSettings], Iterator[DecodedFrame]]

_GRACE = 5.0
_DTYPES = {1: "uint8", 2: "uint16"}


def decode(data: bytes, kind: Kind, settings: DecodeSettings) -> Iterator[DecodedFrame]:
    """Frames of a file whose kind is known. What only some folders need is loaded when the first file needs it."""
    if kind in ("dicom", "dicom_bare"):
        from sslstudio.importers import dicom

        return dicom.decode(data, settings)
    if kind == "nifti":
        from sslstudio.importers import nifti

        return nifti.decode(data, settings)
    return raster.decode(data, kind, settings)


def main(decoder: Decoder = decode) -> int:
    """Serve requests until stdin ends. `decoder` may be replaced by a test that wants a crash."""
    requests, answers = _private_streams()
    settings = _read_settings(requests)
    _limit_memory(settings.memory_bytes)
    if hasattr(signal, "SIGALRM"):
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
    _silence(settings)
    reader = containers.Reader(settings.memory_bytes // 4)
    _send(answers, {"ready": True})
    answers.flush()
    for line in requests:
        _allow_time(settings)
        _answer(answers, reader, json.loads(line)["path"], settings, decoder)
        _rest()
    return 0


def _answer(
    answers: BinaryIO, reader: containers.Reader, path: str, settings: DecodeSettings, decoder: Decoder
) -> None:
    """Answer one request; whatever goes wrong becomes a refusal, library exceptions of every kind included."""
    try:
        last: dict[str, Any] = {"done": _decode_file(answers, reader, path, settings, decoder)}
    except Refused as refused:
        last = {"refused": {"code": refused.code, "detail": refused.detail}}
    except MemoryError:
        last = {"refused": {"code": "too_large", "detail": {}}}
    except (KeyboardInterrupt, SystemExit, BrokenPipeError):
        raise
    except BaseException:  # codecs written in Rust raise PanicException, which is no Exception
        last = {"refused": {"code": "corrupt", "detail": {}}}
    _send(answers, last)
    answers.flush()


def _decode_file(
    answers: BinaryIO, reader: containers.Reader, path: str, settings: DecodeSettings, decoder: Decoder
) -> dict[str, Any]:
    """The last line of an answer; before it the frames were sent."""
    try:
        with reader.opened(path) as file:
            content = admit(path, file, settings)
            if settings.headers_only:
                frames, facts, note = _look(content, reader, settings)
                _send(answers, {"frames": frames, "facts": facts and facts.told()})
                return {"digest": "", "note": note and asdict(note)}
            digest, data = content.read(reader)
    except OSError as error:
        raise Refused(problem_of(error)) from None
    note = None
    try:
        for index, frame in enumerate(decoder(data, content.kind, settings)):
            note = note or frame.note
            _send_frame(answers, index, frame, settings)
            _allow_time(settings)
    except (Refused, MemoryError):
        raise
    except Exception:
        raise Refused("truncated" if raster.is_cut_off(data, content.kind) else "corrupt") from None
    return {"digest": digest, "note": note and asdict(note)}


def _allow_time(settings: DecodeSettings) -> None:
    """End this process unless the next frame is there in time, should nobody else do it.

    By an alarm of the system that kills, whatever native code is doing; one call, where a watching thread for each
    frame took longer than decoding it.
    """
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, settings.seconds + _GRACE)
    else:
        faulthandler.dump_traceback_later(settings.seconds + _GRACE, exit=True, file=sys.stderr)


def _rest() -> None:
    """Nothing is to be decoded: this process may wait as long as it likes."""
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, 0)
    else:
        faulthandler.cancel_dump_traceback_later()


def _look(
    content: Content, reader: containers.Reader, settings: DecodeSettings
) -> tuple[int, FrameFacts | None, Note | None]:
    """What a dry run is told of a file: its number of frames and, of a DICOM file, what its header says."""
    stream = content.stream(reader)
    if content.kind in ("dicom", "dicom_bare"):
        from sslstudio.importers import dicom

        return (*dicom.scan(stream, settings), None)
    if content.kind == "nifti":
        from sslstudio.importers import nifti

        frames, note = nifti.look(stream, settings)
    else:
        frames, note = raster.look(stream, content.kind, settings)
    return frames, None, note


def _send_frame(answers: BinaryIO, index: int, frame: DecodedFrame, settings: DecodeSettings) -> None:
    stored, facts = frame.stored, frame.facts
    digest = hashlib.sha256(f"{stored.shape}{_DTYPES[stored.itemsize]}".encode())
    digest.update(np.ascontiguousarray(stored).data)
    small = np.ascontiguousarray(limit_side(stored, settings.max_side))
    facts = _respaced(facts, stored.shape, small.shape)
    jpeg = b""
    if settings.thumbnails:
        jpeg = thumbnail(small, _finder(settings.rendering).windows(grey_of(facts)))
    message = {
        "index": index,
        "facts": facts.told(),
        "pixel_digest": digest.hexdigest(),
        "plain": bool(stored.min() == stored.max()),
        "shape": small.shape,
        "dtype": _DTYPES[small.itemsize],
        "jpeg": len(jpeg),
    }
    _send(answers, {"frame": message})
    answers.write(small.astype(small.dtype.newbyteorder("<"), copy=False).data)
    answers.write(jpeg)


def _respaced(facts: FrameFacts, before: tuple[int, ...], after: tuple[int, ...]) -> FrameFacts:
    """`facts` with the spacing of the stored pixels, when these were made fewer."""
    if before == after or facts.row_spacing is None or facts.column_spacing is None:
        return facts
    row_spacing = facts.row_spacing * before[0] / after[0]
    column_spacing = facts.column_spacing * before[1] / after[1]
    return facts.model_copy(update={"row_spacing": row_spacing, "column_spacing": column_spacing})


def _send(answers: BinaryIO, message: dict[str, Any]) -> None:
    answers.write(json.dumps(message).encode("ascii") + b"\n")


def _private_streams() -> tuple[BinaryIO, BinaryIO]:
    """Keep stdin and stdout for ourselves; whatever a library prints goes nowhere (it may hold patient data)."""
    answers = os.fdopen(os.dup(1), "wb", buffering=1 << 16)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    requests = os.fdopen(os.dup(0), "rb")
    empty = os.open(os.devnull, os.O_RDONLY)
    os.dup2(empty, 0)
    return requests, answers


def _read_settings(requests: BinaryIO) -> DecodeSettings:
    values = json.loads(requests.readline())
    return DecodeSettings(**values)


@cache
def _finder(rendering: str) -> Finder:
    return Finder(Rendering.model_validate_json(rendering) if rendering else preset(AUTO))


def _limit_memory(limit: int) -> None:
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (limit, hard))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _silence(settings: DecodeSettings) -> None:
    logging.disable(logging.CRITICAL)  # messages of pydicom and others quote what stands in the file
    warnings.simplefilter("ignore")
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    Image.MAX_IMAGE_PIXELS = settings.max_pixels
    sys.stdout = io.StringIO()
