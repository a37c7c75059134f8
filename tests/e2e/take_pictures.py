"""Takes the pictures of the Data page and of the PACS dialog in `docs/images/`, of invented patients.

    python -m tests.e2e.take_pictures FOLDER [--theme light|dark] [--size 1320x840] [--only data-review ...]

An import, a look through the images and the window are real; nothing is contacted. QT_SCALE_FACTOR=2 doubles all that
is drawn. The pictures of the other pages come out of `tests.e2e.sit_down`.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QWidget

from sslstudio.domain.runs import Done, Started
from sslstudio.domain.specs import ImportSpec, TriageSpec
from sslstudio.gui import theme
from sslstudio.gui.app import create_application
from sslstudio.gui.pages.data.pacs import texts as pacs_texts
from sslstudio.gui.pages.data.pacs.dialog import PacsDialog
from sslstudio.gui.pages.data.pacs.editor import NodeEditor
from sslstudio.gui.preferences import Preferences
from sslstudio.gui.window import MainWindow
from sslstudio.importers.dicom_writer import DicomHeader, write_image
from sslstudio.importers.synthetic import write_studies
from sslstudio.jobs.launcher import LocalLauncher
from sslstudio.jobs.run_context import RunContext
from sslstudio.jobs.run_directory import RunDirectory
from sslstudio.pacs.nodes import NodeStore, PacsNode
from sslstudio.pacs.rows import Found, SeriesRow, StudyRow
from sslstudio.session import workflow
from sslstudio.session.project import Project
from sslstudio.settings import Settings
from sslstudio.stages import import_images, triage
from tests.fakes.image_files import write_bad_files
from tests.fakes.project_runs import write_events

SECTIONS = {"review": "review", "patients": "patients", "sees": "rendering", "ledger": "ledger"}
STUDIES = tuple(
    StudyRow(
        study=f"1.{number}", date=f"2024{month:02}17", patient_name=f"Demo^Patient {number:03}",
        patient_id=f"DEMO-{number:03}", modalities=modalities, description=words, series=series, images=images,
    )
    for number, month, modalities, words, series, images in (
        (11, 11, ("CT",), "Thorax low dose (not a person)", 3, 1204),
        (12, 3, ("CT", "SR"), "Thorax follow-up (not a person)", 3, 611),
        (15, 5, ("MR",), "Brain (not a person)", 9, 842),
        (19, 8, ("DX",), "Chest PA and lateral (not a person)", 2, 2),
    )
)  # fmt: skip
SERIES = tuple(
    SeriesRow(study="1.11", series=f"1.11.{number}", modality="CT", number=number, description=words, images=images)
    for number, words, images in ((1, "Scout", 2), (2, "Lung 1 mm", 601), (3, "Soft tissue 1 mm", 601))
)


def invent(folder: Path) -> None:
    """Chest films of invented patients, a CT, copies, a film with words burned in, and files that are no images."""
    write_studies(folder / "films", patients=18)
    films = sorted((folder / "films").rglob("*.dcm"))
    extra = folder / "films" / "patient-900"
    for number, path in enumerate(films[:3]):
        picture = _eight_bits(pydicom.dcmread(path))
        _save(picture.resize((picture.width * 3 // 4, picture.height * 3 // 4)), extra / f"resized-{number}.png")
    words = _eight_bits(pydicom.dcmread(films[6])).resize((512, 512))
    ImageDraw.Draw(words).text((20, 20), "DEMO PATIENT 006\nNOT A PERSON", 255, font=ImageFont.load_default(24))
    _save(words, extra / "words.png")
    _save(Image.new("L", (256, 256), 7), extra / "empty-exposure.png")
    for number in range(24):
        header = DicomHeader(
            patient_id="DEMO-800", study="800", series="1", instance=number + 1, modality="CT", body_part="CHEST",
            slope=1.0, intercept=-1024.0, model="CT 64", extra={
                "ImagePositionPatient": [0, 0, 5 * number], "ImageOrientationPatient": [1, 0, 0, 0, 1, 0],
                "PixelSpacing": [1.5, 1.5],
            },
        )  # fmt: skip
        write_image(folder / "ct" / f"slice-{number:02}.dcm", thorax(number / 23), header)
    write_bad_files(folder / "from a CD")


def thorax(place: float, side: int = 256) -> NDArray[np.uint16]:
    """A made-up slice of a chest, stored as CT is: HU + 1024."""
    y, x = np.mgrid[-1 : 1 : side * 1j, -1 : 1 : side * 1j]
    noise = np.random.default_rng(round(place * 100)).normal(0, 12, (side, side))
    values = np.full((side, side), -1000.0)
    values[(x / 0.86) ** 2 + (y / 0.62) ** 2 < 1] = -90
    values[(x / 0.78) ** 2 + (y / 0.54) ** 2 < 1] = 45
    wide = 0.2 + 0.14 * np.sin(np.pi * place)
    for sign in (-1, 1):
        values[((x - sign * 0.38) / wide) ** 2 + ((y + 0.02) / 0.42) ** 2 < 1] = -850
    values[((x - 0.06) / 0.16) ** 2 + ((y + 0.08) / 0.2) ** 2 < 1] = 70
    values[np.hypot(x, y - 0.36) < 0.1] = 500
    values[np.hypot(x - 0.42, y + 0.1) < 0.06 * max(0.0, 1 - 4 * abs(place - 0.5))] = 30
    return np.clip(np.rint(values + noise + 1024), 0, 4095).astype(np.uint16)


def _eight_bits(film: pydicom.Dataset) -> Image.Image:
    values = film.pixel_array.astype(np.float64)
    if film.PhotometricInterpretation == "MONOCHROME1":
        values = values.max() - values
    return Image.fromarray((255 * (values - values.min()) / np.ptp(values)).astype(np.uint8))


def _save(picture: Image.Image, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.save(path)


def fill(project: Project, folder: Path) -> None:
    """Import and look through, in this process."""
    spec = ImportSpec()
    _carry_out(project, workflow.prepare_import(project, [folder], spec), import_images.run, spec)
    look = TriageSpec()
    _carry_out(project, workflow.prepare_triage(project, look), triage.run, look)


def _carry_out(project: Project, run_id: str, stage: Callable[..., dict[str, Any]], spec: object) -> None:
    run = RunDirectory(project.run_dir(run_id))
    events: list[Any] = []
    result = stage(spec, RunContext(run, events.append))
    write_events(run.path, Started(at=time.time(), pid=1), *events, Done(at=time.time(), result=result))
    workflow.adopt(project, run_id)


class Camera:
    """Waits until a window has drawn what it shows, then keeps a picture of it."""

    def __init__(self, folder: Path, theme_name: str, only: Sequence[str]) -> None:
        self._folder, self._theme, self._only = folder, theme_name, only
        folder.mkdir(parents=True, exist_ok=True)

    @staticmethod
    def wait(seconds: float) -> None:
        """Let the window work."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            QApplication.processEvents()
            time.sleep(0.005)

    def take(self, name: str, widget: QWidget, seconds: float = 3.0) -> None:
        """A picture called `name`, once nothing moves any more; nothing, if others alone are wanted."""
        if self._only and name not in self._only:
            return
        self.wait(seconds)
        before, now = QImage(), widget.grab().toImage()
        for _ in range(20):
            if before == now:
                break
            self.wait(0.5)
            before, now = now, widget.grab().toImage()
        now.save(str(self._folder / f"{name}-{self._theme}.png"))


def take_all(window: MainWindow, camera: Camera, sources: Path) -> None:
    """Every picture, in the order of the page."""
    assert window.workspace is not None
    view: Any = window.workspace.page("data").widget
    window.show_page("data")
    camera.wait(2.0)
    for name, section in SECTIONS.items():
        view.sections.show_section(section)
        if name == "ledger":  # what was left out has more to say; the folder is one of this computer
            view.ledger.filter_requested.emit("status:skipped")
            header = view.ledger.table.horizontalHeader()
            header.setStretchLastSection(False)
            header.hideSection(view.ledger.model.columnCount() - 1)
            for place, width in ((0, 160), (1, 150), (2, 295), (3, 295)):
                header.resizeSection(place, width)
        camera.take(f"data-{name}", window)
    view.sections.show_section("images")
    view.panel.dropped.emit([sources])
    camera.take("data-import", window)
    NodeStore().put(PacsNode(name="Hospital", kind="dimse", host="pacs.example", called_ae="PACS", tls=True))
    view.panel.pacs.click()
    dialog: PacsDialog = view.findChild(PacsDialog)
    dialog.tree.set_studies(STUDIES)
    dialog.set_status(pacs_texts.found_line(Found(studies=STUDIES)))
    dialog.set_folder(Path("/home/me/SSL Studio received/Thorax"), "")
    dialog.tree.setExpanded(dialog.tree.model().index(0, 0), True)
    dialog.tree.set_series("1.11", SERIES)
    dialog.tree.setCurrentIndex(dialog.tree.model().index(0, 0))
    camera.take("data-pacs", dialog, 1.0)
    editor = NodeEditor(NodeStore().get("Hospital"), "", dialog)
    editor.security.set_open(True)
    editor.show()
    camera.take("data-pacs-archive", editor, 1.0)
    editor.close()
    dialog.close()


def run(arguments: Sequence[str] | None = None) -> int:
    """Invent, import, and take the pictures."""
    parser = argparse.ArgumentParser(description="Takes the pictures of the Data page.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--theme", default="light", choices=("light", "dark"))
    parser.add_argument("--size", default="1320x840")
    parser.add_argument("--only", nargs="*", default=())
    options = parser.parse_args(arguments)
    width, height = (int(part) for part in options.size.split("x"))
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
        for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"):
            os.environ[name] = str(Path(scratch, name))
        sources = Path(scratch, "received")
        invent(sources)
        project = Project.create(Path(scratch, "Thorax.sslproj"))
        fill(project, sources)
        application = create_application()
        theme.apply(application, options.theme)
        settings = Preferences(Settings(theme=options.theme), Path(scratch, "settings.json"))
        window = MainWindow(settings, LocalLauncher())
        window.resize(width, height)
        window.show()
        window.attach(project)
        take_all(window, Camera(options.folder, options.theme, options.only), sources)
        window.close()
        Camera.wait(0.5)
    return 0


if __name__ == "__main__":
    raise SystemExit(run())
