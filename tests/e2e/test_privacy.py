"""What may leave: a canary in every text element of the headers, in names of files and folders, and a search of every
byte that the whole journey writes: the project, the package, the user's folders, temporary files, the terminal.

Exceptions: `project.sqlite` (with its write-ahead log) holds the paths of the originals, because the images have to
be found again; and a table of predictions names the files that were scored, because that is what it is for. Reports and
pictures for the archive carry the patient on purpose; they are asked for by name and go to folders of their own.
"""

from __future__ import annotations

import csv
import datetime
import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.datadict import DicomDictionary

from sslstudio.importers.dicom_writer import DicomHeader, write_image
from tests.e2e.leak_scanner import Leak, LeakScanner

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1500)]

PATIENTS, IMAGES = 8, 3
TABLES = ("predictions.csv", "predictions-studies.csv", "predictions-patients.csv")
EMBEDDED = ("embeddings.npy", "embeddings.ids.npy", "embeddings.parquet")
REPORTS = ("report.pdf", "report.html")
SKIPPED_GROUPS = (0x0000, 0x0002, 0x0004, 0x0028, 0x7FE0)
NEEDED = {"SpecificCharacterSet", "SOPClassUID", "Modality", "ImageType", "PhotometricInterpretation"}
ALLOWED_FACTS = ("Manufacturer", "ManufacturerModelName", "BodyPartExamined", "ViewPosition")
"""Kept in the project by allow-list (docs/architecture.md), but in nothing that leaves it."""
SIDES = ("Laterality", "ImageLaterality")


@dataclass
class Canaries:
    """The planted words by where they stand."""

    header: dict[str, str] = field(default_factory=dict)
    facts: dict[str, str] = field(default_factory=dict)
    paths: list[str] = field(default_factory=list)


def canary(vr: str, number: int) -> str:
    """A word that occurs nowhere else, in the form that the value representation asks for."""
    if vr == "PN":
        return f"Kanarie{number:04d}^Anna"
    if vr == "DA":
        return (datetime.date(1801, 1, 1) + datetime.timedelta(days=11 * number)).strftime("%Y%m%d")
    if vr == "TM":
        return f"0713{number % 60:02d}.{100000 + 7 * number}"
    if vr == "DT":
        return f"{canary('DA', number)}0713{number % 60:02d}"
    if vr == "UI":
        return f"1.2.826.0.1.99.{100000 + number}.771"
    if vr in ("CS", "AE"):
        return f"KANARIE{number:05d}"
    return f"Kanarie{number:05d}ß" if vr not in ("UR", "LO") else f"Kanarie{number:05d}x"


def every_text_element() -> dict[str, tuple[str, str]]:
    """Keyword -> (VR, canary) of every text element of the DICOM dictionary that does not describe the pixels."""
    elements = {}
    for tag, (vr, multiplicity, _name, retired, keyword) in sorted(DicomDictionary.items()):
        if (
            tag >> 16 in SKIPPED_GROUPS
            or not keyword
            or keyword in NEEDED
            or retired
            or not multiplicity.startswith("1")
        ):
            continue
        if vr in ("PN", "LO", "SH", "LT", "ST", "UT", "UC", "UR", "DA", "TM", "DT", "UI", "CS", "AE"):
            elements[keyword] = (vr, canary(vr, len(elements)))
    return elements


def plant(folder: Path) -> Canaries:
    """Write the studies: three findings a person can see, all headers full of canaries, and two damaged files."""
    canaries = Canaries()
    planted = every_text_element()
    assert len(planted) > 1000
    for keyword, (_, word) in planted.items():
        (canaries.facts if keyword in (*ALLOWED_FACTS, *SIDES) else canaries.header)[keyword] = word
    rng = np.random.default_rng(0)
    y, x = np.mgrid[-1:1:72j, -1:1:64j]
    rows = []
    number = 20000
    for patient in range(PATIENTS):
        subfolder = f"Kanarienvogel_Anna_{patient:03d}"
        canaries.paths.append(subfolder)
        for image in range(IMAGES):
            number += 10
            finding = ("oben", "unten")[(patient + image) % 2]
            spot = np.exp(-(x**2 + (y + (0.5 if finding == "oben" else -0.5)) ** 2) / 0.1)
            pixels = np.clip(800 + 1800 * spot + rng.normal(0, 90, x.shape), 0, 4095).astype(np.uint16)
            extra: dict[str, Any] = {keyword: word for keyword, (_, word) in planted.items()}
            personal = {
                "PatientID": canary("LO", 30000 + patient),
                "PatientName": canary("PN", 9000 + patient),
                "StudyInstanceUID": canary("UI", 40000 + patient),
                "SeriesInstanceUID": canary("UI", 50000 + patient),
                "SOPInstanceUID": canary("UI", 60000 + number),
                "AccessionNumber": canary("SH", 35000 + number % 1000),
            }
            canaries.header.update({f"{keyword} {number}": word for keyword, word in personal.items()})
            name = f"kanarienbild-{number}.dcm"
            canaries.paths.append(name)
            path = folder / subfolder / name
            header = DicomHeader(
                bits_stored=12, window=(1700.5, 2000.0), instance=image + 1, extra={**extra, **personal}
            )
            write_image(path, pixels, header)
            rows.append((path.relative_to(folder).as_posix(), finding))
    damage(folder)
    canaries.paths += ["kanarienbild-cut.dcm", "kanarienbild-odd.dcm"]
    with (folder / "labels.csv").open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([("image", "label"), *rows])
    return canaries


def damage(folder: Path) -> None:
    """A file that is cut off, and one whose window is a word, so that libraries complain and quote it."""
    source = next(folder.rglob("*.dcm"))
    content = source.read_bytes()
    (source.parent / "kanarienbild-cut.dcm").write_bytes(content[: len(content) - 3000])
    odd = content.replace(b"1700.5", b"KANARI", 1).replace(b"12\0\0", b"99\0\0", 1)
    (source.parent / "kanarienbild-odd.dcm").write_bytes(odd)


@dataclass(frozen=True)
class Journey:
    """Where the journey wrote, and what was planted."""

    place: Path
    canaries: Canaries
    outputs: list[str]

    @property
    def project(self) -> Path:
        """The project folder."""
        return self.place / "thorax.sslproj"

    def scan(self, words: list[str], *roots: Path) -> list[Leak]:
        return LeakScanner(words).scan(roots)


@pytest.fixture(scope="module")
def journey(tmp_path_factory: pytest.TempPathFactory) -> Journey:
    place = tmp_path_factory.mktemp("Kanarienhain_Klinik")
    sources = place / "Quellen_Kanarienklinik"
    canaries = plant(sources)
    canaries.paths += [place.name, sources.name]
    folders = {name: place / "user" / name.lower() for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME")}
    folders |= {"XDG_CACHE_HOME": place / "user" / "cache", "TMPDIR": place / "user" / "tmp"}
    for folder in folders.values():
        folder.mkdir(parents=True)
    environment = {**os.environ, **{name: str(folder) for name, folder in folders.items()}, "PYTHONUTF8": "1"}
    root = str(Path(__file__).parents[2])
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, (root, environment.get("PYTHONPATH", ""))))
    outputs: list[str] = []

    def sslstudio(*words: object) -> dict[str, Any]:
        command = [sys.executable, "-m", "sslstudio", *map(str, words), "--json"]
        done = subprocess.run(
            command, capture_output=True, text=True, encoding="utf-8", cwd=place, env=environment, check=False
        )
        assert done.returncode == 0, (words[0], done.stdout[-500:], done.stderr[-1500:])
        outputs.extend((done.stdout, done.stderr))
        result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return result

    project = "thorax.sslproj"
    sslstudio("new", project)
    imported = sslstudio("import", project, sources)
    assert imported["imported"] >= PATIENTS * IMAGES
    small = ("--backbone", "vit_tiny", "--image-size", 32, "--batch-size", 8)
    run = sslstudio("pretrain", project, "--epochs", 1, *small)["run"]
    sslstudio("embed", project, run)
    sslstudio("map", project, run, "--method", "pca")
    sslstudio("label", project, "--table", sources / "labels.csv")
    model = sslstudio("classify", project, run)["model"]
    sslstudio("evaluate", project, model)
    exported = sslstudio("export", project, model, "-o", "package")
    assert exported["sharing"]["found"] == {}
    assert exported["sharing"]["headers"] >= PATIENTS * IMAGES
    for form in ("backbone", "monai"):
        sslstudio("export", project, model, "-o", form, "--format", form)
    for name in ("embeddings.npy", "embeddings.parquet"):
        sslstudio("embeddings", project, run, "-o", name)
    for name in ("report.pdf", "report.html"):
        sslstudio("report", project, "-o", name)
    back = ("--sr", place / "back" / "reports", "--capture", place / "back" / "pictures")
    counts = sslstudio("predict", "package", sources, "-o", "predictions.csv", *back)
    assert counts["predicted"] >= PATIENTS * IMAGES
    assert counts["reports"] == counts["captures"] == PATIENTS
    return Journey(place, canaries, outputs)


def written(journey: Journey) -> list[Path]:
    """All that the journey wrote."""
    forms = [f"{form}{end}" for form in ("package", "backbone", "monai") for end in ("", ".zip")]
    names = (*forms, *EMBEDDED, *REPORTS, *TABLES, "user")
    return [journey.project, *(journey.place / name for name in names)]


def test_the_originals_do_hold_what_is_searched_for(journey: Journey) -> None:
    words = [*journey.canaries.header.values(), *journey.canaries.facts.values(), *journey.canaries.paths]
    found = {leak.word for leak in journey.scan(words, journey.place / "Quellen_Kanarienklinik")}
    everything_but_the_place_above = set(words) - {journey.place.name}
    overwritten = set(journey.canaries.header.values()) - found
    assert found | overwritten >= everything_but_the_place_above
    assert len(overwritten) <= 6  # the dictionary's value where each image has one of its own


@pytest.fixture(scope="module")
def leaks(journey: Journey) -> list[Leak]:
    """Every planted word in all that the journey wrote: one search, because it takes longer than the looks at it."""
    planted = journey.canaries
    words = [*planted.header.values(), *planted.facts.values(), *planted.paths, str(journey.place)]
    return journey.scan(words, *written(journey))


def test_no_identity_in_any_byte_written(journey: Journey, leaks: list[Leak]) -> None:
    words = set(journey.canaries.header.values())
    assert [leak for leak in leaks if leak.word in words] == []


def test_facts_of_the_scanner_stay_in_the_project(journey: Journey, leaks: list[Leak]) -> None:
    words = set(journey.canaries.facts.values())
    paths = {leak.path.split("!")[0] for leak in leaks if leak.word in words}
    project = f"{journey.project.name}/"
    assert all(path.startswith(f"{project}project.sqlite") or path.endswith("items.csv") for path in paths), paths
    assert all(path.startswith(project) and not path.startswith(f"{project}exports") for path in paths), paths


def test_paths_stand_in_the_locations_and_nowhere_else(journey: Journey, leaks: list[Leak]) -> None:
    words = {*journey.canaries.paths, str(journey.place)}
    found = [leak for leak in leaks if leak.word in words]
    places = {leak.path.split("!")[0] for leak in found}
    database = {f"{journey.project.name}/project.sqlite{end}" for end in ("", "-wal", "-shm")}
    assert places <= database | set(TABLES), places
    assert f"{journey.project.name}/project.sqlite" in places
    tables = {leak.path.split("!")[1] for leak in found if "!" in leak.path}
    assert tables == {"locations", "sources"}, tables


def test_what_goes_back_names_the_patient_alone(journey: Journey) -> None:
    """Of all that stands in the headers, only what an archive needs to file a result; nothing in names of files."""
    header = journey.canaries.header
    kept = ("PatientID", "PatientName", "StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "AccessionNumber")
    kept += ("PatientBirthDate", "StudyDate", "StudyTime", "StudyID", "ReferringPhysicianName", "IssuerOfPatientID")
    kept += ("StudyDescription", "PatientAge", "PatientSize", "PatientWeight")
    allowed = {word for keyword, word in header.items() if keyword.split()[0] in kept}
    words = [*header.values(), *journey.canaries.facts.values(), *journey.canaries.paths]
    found = {leak.word for leak in journey.scan(words, journey.place / "back")}
    assert found & {word for keyword, word in header.items() if keyword.startswith("PatientName ")}
    assert found <= allowed, found - allowed
    names = [path.name for path in (journey.place / "back").rglob("*")]
    assert not [name for name in names if any(word in name for word in words)]


def test_the_terminal_says_no_name(journey: Journey) -> None:
    scanner = LeakScanner(list(journey.canaries.header.values()))
    assert [leak for text in journey.outputs for leak in scanner.scan_bytes(text.encode(), "terminal")] == []


def test_private_folders_of_runs_are_gone(journey: Journey) -> None:
    assert [path for path in (journey.project / "runs").rglob("*") if "private" in path.parts and path.is_file()] == []
