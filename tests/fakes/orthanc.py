"""A real archive for tests: a private Orthanc on loopback with free ports, its own configuration and storage.

From Debian's packages `orthanc` and `orthanc-dicomweb`; the program is started here and ends with the tests. It knows
this computer as SSLSTUDIO, itself as ORTHANC, checks both, and asks DICOMweb callers for a password.
"""

from __future__ import annotations

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import time
from base64 import b64encode
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pydicom

from sslstudio.importers import dicom_writer, synthetic
from sslstudio.pacs.nodes import PacsNode

USER, PASSWORD = "reader", "open sesame"
TITLE, OURS = "ORTHANC", "SSLSTUDIO"
PROGRAM_PLACES = ("/usr/sbin/Orthanc", "/usr/bin/Orthanc", "/usr/local/sbin/Orthanc")
PLUGIN_PLACES = ("/usr/share/orthanc/plugins/libOrthancDicomWeb.so", "/usr/lib/orthanc/libOrthancDicomWeb.so")
START_SECONDS = 60.0


def program() -> str:
    """The Orthanc program, or "" where there is none."""
    return shutil.which("Orthanc") or next((place for place in PROGRAM_PLACES if os.access(place, os.X_OK)), "")


def plugin() -> str:
    """The DICOMweb plugin, or ""."""
    return next((place for place in PLUGIN_PLACES if Path(place).exists()), "")


def missing() -> str:
    """Why there can be no archive on this computer, or ""."""
    if program() and plugin():
        return ""
    return "needs the Orthanc server: the Debian or Ubuntu packages orthanc and orthanc-dicomweb"


def free_port() -> int:
    """A port of loopback that nobody listens at now."""
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        port: int = trial.getsockname()[1]
        return port


class Orthanc:
    """One server in `folder`; `start` it, `kill` it, `start` it again with what it held."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.http_port = self.dicom_port = self.move_port = 0
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> Orthanc:
        """Start, and wait until it answers; on other ports if another process was quicker to take ours."""
        for _ in range(3):
            if not self.http_port:
                self.http_port, self.dicom_port, self.move_port = free_port(), free_port(), free_port()
            if self._try():
                return self
            self.http_port = 0
        log = (self.folder / "log.txt").read_text(encoding="utf-8", errors="replace")
        raise RuntimeError(f"Orthanc did not start: {log[-2000:]}")

    def _try(self) -> bool:
        self.folder.mkdir(parents=True, exist_ok=True)
        settings = self.folder / "orthanc.json"
        settings.write_text(json.dumps(self._settings()), encoding="utf-8")
        with (self.folder / "log.txt").open("ab") as log:
            self._process = subprocess.Popen(
                [program(), str(settings)], stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder
            )
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until and self._process.poll() is None:
            try:
                self.ask("GET", "/system")
                with socket.create_connection(("127.0.0.1", self.dicom_port), timeout=5):
                    return True
            except (OSError, http.client.HTTPException):
                time.sleep(0.05)
        self.kill()
        return False

    def _settings(self) -> dict[str, Any]:
        storage = str(self.folder / "storage")
        return {
            "Name": "tests",
            "StorageDirectory": storage,
            "IndexDirectory": storage,
            "Plugins": [plugin()],
            "HttpPort": self.http_port,
            "RemoteAccessAllowed": False,
            "AuthenticationEnabled": True,
            "RegisteredUsers": {USER: PASSWORD},
            "DicomAet": TITLE,
            "DicomPort": self.dicom_port,
            "DicomCheckCalledAet": True,
            "DicomAlwaysAllowEcho": False,
            "DicomAlwaysAllowStore": False,
            "DicomModalities": {"ours": [OURS, "127.0.0.1", self.move_port]},
            "UnknownSopClassAccepted": True,
            "DicomAssociationCloseDelay": 0,
            "StableAge": 1,
            "SyncStorageArea": False,
            "SaveJobs": False,
            "DicomWeb": {"Enable": True, "Root": "/dicom-web/"},
        }

    @property
    def sources(self) -> Path:
        """The files it was filled with."""
        return self.folder / "sources"

    @property
    def pid(self) -> int:
        """The server's process."""
        assert self._process is not None
        return self._process.pid

    def kill(self) -> None:
        """End it at once, as a power cut would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def stop(self) -> None:
        """End it politely."""
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None

    def ask(self, method: str, path: str, body: bytes | None = None) -> Any:
        """One request of Orthanc's own interface; raises HTTPException for a refusal."""
        connection = http.client.HTTPConnection("127.0.0.1", self.http_port, timeout=30)
        token = b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        try:
            connection.request(method, path, body, {"Authorization": f"Basic {token}"})
            response = connection.getresponse()
            content = response.read()
        finally:
            connection.close()
        if response.status >= 300:
            raise http.client.HTTPException(f"{method} {path}: {response.status}")
        try:
            return json.loads(content)
        except ValueError:
            return content

    def store(self, files: Iterable[Path]) -> list[str]:
        """Put DICOM files into the archive; the SOP instance UIDs it has taken."""
        taken = []
        for file in files:
            try:
                answer = self.ask("POST", "/instances", file.read_bytes())
            except http.client.HTTPException:
                continue  # not a file that this archive keeps
            taken.append(self.ask("GET", f"/instances/{answer['ID']}/simplified-tags")["SOPInstanceUID"])
        return taken

    def web(self, **changes: Any) -> PacsNode:
        """This archive as a DICOMweb node."""
        values = {
            "name": "Test web",
            "url": f"http://127.0.0.1:{self.http_port}/dicom-web",
            "user": USER,
            "timeout": 20.0,
        }
        return PacsNode.model_validate({**values, "kind": "dicomweb", **changes})

    def dimse(self, **changes: Any) -> PacsNode:
        """This archive as a DIMSE node, images by C-GET."""
        values = {"host": "127.0.0.1", "port": self.dicom_port, "called_ae": TITLE, "calling_ae": OURS, "timeout": 20.0}
        moving = {"listen_host": "127.0.0.1", "listen_port": self.move_port}
        return PacsNode.model_validate({"name": "Test DIMSE", "kind": "dimse", **values, **moving, **changes})


PATIENTS = 2
RLE, JPEG_2000 = "1.2.840.10008.1.2.5", "1.2.840.10008.1.2.4.90"


def fill(archive: Orthanc) -> None:
    """Put the synthetic studies of two patients in, and a CT with one image in each of two compressed syntaxes."""
    for number in range(1, PATIENTS + 1):
        list(synthetic.write_patient(archive.sources, number, images=number + 1))
    pixels = np.arange(64 * 64, dtype=np.uint16).reshape(64, 64)
    for number, syntax in enumerate((RLE, JPEG_2000), start=1):
        header = dicom_writer.DicomHeader(
            patient_id="SQUEEZED 1", patient_name="Müller^Änne Maria", modality="CT", instance=number,
            study_description="Thorax (low dose)", date="20240229", extra={"AccessionNumber": "A 77"},
        )  # fmt: skip
        path = dicom_writer.write_image(archive.sources / f"squeezed-{number}.dcm", pixels, header)
        dataset = pydicom.dcmread(path)
        dataset.compress(syntax, generate_instance_uid=False)
        dataset.save_as(path)
    archive.store(sorted(archive.sources.rglob("*.dcm")))


def by_uid(folder: Path) -> dict[str, pydicom.Dataset]:
    """The DICOM files below a folder by their SOP instance UID."""
    return {str(found.SOPInstanceUID): found for found in map(pydicom.dcmread, sorted(folder.rglob("*.dcm")))}
