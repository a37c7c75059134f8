"""TLS over both protocols: an archive whose certificate is known is spoken to, another is not."""

from __future__ import annotations

import shutil
import ssl
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from pynetdicom import AE, build_context, evt
from pynetdicom.sop_class import (
    StudyRootQueryRetrieveInformationModelFind,
    StudyRootQueryRetrieveInformationModelGet,
    StudyRootQueryRetrieveInformationModelMove,
    Verification,
)

from sslstudio.errors import SSLStudioError
from sslstudio.importers.dicom_writer import DicomHeader, write_image
from sslstudio.pacs.archive import connect
from sslstudio.pacs.files import ReceivingFolder
from sslstudio.pacs.nodes import PacsNode, Way
from sslstudio.pacs.retrieving import Patience, Retrieval
from sslstudio.pacs.rows import StudyQuery, Wish
from tests.fakes.dimse_server import listening
from tests.fakes.orthanc import free_port


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for loopback that nobody signed, and its key."""
    if shutil.which("openssl") is None:
        pytest.skip("needs the openssl program to make a certificate")
    folder = tmp_path_factory.mktemp("certificate")
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    make(certificate, key, "IP:127.0.0.1")
    return certificate, key


def make(certificate: Path, key: Path, name: str) -> None:
    """A certificate in the name of `name` that nobody signed."""
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"),
            *("-days", "2", "-subj", "/CN=test", "-addext", f"subjectAltName={name}"),
            *("-keyout", str(key), "-out", str(certificate)),
        ],
        check=True,
        capture_output=True,
    )


@pytest.fixture
def context(certificate: tuple[Path, Path]) -> ssl.SSLContext:
    found = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    found.load_cert_chain(*certificate)
    return found


def check(node: PacsNode, certificate: tuple[Path, Path]) -> None:
    """Refused as it is; accepted with the certificate, and with ours to show."""
    with pytest.raises(SSLStudioError) as error:
        connect(node).verify()
    assert error.value.code == "untrusted" and "nothing was sent" in error.value.message
    connect(node.model_copy(update={"ca_file": str(certificate[0])})).verify()
    ours = {"ca_file": str(certificate[0]), "cert_file": str(certificate[0]), "key_file": str(certificate[1])}
    connect(node.model_copy(update=ours)).verify()


def test_a_web_archive(certificate: tuple[Path, Path], context: ssl.SSLContext) -> None:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"[]")

        def log_message(self, *_: object) -> None:
            pass

    class Server(HTTPServer):
        def handle_error(self, *_: object) -> None:
            pass  # the caller did not trust us

    with Server(("127.0.0.1", 0), Handler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        check(PacsNode(name="Web", url=f"https://127.0.0.1:{server.server_port}/x", timeout=10.0), certificate)
        server.shutdown()


def test_a_dimse_archive(certificate: tuple[Path, Path], context: ssl.SSLContext) -> None:
    entity = AE(ae_title="SAFE")
    for uid in (
        Verification,
        StudyRootQueryRetrieveInformationModelFind,
        StudyRootQueryRetrieveInformationModelGet,
    ):
        entity.add_supported_context(uid)
    with listening(entity, context=context) as port:
        node = PacsNode(
            name="Safe", kind="dimse", host="127.0.0.1", port=port, called_ae="SAFE", tls=True, timeout=10.0
        )
        check(node, certificate)


@pytest.fixture
def stored(tmp_path: Path) -> list[Dataset]:
    """Two images of one series, as an archive holds them."""
    found = []
    for number in (1, 2):
        pixels = np.arange(64, dtype=np.uint16).reshape(8, 8) + number
        write_image(tmp_path / "held" / f"{number}.dcm", pixels, DicomHeader(instance=number))
        found.append(pydicom.dcmread(tmp_path / "held" / f"{number}.dcm"))
    return found


class Encrypted:
    """An archive that speaks TLS alone: C-FIND of what it holds, C-GET, and C-MOVE over TLS of its own."""

    def __init__(self, stored: list[Dataset], trusted: Path, ours: tuple[Path, Path]) -> None:
        self._stored, self._trusted, self._ours = stored, trusted, ours
        self.listener = 0
        self.entity = AE(ae_title="SAFE")
        for uid in (
            Verification,
            StudyRootQueryRetrieveInformationModelFind,
            StudyRootQueryRetrieveInformationModelGet,
            StudyRootQueryRetrieveInformationModelMove,
        ):
            self.entity.add_supported_context(uid)
        self.entity.add_supported_context(str(stored[0].SOPClassUID), scu_role=True, scp_role=True)
        self.handlers = [(evt.EVT_C_FIND, self._find), (evt.EVT_C_GET, self._get), (evt.EVT_C_MOVE, self._move)]

    def _find(self, event: evt.Event) -> Iterator[tuple[int, Dataset | None]]:
        level = str(event.identifier.QueryRetrieveLevel)
        for image in self._stored if level == "IMAGE" else self._stored[:1]:
            answer = Dataset()
            for element in event.identifier:
                answer.add(image.get(element.tag, element))
            yield 0xFF00, answer

    def _get(self, event: evt.Event) -> Iterator[object]:
        yield len(self._stored)
        for image in self._stored:
            yield 0xFF00, image

    def _move(self, event: evt.Event) -> Iterator[object]:
        context = ssl.create_default_context(cafile=str(self._trusted))
        context.load_cert_chain(*self._ours)
        contexts = [build_context(str(self._stored[0].SOPClassUID), self._stored[0].file_meta.TransferSyntaxUID)]
        yield "127.0.0.1", self.listener, {"contexts": contexts, "tls_args": (context, "127.0.0.1")}
        yield from self._get(event)


@pytest.mark.parametrize("way", ["get", "move"])
def test_images_come_encrypted_both_ways(
    certificate: tuple[Path, Path], context: ssl.SSLContext, stored: list[Dataset], tmp_path: Path, way: Way
) -> None:
    """Each side shows its certificate and wants to see the other's."""
    context.load_verify_locations(cafile=certificate[0])
    context.verify_mode = ssl.CERT_REQUIRED
    archive = Encrypted(stored, certificate[0], certificate)
    with listening(archive.entity, archive.handlers, context=context) as port:
        archive.listener = free_port()
        node = PacsNode(
            name="Safe", kind="dimse", host="127.0.0.1", port=port, called_ae="SAFE", tls=True, timeout=10.0,
            retrieve=way, listen_host="127.0.0.1", listen_port=archive.listener, ca_file=str(certificate[0]),
            cert_file=str(certificate[0]), key_file=str(certificate[1]),
        )  # fmt: skip
        found = connect(node)
        found.verify()
        (study,) = found.studies(StudyQuery()).studies
        into = ReceivingFolder(tmp_path / "in", "Safe")
        outcome = Retrieval(found, "Safe", into, lambda *_: None, lambda: None, Patience(2, 0.05)).run(
            [Wish(study=study.study)]
        )
        found.close()
        assert (outcome.received, outcome.missing, outcome.problems) == (2, 0, ())
        files = map(pydicom.dcmread, (tmp_path / "in").rglob("*.dcm"))
        received = {str(one.SOPInstanceUID): one.PixelData for one in files}
        assert received == {str(one.SOPInstanceUID): one.PixelData for one in stored}
        if way == "get":
            with pytest.raises(SSLStudioError) as unknown:
                connect(node.model_copy(update={"cert_file": "", "key_file": ""})).verify()
            assert unknown.value.code == "our_certificate"


def test_a_certificate_for_another_computer_and_a_port_without_tls(tmp_path: Path) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("needs the openssl program to make a certificate")
    certificate, key = tmp_path / "other.pem", tmp_path / "key.pem"
    make(certificate, key, "DNS:pacs.example")
    entity = AE(ae_title="SAFE")
    entity.add_supported_context(Verification)
    other = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    other.load_cert_chain(certificate, key)
    for server, code in ((other, "other_name"), (None, "tls")):
        with listening(entity, context=server) as port:
            node = PacsNode(
                name="Safe", kind="dimse", host="127.0.0.1", port=port, called_ae="SAFE", tls=True, timeout=3.0,
                ca_file=str(certificate),
            )  # fmt: skip
            with pytest.raises(SSLStudioError) as error:
                connect(node).verify()
            assert error.value.code == code
            assert error.value.message and error.value.hint
