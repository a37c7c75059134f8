"""Builds a project of small 16-bit volumes with positions, spacing and units, as CT and MR studies give them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from sslstudio.domain.ledger import FoundImage, LedgerRow
from sslstudio.importers.pixel_cache import PixelCacheWriter
from sslstudio.importers.thumbnails import ThumbnailWriter, encode
from sslstudio.session.project import Project
from tests.fakes.catalogue_rows import digest

PATIENTS, SERIES, SLICES, SIDE = 3, 2, 5, 32


def slice_pixels(patient: int, series: int, place: int) -> np.ndarray:
    """(SIDE, SIDE, 1) uint16: all values 1000 + 100 x place but a mark that tells patient and series apart."""
    pixels = np.full((SIDE, SIDE, 1), 1000 + 100 * place, dtype=np.uint16)
    pixels[4 : 8 + 4 * patient, 4 : 8 + 4 * series] = 3000
    return pixels


def build(path: Path, slices: int = SLICES) -> Project:
    """Three patients with a CT and an MR series of five slices (or more) each, entered in the wrong order."""
    project = Project.create(path)
    add_patients(project, "import-1", range(PATIENTS), slices)
    return project


def add_patients(project: Project, run_id: str, patients: Iterable[int], slices: int = SLICES) -> None:
    """An import of further patients, told apart by their number."""
    rows = []
    with (
        PixelCacheWriter(project.pixels_dir / f"{run_id}.bin") as cache,
        ThumbnailWriter(project.thumbnails_dir / f"{run_id}.sqlite") as thumbnails,
    ):
        for patient in patients:
            for series in range(SERIES):
                for place in (3, 0, 4, 1, 2, *range(SLICES, slices)):
                    pixels = slice_pixels(patient, series, place)
                    where = cache.append(pixels)
                    thumbnails.add([(where.offset, encode((pixels // 16).astype(np.uint8)))])
                    rows.append(_row((patient * SERIES + series) * slices + place + 1, patient, series, place, where))
    project.catalogue.adopt_import(run_id, rows)


def _row(number: int, patient: int, series: int, place: int, where: object) -> LedgerRow:
    tomography = series == 0
    image = FoundImage.model_validate(
        {
            "digest": digest("file", number),
            "pixel_digest": digest("pixels", number),
            "subject": digest("subject", patient)[:16],
            "study": digest("study", patient)[:16],
            "series": digest("series", patient, series)[:16],
            "modality": "CT" if tomography else "MR",
            "body_part": "CHEST" if tomography else "HEAD",
            "scanner": f"Maker {patient}",
            "bits": 12,
            "intercept": -1024.0 if tomography else 0.0,
            "unit": "HU" if tomography else "",
            "low": 900.0,
            "high": 1500.0,
            "slice_position": 5.0 * place,
            "instance_number": place + 1,
            "row_spacing": 2.0,
            "column_spacing": 1.0,
            "columns": {"plane": "axial", "slice thickness (mm)": "5"},
            "pixels": where,
        }
    )
    path = f"/data/patient-{patient}/series-{series}/{place}.dcm"
    return LedgerRow(path=path, status="imported", images=(image,), size=1)
