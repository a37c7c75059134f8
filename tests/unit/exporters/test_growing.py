"""A watched folder and a DICOM listener: each image once, whole, in tables that grow and go on after an end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import highdicom
import numpy as np
import pydicom
import pytest
from PIL import Image
from pynetdicom import AE
from pynetdicom.sop_class import CTImageStorage, Verification

from sslstudio.errors import SSLStudioError
from sslstudio.exporters import listening, watching
from sslstudio.exporters.listening import Place
from sslstudio.exporters.returning import Folders
from sslstudio.importers.dicom_writer import DicomHeader, write_image
from tests.unit.exporters.test_predictor import grey, read

ANY_PORT = Place(port=0)


class Steps:
    """Stands for the time between two looks: does one thing after the other, then asks for the end."""

    def __init__(self, *steps: Callable[[], object]) -> None:
        self._steps = list(steps)

    def __call__(self, _seconds: float) -> bool:
        if not self._steps:
            return True
        self._steps.pop(0)()
        return False


def nothing() -> None:
    pass


def scored(table: Path) -> list[tuple[str, str]]:
    return [(row["file"], row["label"]) for row in read(table)] if table.exists() else []


def dicom(path: Path, study: int, number: int, value: int) -> Path:
    uids = {
        "StudyInstanceUID": f"1.2.826.0.1.99.{study}", "SeriesInstanceUID": f"1.2.826.0.1.99.{study}.5",
        "SOPInstanceUID": f"1.2.826.0.1.99.{study}.5.{number}",
    }  # fmt: skip
    header = DicomHeader(
        patient_id=f"Kanarie{study}", patient_name="Kanarienvogel^Anna", modality="CT", bits_stored=8,
        window=(127.5, 255.0), instance=number + 1, extra=uids,
    )  # fmt: skip
    return write_image(path, np.full((20, 20), value, np.uint8), header)


def test_a_file_is_scored_once_and_when_it_is_whole(brightness: Path, tmp_path: Path) -> None:
    watched, table = tmp_path / "in", tmp_path / "out" / "t.csv"
    content = grey(tmp_path / "whole.png", 240).read_bytes()
    (watched / "sub").mkdir(parents=True)
    seen: list[list[tuple[str, str]]] = []

    def half() -> None:
        (watched / "a.png").write_bytes(content[:40])

    def more() -> None:
        seen.append(scored(table))
        (watched / "a.png").write_bytes(content)

    def others() -> None:
        seen.append(scored(table))
        (watched / "b.png").write_bytes(content)
        grey(watched / "sub" / "c.png", 3)

    for _ in range(2):
        assert watching.watch(brightness, watched, table, Steps(), poll=0.0)["predicted"] == 0, "a table without rows"
    told: list[dict[str, int]] = []
    steps = Steps(half, more, nothing, others, nothing, nothing)
    counts = watching.watch(brightness, watched, table, steps, poll=0.0, told=told.append)
    assert seen == [[], [("a.png", "bright")]], "nothing while half of it was there"
    assert scored(table) == [("a.png", "bright"), ("sub/c.png", "dark")], "b is a once more"
    assert counts == {"predicted": 2, "skipped": 0, "studies": 2, "patients": 2, "abstained": 0}
    assert [known["predicted"] for known in told] == [1, 2]
    assert len(read(table.with_name("t-patients.csv"))) == 2

    other = grey(tmp_path / "other.png", 5).read_bytes()
    (watched / "d.png").write_bytes(other[:40])
    kept: list[str] = []

    def finish() -> None:
        kept.extend(row["status"] for row in read(table)[2:])
        (watched / "d.png").write_bytes(other)

    counts = watching.watch(brightness, watched, table, Steps(nothing, finish, nothing, nothing), poll=0.0)
    assert kept == ["skipped"], "a copy that stood still for a while"
    assert counts["predicted"] == 3 and scored(table)[2:] == [("d.png", "dark")], "it goes on after an end"
    assert [row["patient"] for row in read(table)] == ["patient 1", "patient 2", "patient 3"]


def test_studies_are_reported_when_they_have_settled(brightness: Path, tmp_path: Path) -> None:
    watched, reports = tmp_path / "in", tmp_path / "sr"
    dicom(watched / "a.dcm", 1, 0, 10)
    made: list[int] = []

    def second() -> None:
        made.append(len(list(reports.iterdir())))
        dicom(watched / "b.dcm", 1, 1, 20)

    steps = Steps(nothing, second, nothing, nothing)
    counts = watching.watch(
        brightness, watched, tmp_path / "t.csv", steps, folders=Folders(reports), settle=60.0, poll=0.0
    )
    assert made == [0] and counts["reports"] == 1
    (path,) = reports.iterdir()
    (group,) = highdicom.sr.srread(path).content.get_image_measurement_groups()
    assert len(group.source_images) == 2


def test_what_cannot_be_watched(brightness: Path, tmp_path: Path) -> None:
    def code(folder: Path, table: Path, **more: Any) -> str:
        with pytest.raises(SSLStudioError) as caught:
            watching.watch(brightness, folder, table, Steps(), **more)
        return caught.value.code

    (tmp_path / "in").mkdir()
    assert code(tmp_path / "gone", tmp_path / "t.csv") == "no_source"
    assert code(tmp_path / "in", tmp_path / "in" / "t.csv") == "inside_watched"
    assert code(tmp_path / "in", tmp_path / "t.csv", folders=Folders(tmp_path / "in" / "sr")) == "inside_watched"
    (tmp_path / "t.csv").write_text("somebody's")
    assert code(tmp_path / "in", tmp_path / "t.csv") == "table_exists"
    assert (tmp_path / "t.csv").read_text() == "somebody's"


@contextmanager
def listener(package: Path, table: Path, **more: Any) -> Iterator[tuple[int, Callable[[], dict[str, int]]]]:
    """A listener in a thread: its port, and what ends it and gives the counts."""
    stop, port = threading.Event(), []
    up = threading.Event()
    found: dict[str, int] = {}

    def ready(number: int) -> None:
        port.append(number)
        up.set()

    def work() -> None:
        try:
            found.update(listening.listen(package, table, stop.is_set, ANY_PORT, ready=ready, **more))
        finally:
            up.set()

    thread = threading.Thread(target=work)
    thread.start()

    def end() -> dict[str, int]:
        stop.set()
        thread.join()
        return found

    try:
        assert up.wait(60) and port
        yield port[0], end
    finally:
        end()


def send(port: int, *paths: Path, title: str = "SSLSTUDIO") -> list[int]:
    """Send files; the statuses, or nothing where the association was refused."""
    entity = AE(ae_title="MODALITY")
    entity.add_requested_context(CTImageStorage)
    entity.add_requested_context(Verification)
    association = entity.associate("127.0.0.1", port, ae_title=title)
    if not association.is_established:
        return []
    try:
        statuses = [association.send_c_echo()]
        statuses += [association.send_c_store(pydicom.dcmread(path)) for path in paths]
        return [int(status.Status) if "Status" in status else -1 for status in statuses]
    finally:
        association.release()


def refuses(port: int, image: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk, and too many that wait, are a status that tells the sender to try again later (PS3.4 B.2.3)."""

    def refuse(_: object) -> None:
        raise SSLStudioError("full", "", code="disk_full")

    with monkeypatch.context() as patch:
        patch.setattr(listening.ReceivingFolder, "check_room", refuse)
        assert send(port, image) == [0, 0xA700]
    with monkeypatch.context() as patch:
        patch.setattr(listening.queue.Queue, "full", lambda _: True)
        assert send(port, image) == [0, 0xA700]


def test_what_is_sent_is_scored_reported_and_not_kept(
    brightness: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table, reports = tmp_path / "out" / "t.csv", tmp_path / "sr"
    sent = [dicom(tmp_path / f"{n}.dcm", 1 + n // 2, n, value) for n, value in enumerate((10, 240, 20))]
    with listener(brightness, table, folders=Folders(reports)) as (port, end):
        assert send(port, *sent, sent[0]) == [0, 0, 0, 0, 0]
        assert send(port, sent[0], title="OTHER") == []
        with pytest.raises(SSLStudioError) as caught:
            listening.listen(brightness, tmp_path / "u.csv", lambda: True, Place(port=port))
        assert caught.value.code == "cannot_listen"
        refuses(port, sent[0], monkeypatch)
        counts = end()
    assert (counts["predicted"], counts["studies"], counts["reports"]) == (3, 2, 2), "the fourth was the first again"
    assert scored(table) == [
        ("received-000001.dcm", "dark"),
        ("received-000002.dcm", "bright"),
        ("received-000003.dcm", "dark"),
    ]
    assert sorted(path.name for path in table.parent.iterdir()) == [
        ".t.csv.journal", "t-patients.csv", "t-studies.csv", "t.csv"
    ]  # fmt: skip
    for path in table.parent.iterdir():
        assert b"Kanarie" not in path.read_bytes() and b"1.2.826" not in path.read_bytes(), path.name
    for path in reports.iterdir():
        assert highdicom.sr.srread(path).PatientName == "Kanarienvogel^Anna"
    with listener(brightness, table) as (port, end):
        assert send(port, dicom(tmp_path / "new.dcm", 1, 9, 240), sent[1]) == [0, 0, 0]
        assert end()["predicted"] == 4
    assert scored(table)[3:] == [("received-000004.dcm", "bright")]
    assert read(table)[3]["study"] == "study 1", "the same patient is known again"


@pytest.mark.skipif(os.name != "posix", reason="Ctrl+C is sent as a signal")
def test_control_c_ends_the_command_in_order(brightness: Path, tmp_path: Path) -> None:
    Image.new("L", (20, 20), 240).save(tmp_path / "a.png")
    (tmp_path / "in").mkdir()
    command = [sys.executable, "-m", "sslstudio", "predict", str(brightness), "--watch", str(tmp_path / "in")]
    root = str(Path(__file__).parents[3])
    child = subprocess.Popen(
        [*command, "-o", str(tmp_path / "t.csv"), "--json"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, "PYTHONPATH": root}, text=True,
    )  # fmt: skip
    (tmp_path / "a.png").rename(tmp_path / "in" / "a.png")
    for _ in range(600):
        if (tmp_path / "t.csv").exists() and scored(tmp_path / "t.csv"):
            break
        time.sleep(0.1)
    child.send_signal(signal.SIGINT)
    said, _ = child.communicate(timeout=60)
    assert child.returncode == 0 and json.loads(said.splitlines()[-1])["predicted"] == 1
