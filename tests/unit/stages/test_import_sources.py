"""Archives, volumes and tables through the import stage: rows, facts, warnings, the same set after a cancel."""

import io
import json
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
from PIL import Image

from sslstudio.domain.ledger import LedgerRow
from sslstudio.domain.specs import ImportSpec
from sslstudio.importers import bids
from sslstudio.importers.containers import Reader
from sslstudio.importers.dicom_writer import DicomHeader, write_image
from sslstudio.importers.identity import pseudonym
from sslstudio.importers.ledger import read_ledger
from sslstudio.importers.pixel_cache import PixelCache
from sslstudio.importers.rendering import AUTO, grey_of, preset, windows_of
from sslstudio.importers.thumbnails import ThumbnailStore
from sslstudio.importers.windowing import render
from sslstudio.stages.context import Cancelled
from sslstudio.stages.import_images import run
from tests.fakes.image_files import KEY, gradient, import_context, png_bytes, write_png
from tests.fakes.stage_context import FakeStageContext


def do_import(
    root: Path, *sources: Path, spec: ImportSpec | None = None, table: Path | None = None
) -> tuple[dict[str, Any], FakeStageContext, dict[str, LedgerRow]]:
    context = import_context(root, *sources, spec=spec, table=table)
    result = run(spec or ImportSpec(), context, workers=1)
    rows = list(read_ledger(context.artifact_path("ledger.jsonl")))
    assert len({row.path for row in rows}) == len(rows)
    return result, context, {Path(row.path).name: row for row in rows}


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    header = DicomHeader(patient_id="P9")
    dicom = write_image(tmp_path / "x.dcm", gradient(dtype="uint16"), header).read_bytes()
    path = tmp_path / "in" / "export.zip"
    path.parent.mkdir()
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("pat-1/a.png", png_bytes(gradient(seed=1)))
        file.writestr("pat-1/b.png", png_bytes(gradient(seed=2)))
        file.writestr("pat-2/a.png", png_bytes(gradient(seed=1)))
        file.writestr("dicom/IM0001", dicom)
        file.writestr("notes.txt", "some words")
        file.writestr("../out.png", png_bytes(gradient(seed=3)))
    return path


def test_members_have_rows_patients_and_pixels_of_their_own(tmp_path: Path, archive: Path) -> None:
    spec = ImportSpec(subject_pattern=r"(?P<subject>pat-\d)")
    result, context, rows = do_import(tmp_path / "project", archive.parent, spec=spec)
    assert {name: row.code for name, row in rows.items()} == {
        "a.png": "duplicate",
        "b.png": "imported",
        "IM0001": "imported",
        "notes.txt": "text_file",
        "out.png": "unsafe_name",
    }
    assert result["images"] == 3 and result["duplicates"] == 1
    subject = rows["b.png"].images[0].subject
    assert subject == pseudonym(bytes.fromhex(KEY), "subject", "pat-1")
    assert rows["b.png"].path == str(archive / "pat-1" / "b.png")
    location = rows["IM0001"].images[0].pixels
    assert location is not None
    assert (PixelCache(context.pixels_dir).read(location)[:, :, 0] == gradient(dtype="uint16")).all()
    with Reader() as reader, reader.opened(rows["b.png"].path) as stream:  # the original can be read again later
        assert stream.read() == png_bytes(gradient(seed=2))
    assert [path.name for path in archive.parent.iterdir()] == ["export.zip"]


def test_an_interrupted_import_of_an_archive_goes_on(tmp_path: Path, archive: Path) -> None:
    _, _, whole = do_import(tmp_path / "whole", archive)
    context = import_context(tmp_path / "cut", archive)
    context.cancel_after = 1
    with suppress(Cancelled):
        run(ImportSpec(), context, workers=1)
    context.cancel_after, context.cancel_requested = None, False
    run(ImportSpec(), context, workers=1)
    again = {Path(row.path).name: row.code for row in read_ledger(context.artifact_path("ledger.jsonl"))}
    assert again == {name: row.code for name, row in whole.items()}


def test_volumes_are_series_of_slices_and_notes_stand_in_the_ledger(tmp_path: Path) -> None:
    folder = tmp_path / "in" / "sub-01" / "anat"
    folder.mkdir(parents=True)
    affine = np.diag([-1.0, -1.0, 2.0, 1.0])
    values = np.arange(4 * 5 * 3, dtype=np.int16).reshape(4, 5, 3)
    nibabel.save(nibabel.Nifti1Image(values, affine), folder / "sub-01_T1w.nii.gz")
    nibabel.save(nibabel.Nifti1Image(np.stack([values] * 20, 3), affine), folder / "sub-01_bold.nii")
    spec = ImportSpec(subject_pattern=r"(?P<subject>sub-\d+)")
    result, _, rows = do_import(tmp_path / "project", tmp_path / "in", spec=spec)
    images = rows["sub-01_T1w.nii.gz"].images
    assert len(images) == 3 and [image.slice_position for image in images] == [0.0, 2.0, 4.0]
    assert {image.modality for image in images} == {"MR"} and images[0].columns["sequence"] == "T1"
    assert len({image.series for image in images}) == 1 and images[0].row_spacing == 1.0
    assert rows["sub-01_bold.nii"].code == "duplicate"  # the same first volume
    _, _, trial = do_import(tmp_path / "trial", tmp_path / "in", spec=ImportSpec(dry_run=True))
    assert trial["sub-01_bold.nii"].reason.startswith("The first of 20 volumes") and trial["sub-01_bold.nii"].hint
    assert trial["sub-01_bold.nii"].status == "imported" and result["images"] == 3


@pytest.mark.parametrize(
    ("told", "lowest", "unit"),
    [("sidecar", -1024, "HU"), ("table", -1024, "HU"), ("nobody", -1024, ""), ("sidecar", 0, ""), ("mr", -1024, "")],
)
def test_ct_volumes_are_in_hounsfield_units_where_somebody_says_that_they_are_ct(
    tmp_path: Path, told: str, lowest: int, unit: str
) -> None:
    values = np.full((64, 64, 2), 40, np.int16)
    values[:16] = lowest
    values[-4:] = 3000
    (tmp_path / "in").mkdir()
    nibabel.save(nibabel.Nifti1Image(values, np.diag([-1.0, -1.0, 2.0, 1.0])), tmp_path / "in" / "scan.nii.gz")
    if told in ("sidecar", "mr"):
        said = {"Modality": "CT" if told == "sidecar" else "MR", "PatientName": "Canary"}
        (tmp_path / "in" / "scan.json").write_text(json.dumps(said), encoding="utf-8")
    table = tmp_path / "list.csv"
    table.write_text("image,patient,modality\nscan.nii.gz,P1,CT\n", encoding="utf-8")
    name = table if told == "table" else None
    _, context, rows = do_import(tmp_path / "project", tmp_path / "in", table=name, spec=ImportSpec(preset="ct_lung"))
    image = rows["scan.nii.gz"].images[0]
    assert image.unit == unit and image.modality == {"nobody": "", "mr": "MR"}.get(told, "CT")
    (low, high), *_ = windows_of(preset("ct_lung"), grey_of(image))
    soft = (low * image.slope + image.intercept, high * image.slope + image.intercept)
    assert (soft == (-1350.0, 150.0)) == bool(unit)
    assert "Canary" not in context.artifact_path("ledger.jsonl").read_text()
    assert image.pixels is not None
    jpeg = ThumbnailStore(context.pixels_dir.parent / "thumbnails").get(image.pixels.shard, image.pixels.offset)
    assert jpeg is not None
    drawn = np.asarray(Image.open(io.BytesIO(jpeg)).convert("L")).astype(int)
    auto = windows_of(preset(AUTO), grey_of(image))
    expected = render(PixelCache(context.pixels_dir).read(image.pixels), auto)[:, :, 0].astype(int)
    assert np.abs(drawn - expected).mean() < 4, "the thumbnail is drawn with the windows of what is known in the end"


@pytest.mark.parametrize("text", ["", "[]", "{", '{"Modality": 3}', '{"Modality": "Jane Doe"}', "[" * 100_000])
def test_a_json_that_says_nothing_of_use_is_passed_over(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.json").write_text(text, encoding="utf-8")
    assert bids.sidecar_modality(str(tmp_path / "a.nii.gz")) == bids.sidecar_modality(str(tmp_path / "a.png")) == ""


def test_a_table_brings_in_facts_columns_and_warnings(tmp_path: Path) -> None:
    for number, name in enumerate(("a.png", "x/b.png", "c.png")):
        write_png(tmp_path / "in" / name, seed=number)
    table = tmp_path / "list.csv"
    table.write_text(
        "image,patient,eye,grade,Birth Date\n"
        "a.png,P1,OS,II,1950-01-01\nb.png,P2,right,III,1960-01-01\ngone.png,P3,,,\n",
        encoding="utf-8",
    )
    _, context, rows = do_import(tmp_path / "project", tmp_path / "in", table=table)
    image = rows["a.png"].images[0]
    assert (image.laterality, image.columns) == ("L", {"grade": "II"})
    assert rows["b.png"].images[0].laterality == "R" and rows["c.png"].images[0].columns == {}
    assert {"files_not_in_table", "rows_without_file", "column_withheld"} <= set(context.warning_codes)
    written = context.artifact_path("ledger.jsonl").read_text()
    assert "-01-01" not in written and '"P1"' not in written

    spec = ImportSpec(image_column="grade", subject_column="eye")
    _, _, rows = do_import(tmp_path / "other", tmp_path / "in", table=table, spec=spec)
    assert rows["a.png"].told_by != "table"


def test_a_table_alone_imports_the_files_it_names(tmp_path: Path) -> None:
    for number, name in enumerate(("a.png", "b.png", "c.png")):
        write_png(tmp_path / "in" / name, seed=number)
    (tmp_path / "up.png").write_bytes(png_bytes(gradient(seed=9)))
    table = tmp_path / "in" / "list.csv"
    table.write_text("image,patient\na.png,P1\nb.png,P1\n../up.png,P2\n", encoding="utf-8")
    result, _, rows = do_import(tmp_path / "project", table)
    assert {name: row.code for name, row in rows.items()} == {
        "a.png": "imported",
        "b.png": "imported",
        "up.png": "outside_table",
    }
    assert rows["a.png"].images[0].subject == rows["b.png"].images[0].subject and result["subjects"] == 1
