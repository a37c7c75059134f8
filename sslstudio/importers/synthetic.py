"""Synthetic DICOM studies of invented patients for the demo, the tests and the documentation; no real data inside.

Sixty patients (by default) with one to six chest images each, two scanners of different grey characteristics, and one
of three findings, or none, for each patient. Always the same for the same seed.
"""

from __future__ import annotations

import csv
import datetime
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sslstudio import resources
from sslstudio.domain.labels import OKABE_ITO, ClassInfo
from sslstudio.importers import dicom_writer, phantom

TRUTH = "labels.csv"
ISSUER = "SSL Studio demo"


@dataclass(frozen=True)
class SyntheticImage:
    """One written image: its file below the folder, what the patient has, and whose it is."""

    path: Path
    finding: phantom.Finding
    patient: str


def write_studies(folder: Path, *, patients: int = 60, seed: int = 0) -> Path:
    """Write the studies of `patients` invented patients below `folder`, a folder each, and their truth as CSV.

    Returns the CSV (UTF-8, columns image, label, patient; image is the path relative to `folder`, forward slashes).
    Another seed invents other patients with other ids. Findings are shared out evenly over the patients, scanners
    independently of them.
    """
    folder.mkdir(parents=True, exist_ok=True)
    truth = folder / TRUTH
    with truth.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(("image", "label", "patient"))
        for number in range(1, patients + 1):
            for image in write_patient(folder, number, seed=seed):
                writer.writerow((image.path.relative_to(folder).as_posix(), image.finding, image.patient))
    return truth


def demo_classes() -> tuple[ClassInfo, ...]:
    """The classes of the demo in the order of their keys 1 to 4, each with what to look for."""
    texts = json.loads(resources.text("demo/classes.json"))
    return tuple(
        ClassInfo(class_id=n, name=text["name"], colour=colour, key=str(n), description=text["description"])
        for n, (text, colour) in enumerate(zip(texts, OKABE_ITO, strict=False), start=1)
    )


def write_patient(
    folder: Path, number: int, *, seed: int = 0, finding: phantom.Finding | None = None, images: int = 0
) -> Iterator[SyntheticImage]:
    """Write patient `number`: up to three studies, `images` files (0: one to six, drawn) below `folder`."""
    rng = np.random.default_rng((seed, number))
    finding = finding or phantom.FINDINGS[number % len(phantom.FINDINGS)]
    images = images or int(rng.integers(1, 7))
    scanner = phantom.SCANNERS[int(rng.random() < 0.45)]
    anatomy = phantom.draw_anatomy(rng, finding)
    patient = f"DEMO-{number:03d}" if seed == 0 else f"DEMO-{seed}-{number:03d}"
    first = datetime.date(2021, 1, 4) + datetime.timedelta(days=int(rng.integers(0, 900)))
    birth = datetime.date(1935 + int(rng.integers(0, 60)), 1, 1)
    for index in range(images):
        study, instance = index // 2 + 1, index % 2 + 1
        date = first + datetime.timedelta(days=90 * (study - 1))
        pixels = phantom.expose(anatomy, scanner, rng)
        black_is_high = scanner.photometric == "MONOCHROME1"
        header = dicom_writer.DicomHeader(
            patient_id=patient,
            patient_name=f"Demo^Patient {patient.removeprefix('DEMO-')}",
            issuer=ISSUER,
            sex="OMF"[int(rng.integers(0, 3))] if index == 0 else "O",
            birth_date=birth.strftime("%Y%m%d"),
            study=str(study),
            series=str(study),
            instance=instance,
            date=date.strftime("%Y%m%d"),
            time=f"{8 + instance:02d}1500",
            study_description="Synthetic chest (not a person)",
            modality=scanner.modality,
            manufacturer=scanner.manufacturer,
            model=scanner.model,
            photometric=scanner.photometric,
            bits_stored=12,
            window=None if black_is_high else (1700.0, 2800.0),
        )
        path = folder / f"patient-{number:03d}" / f"study-{study}" / f"image-{instance:02d}.dcm"
        dicom_writer.write_image(path, 4095 - pixels if black_is_high else pixels, header)
        yield SyntheticImage(path=path, finding=finding, patient=patient)
