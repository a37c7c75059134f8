"""Workers that crash, hang, panic or eat memory cost one file each; everything else is decoded, in order."""

import json
import subprocess
import sys
import threading
import time
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
import tifffile

from sslstudio.importers import decode_process, frame_spool, reasons
from sslstudio.importers.decode_pool import DecodePool
from sslstudio.importers.decoding import DecodeSettings
from sslstudio.importers.dicom_writer import write_image
from sslstudio.importers.windowing import to_uint8
from tests.fakes import bad_decoder
from tests.fakes.image_files import KEY, gradient, write_bad_files, write_png

SETTINGS = DecodeSettings(key=KEY, seconds=20)
posix_only = pytest.mark.skipif(sys.platform == "win32", reason="signals and memory limits of POSIX")


def test_answers_come_in_order_with_pixels_facts_and_thumbnail(tmp_path: Path) -> None:
    paths = [str(write_png(tmp_path / f"{n}.png", seed=n)) for n in range(40)]
    paths.insert(7, str(write_image(tmp_path / "x.dcm", gradient(dtype="uint16"))))
    with DecodePool[str](SETTINGS, workers=2) as pool:
        answers = list(pool.map(paths, lambda path: path))
    assert [path for path, _ in answers] == paths
    for number, (path, answer) in enumerate(a for a in answers if a[0].endswith(".png")):
        (frame,) = answer.frames
        assert (frame.pixels[:, :, 0] == gradient(seed=number)).all(), path
        assert frame.jpeg.startswith(b"\xff\xd8") and len(answer.digest) == 64 and not frame.plain
    frame = answers[7][1].frames[0]
    assert (frame.pixels[:, :, 0] == gradient(dtype="uint16")).all()
    assert to_uint8(frame.pixels, frame.facts.low, frame.facts.high).max() == 255


def test_every_bad_file_has_its_own_reason(tmp_path: Path) -> None:
    expected = write_bad_files(tmp_path)
    with DecodePool[str](SETTINGS, workers=1) as pool:
        answers = pool.map(expected, lambda name: str(tmp_path / name))
        assert {name: answer.code for name, answer in answers} == expected
    assert set(expected.values()) <= set(reasons.TEXTS)


def test_a_missing_file_is_a_reason(tmp_path: Path) -> None:
    with DecodePool[str](SETTINGS, workers=1) as pool:
        ((_, answer),) = pool.map([str(tmp_path / "gone.png")], lambda path: path)
    assert answer.code == "missing"


def test_headers_only(tmp_path: Path) -> None:
    paths = [str(write_png(tmp_path / "a.png")), str(write_image(tmp_path / "b.dcm", gradient()))]
    with DecodePool[str](DecodeSettings(key=KEY, headers_only=True), workers=1) as pool:
        answers = [answer for _, answer in pool.map(paths, lambda path: path)]
    assert [(a.code, a.count, a.frames) for a in answers] == [("", 1, ()), ("", 1, ())]


@posix_only
def test_files_that_kill_their_decoder_are_set_aside(tmp_path: Path) -> None:
    fate = {bad_decoder.SEGFAULT: "decoder_crashed", bad_decoder.ABORT: "decoder_crashed"}
    fate |= {bad_decoder.PANIC: "corrupt", bad_decoder.MEMORY: "too_large", bad_decoder.CHATTER: ""}
    tails = [tail for tail in fate for _ in range(2)]
    paths = {str(write_png(tmp_path / f"bad-{n}.png", seed=n, tail=tail)): fate[tail] for n, tail in enumerate(tails)}
    paths |= {str(write_png(tmp_path / f"good-{n}.png", seed=100 + n)): "" for n in range(20)}
    with DecodePool[str](SETTINGS, workers=2, command=bad_decoder.COMMAND) as pool:
        assert {path: answer.code for path, answer in pool.map(paths, lambda path: path)} == paths


@posix_only
def test_a_hanging_decoder_is_stopped(tmp_path: Path) -> None:
    paths = [
        str(write_png(tmp_path / "hang.png", tail=bad_decoder.HANG)),
        str(write_png(tmp_path / "good.png", seed=1)),
    ]
    settings = DecodeSettings(key=KEY, seconds=3)
    with DecodePool[str](settings, workers=1, command=bad_decoder.COMMAND) as pool:
        list(pool.map([paths[1]], lambda path: path))
        started = time.monotonic()
        codes = [answer.code for _, answer in pool.map(paths, lambda path: path)]
    assert codes == ["decoder_timeout", ""]
    assert time.monotonic() - started < 60


@posix_only
def test_files_sent_ahead_to_a_worker_that_died_are_asked_again(tmp_path: Path) -> None:
    bad = str(write_png(tmp_path / "bad.png", tail=bad_decoder.SEGFAULT))
    good = [str(write_png(tmp_path / f"{n}.png", seed=n)) for n in range(6)]
    with DecodePool[str](SETTINGS, workers=1, command=bad_decoder.COMMAND) as pool:
        answers = list(pool.map([good[0], bad, *good[1:]], lambda path: path))
    assert [path for path, answer in answers if answer.code] == [bad]
    assert len({answer.digest for _, answer in answers if not answer.code}) == len(good), "each file its own answer"


def test_frames_of_a_large_file_come_back_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stack = np.stack([gradient(seed=n, dtype="uint16") for n in range(5)])
    path = str(tmp_path / "stack.tif")
    tifffile.imwrite(path, stack)
    with DecodePool[str](SETTINGS, workers=1, scratch=tmp_path) as pool:
        ((_, whole),) = pool.map([path], lambda one: one)
        monkeypatch.setattr(frame_spool, "IN_MEMORY", 2 * stack[0].nbytes)
        ((_, spooled),) = pool.map([path], lambda one: one)
        monkeypatch.setattr(decode_process, "FILE_LIMIT", 3 * stack[0].nbytes)
        ((_, refused),) = pool.map([path], lambda one: one)
    assert refused.code == "too_large" and not refused.frames
    for frame, other, pixels in zip(whole.frames, spooled.frames, stack, strict=True):
        assert (frame.facts, frame.pixel_digest, frame.jpeg) == (other.facts, other.pixel_digest, other.jpeg)
        assert (other.pixels[:, :, 0] == pixels).all()
    assert [entry.name for entry in tmp_path.iterdir()] == ["stack.tif"], "nothing is left behind"


def test_what_the_pool_cannot_do_is_an_error_not_a_silence(tmp_path: Path) -> None:
    path = str(write_png(tmp_path / "a.png"))
    with (
        DecodePool[str](SETTINGS, workers=1, command=(str(tmp_path / "no-such-program"),)) as pool,
        pytest.raises(FileNotFoundError),
    ):
        list(pool.map([path], lambda one: one))


@posix_only
def test_a_hanging_worker_ends_by_itself_when_nobody_watches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[3]))
    path = str(write_png(tmp_path / "hang.png", tail=bad_decoder.HANG))
    worker = decode_process.Worker(bad_decoder.COMMAND, DecodeSettings(key=KEY, seconds=0.5))
    try:
        worker.ask(decode_process.request_line(path))
        with pytest.raises(decode_process.WorkerLostError):
            worker.answer()
        assert not worker.overdue, "it was not killed from outside"
    finally:
        worker.dispose()


class _StopError(Exception):
    """What the check below raises."""


@posix_only
def test_stopping_is_quick_and_leaves_no_process(tmp_path: Path) -> None:
    paths = [str(write_png(tmp_path / f"{n}.png", seed=n, tail=bad_decoder.HANG)) for n in range(4)]
    pool = DecodePool[str](SETTINGS, workers=2, command=bad_decoder.COMMAND)
    asked = time.monotonic() + 1.0

    def check() -> None:
        if time.monotonic() > asked:
            raise _StopError

    with pytest.raises(_StopError), pool:
        list(pool.map(paths, lambda path: path, check))
    assert time.monotonic() - asked < 15
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("decode")]


def test_a_worker_that_cannot_start_is_a_reason(tmp_path: Path) -> None:
    path = str(write_png(tmp_path / "a.png"))
    with DecodePool[str](SETTINGS, workers=1, command=(sys.executable, "-c", "raise SystemExit(3)")) as pool:
        ((_, answer),) = pool.map([path], lambda path: path)
    assert answer.code == "decoder_crashed"


def test_workers_started_before_they_are_asked_are_those_that_answer(tmp_path: Path) -> None:
    path = str(write_png(tmp_path / "a.png"))
    with DecodePool[str](SETTINGS, workers=2) as pool:
        pool.warm(1)
        (early,) = pool._workers
        ((_, answer),) = pool.map([path], lambda path: path)
        assert not answer.code and pool._workers == {early}
        pool.warm(0)
        assert pool._workers == {early}


def test_a_worker_has_no_library_for_the_network_in_memory(tmp_path: Path) -> None:
    """It reads strange files, and has nobody to talk to but the import. pydicom comes with the first DICOM file."""
    program = (
        "import sys; from sslstudio.importers import decode_main; decode_main.main()\n"
        "sys.exit(len({'urllib3', 'torch', 'PySide6'} & set(sys.modules)) + 7 * ('pydicom' in sys.modules))"
    )
    settings = json.dumps(asdict(SETTINGS)).encode()
    picture = decode_process.request_line(str(write_png(tmp_path / "a.png")))
    image = decode_process.request_line(str(write_image(tmp_path / "x.dcm", gradient(dtype="uint16"))))
    for requests, code in (picture, 0), (image, 7):
        told = settings + b"\n" + requests
        done = subprocess.run([sys.executable, "-c", program], input=told, capture_output=True, timeout=120)
        assert done.returncode == code
        assert b"refused" not in done.stdout
