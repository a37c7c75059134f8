"""The import stage on real tiny files: what is good comes in once, what is bad is listed, kill -9 loses nothing."""

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sslstudio.domain.ledger import LedgerRow
from sslstudio.domain.specs import ImportSpec
from sslstudio.errors import SSLStudioError
from sslstudio.importers import reasons
from sslstudio.importers.dicom_writer import DicomHeader, write_image
from sslstudio.importers.ledger import read_ledger
from sslstudio.importers.pixel_cache import PixelCache
from sslstudio.importers.synthetic import write_studies
from sslstudio.importers.thumbnails import ThumbnailStore
from sslstudio.stages.context import Cancelled
from sslstudio.stages.import_images import run
from tests.fakes import bad_decoder
from tests.fakes.image_files import gradient, import_context, write_bad_files, write_png
from tests.fakes.stage_context import FakeStageContext

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")


def do_import(root: Path, *sources: Path, **options: Any) -> tuple[dict[str, Any], FakeStageContext, list[LedgerRow]]:
    spec = options.pop("spec", ImportSpec())
    context = import_context(root, *sources, spec=spec, table=options.pop("table", None))
    result = run(spec, context, workers=1, **options)
    return result, context, ledger_of(context)


def ledger_of(context: FakeStageContext) -> list[LedgerRow]:
    return list(read_ledger(context.artifact_path("ledger.jsonl")))


def subjects(rows: list[LedgerRow]) -> dict[str, str]:
    return {Path(row.path).name: row.images[0].subject for row in rows if row.status == "imported"}


def test_good_files_come_in_and_bad_ones_are_listed(tmp_path: Path) -> None:
    source = tmp_path / "source"
    expected = write_bad_files(source)
    for number in range(8):
        write_png(source / "good" / f"{number}.png", seed=number)
    write_png(source / "renamed.dcm", seed=50)  # a PNG all the same
    result, context, rows = do_import(tmp_path / "project", source)
    assert {Path(row.path).name: row.code for row in rows if row.status == "skipped"} == expected
    assert (result["imported"], result["skipped"], result["images"]) == (9, len(expected), 9)
    assert all(row.reason and row.hint for row in rows if row.status == "skipped")
    assert context.progress_reports[-1][:3] == (22, 22, "files")
    assert "ledger" in context.artifacts


def test_pixels_and_thumbnails_stand_where_the_ledger_says(tmp_path: Path) -> None:
    for number in range(5):
        write_png(tmp_path / "source" / f"{number}.png", seed=number)
    _, context, rows = do_import(tmp_path / "project", tmp_path / "source")
    cache, thumbnails = PixelCache(context.pixels_dir), ThumbnailStore(context.thumbnails_dir)
    for number, row in enumerate(rows):
        (image,) = row.images
        assert (cache.read(image.pixels)[:, :, 0] == gradient(seed=number)).all()
        assert (thumbnails.get(image.pixels.shard, image.pixels.offset) or b"").startswith(b"\xff\xd8")
        assert image.digest == hashlib.sha256(Path(row.path).read_bytes()).hexdigest()
    thumbnails.close()


def test_the_same_picture_counts_once(tmp_path: Path) -> None:
    source = tmp_path / "source"
    write_png(source / "a.png", seed=1)
    shutil.copy(source / "a.png", source / "b.png")
    write_png(source / "c.png", seed=1, tail=b"other bytes, same picture")
    write_png(source / "d.png", seed=2)
    result, _, rows = do_import(tmp_path / "project", source)
    assert [row.code for row in rows] == ["imported", "duplicate", "duplicate", "imported"]
    assert rows[1].images == rows[0].images == rows[2].images
    assert (result["images"], result["duplicates"]) == (2, 2)


def test_one_picture_of_two_patients_is_said(tmp_path: Path) -> None:
    for patient in "AB":
        write_image(tmp_path / "source" / f"{patient}.dcm", gradient(), DicomHeader(patient_id=patient))
    _, context, _ = do_import(tmp_path / "project", tmp_path / "source")
    assert context.warning_codes == ["same_image_two_patients"]


def test_synthetic_studies_group_by_patient(tmp_path: Path) -> None:
    write_studies(tmp_path / "source", patients=6)
    result, context, rows = do_import(tmp_path / "project", tmp_path / "source")
    images = [image for row in rows for image in row.images if row.status == "imported"]
    assert result["subjects"] == 6 and result["skipped"] == 1  # the table of labels
    assert {(image.modality, image.body_part, image.view) for image in images} <= {
        ("CR", "CHEST", "PA"),
        ("DX", "CHEST", "PA"),
    }
    assert {image.bits for image in images} == {12} and {image.pixels.dtype for image in images} == {"uint16"}
    assert context.warnings == []


def test_headers_do_not_reach_the_ledger(tmp_path: Path) -> None:
    header = DicomHeader(
        patient_id="CANARY-ID", patient_name="Canary^Name", issuer="Canary Clinic", birth_date="19010203"
    )
    header.extra.update(
        {"InstitutionName": "Canary Hospital", "AccessionNumber": "CANARY-ACC", "DeviceSerialNumber": "CANARY-SN"}
    )
    write_image(tmp_path / "source" / "x.dcm", gradient(), header)
    _, context, _ = do_import(tmp_path / "project", tmp_path / "source")
    context.private_dir.joinpath("sources.json").unlink()
    written = b"".join(path.read_bytes() for path in (tmp_path / "project").rglob("*") if path.is_file())
    for canary in (b"CANARY", b"Canary", b"19010203", b"2.25."):
        assert canary not in written


def test_subjects_from_folder_pattern_and_table(tmp_path: Path) -> None:
    source = tmp_path / "source"
    for number, name in enumerate(("p1/a.png", "p1/b.png", "p2/c.png", "d.png", "e.png")):
        write_png(source / name, seed=number)
    _, context, rows = do_import(tmp_path / "folders", source)
    found = subjects(rows)
    assert found["a.png"] == found["b.png"] != found["c.png"] and len(set(found.values())) == 4
    assert context.warning_codes == ["patients_unknown", "folders_as_patients"]

    _, context, rows = do_import(
        tmp_path / "pattern", source, spec=ImportSpec(subject_pattern=r"(?P<subject>[a-e])\.png")
    )
    assert len(set(subjects(rows).values())) == 5 and context.warnings == []

    table = tmp_path / "table.csv"
    table.write_text("image,patient\np1/a.png,X\nc.png,X\nd.png,Y\ne.png,Y\n", encoding="utf-8")
    _, context, rows = do_import(tmp_path / "table", source, table=table)
    found = subjects(rows)
    assert found["a.png"] == found["c.png"] and found["d.png"] == found["e.png"] != found["a.png"]


def test_one_patient_with_most_images_is_said(tmp_path: Path) -> None:
    for number in range(60):
        header = DicomHeader(patient_id="ID1" if number % 2 else f"P{number}", instance=number)
        write_image(tmp_path / "source" / f"{number}.dcm", gradient(8, 8, seed=number), header)
    _, context, _ = do_import(tmp_path / "project", tmp_path / "source")
    assert context.warning_codes == ["one_patient_dominates"]


def test_dry_run_writes_no_pixels(tmp_path: Path) -> None:
    expected = write_bad_files(tmp_path / "source")
    write_png(tmp_path / "source" / "good.png")
    result, context, rows = do_import(tmp_path / "project", tmp_path / "source", spec=ImportSpec(dry_run=True))
    codes = {Path(row.path).name: row.code for row in rows}
    assert codes["good.png"] == reasons.READY and result["images"] >= 1
    for name in ("empty.png", "letter.jpg", "film.mp4", "scan.7z", "notes.txt"):
        assert codes[name] == expected[name]
    assert not list(context.pixels_dir.iterdir()) and not context.thumbnails_dir.exists()


def test_large_images_are_stored_smaller(tmp_path: Path) -> None:
    values = gradient(100, 200, dtype="uint16")
    write_image(tmp_path / "source" / "x.dcm", values)
    _, context, rows = do_import(tmp_path / "project", tmp_path / "source", spec=ImportSpec(max_side=50))
    stored = PixelCache(context.pixels_dir).read(rows[0].images[0].pixels)
    assert stored.shape == (25, 50, 1)
    assert np.abs(stored[:, :, 0] - values.reshape(25, 4, 50, 4).mean((1, 3))).max() <= 0.5


def test_nothing_found_is_said(tmp_path: Path) -> None:
    (tmp_path / "source").mkdir()
    result, context, rows = do_import(tmp_path / "project", tmp_path / "source")
    assert result["images"] == 0 and rows == [] and context.warning_codes == ["no_images"]


def test_bad_pattern_stops_before_anything_is_read(tmp_path: Path) -> None:
    with pytest.raises(SSLStudioError):
        do_import(tmp_path / "project", tmp_path, spec=ImportSpec(subject_pattern="("))


@posix_only
def test_killer_files_among_good_ones(tmp_path: Path) -> None:
    source = tmp_path / "source"
    for number in range(12):
        tail = {3: bad_decoder.SEGFAULT, 7: bad_decoder.ABORT}.get(number, b"")
        write_png(source / f"{number:02}.png", seed=number, tail=tail)
    result, _, rows = do_import(tmp_path / "project", source, command=bad_decoder.COMMAND)
    assert result["imported"] == 10
    assert [row.code for row in (rows[3], rows[7])] == ["decoder_crashed"] * 2


def test_cancel_keeps_what_was_done_and_continues(tmp_path: Path) -> None:
    source = tmp_path / "source"
    for number in range(30):
        write_png(source / f"{number:02}.png", seed=number)
    context = import_context(tmp_path / "project", source)
    context.cancel_requested = True
    with pytest.raises(Cancelled):
        run(ImportSpec(), context, workers=1)
    context.cancel_requested = False
    assert run(ImportSpec(), context, workers=1)["imported"] == 30
    assert len({row.path for row in ledger_of(context)}) == len(ledger_of(context)) == 30


def facts_of(context: FakeStageContext) -> list[dict[str, Any]]:
    """All that an import leaves behind, without run-dependent places: rows in order, and the pixels they point to."""
    cache = PixelCache(context.pixels_dir)
    thumbnails = ThumbnailStore(context.thumbnails_dir)
    facts = []
    for row in ledger_of(context):
        pixels = [hashlib.sha256(cache.read(image.pixels).tobytes()).hexdigest() for image in row.images]
        jpegs = [thumbnails.get(image.pixels.shard, image.pixels.offset) for image in row.images]
        facts.append({**row.model_dump(), "read": pixels, "jpegs": jpegs})
    thumbnails.close()
    return facts


@posix_only
def test_kill_9_loses_nothing_and_brings_nothing_twice(tmp_path: Path) -> None:
    source = tmp_path / "source"
    write_bad_files(source / "bad")
    for number in range(60):
        write_png(source / f"{number:02}.png", seed=number % 50)  # the last ten are pictures seen before
    clean = import_context(tmp_path / "clean", source)
    run(ImportSpec(), clean, workers=1)
    killed = import_context(tmp_path / "killed", source)
    ledger = killed.artifact_path("ledger.jsonl")
    for goal in (1, 3000, 15000):
        command = [sys.executable, "-m", "tests.fakes.import_process", str(tmp_path / "killed"), str(source)]
        process = subprocess.Popen(command, cwd=Path(__file__).parents[3], env=os.environ, start_new_session=True)
        deadline = time.monotonic() + 60
        while process.poll() is None and time.monotonic() < deadline:
            if ledger.exists() and ledger.stat().st_size >= goal:
                break
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
        process.wait()
        with ledger.open("ab") as file:
            file.write(b'{"path": "a line cut in the')
        with (killed.pixels_dir / "import-1.bin").open("ab") as file:
            file.write(b"\xff" * 1000)
    result = run(ImportSpec(), killed, workers=1)
    assert facts_of(killed) == facts_of(clean)
    assert (killed.pixels_dir / "import-1.bin").read_bytes() == (clean.pixels_dir / "import-1.bin").read_bytes()
    assert result["imported"] == 50 and killed.warnings == clean.warnings


@pytest.mark.needs_shared
def test_hostile_files(shared_data: Path, tmp_path: Path) -> None:
    for number in range(6):
        write_png(tmp_path / "source" / f"good-{number}.png", seed=number)
    result, _, rows = do_import(tmp_path / "project", shared_data / "hostile", tmp_path / "source")
    codes = Counter(row.code for row in rows)
    assert len(rows) == 16 and result["imported"] >= 6
    assert all(row.status == "imported" for row in rows if "good-" in row.path)
    assert set(codes) <= {"imported", "duplicate", "corrupt", "truncated", "contradiction", "decoder_crashed"}


@pytest.mark.needs_shared
@pytest.mark.slow
def test_real_dicom_files_have_no_unknown_error(shared_data: Path, tmp_path: Path) -> None:
    result, _, rows = do_import(tmp_path / "project", shared_data / "dicom")
    codes = Counter(row.code for row in rows)
    assert set(codes) <= {"imported", "duplicate", "mask", "text_file", "no_pixels", "truncated", "unsupported_syntax"}
    assert codes["imported"] >= 1000 and result["images"] > codes["imported"]
    nine = [row for row in rows if "qa-ts" in row.path and row.images]
    assert len(nine) == 9 and len({row.images[0].pixel_digest for row in nine}) == 1
