"""TLS over both protocols: an archive whose certificate is known is spoken to, another is not."""

from __future__ import annotations

import shutil
import ssl
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from pynetdicom import AE
from pynetdicom.sop_class import (
    StudyRootQueryRetrieveInformationModelFind,
    StudyRootQueryRetrieveInformationModelGet,
    Verification,
)

from sslstudio.errors import SSLStudioError
from sslstudio.pacs.archive import connect
from sslstudio.pacs.nodes import PacsNode
from tests.fakes.dimse_server import listening


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for loopback that nobody signed, and its key."""
    if shutil.which("openssl") is None:
        pytest.skip("needs the openssl program to make a certificate")
    folder = tmp_path_factory.mktemp("certificate")
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"),
            *("-days", "2", "-subj", "/CN=test", "-addext", "subjectAltName=IP:127.0.0.1"),
            *("-keyout", str(key), "-out", str(certificate)),
        ],
        check=True,
        capture_output=True,
    )
    return certificate, key


@pytest.fixture
def context(certificate: tuple[Path, Path]) -> ssl.SSLContext:
    found = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    found.load_cert_chain(*certificate)
    return found


def check(node: PacsNode, certificate: tuple[Path, Path]) -> None:
    """Refused as it is; accepted with the certificate, and with ours to show."""
    with pytest.raises(SSLStudioError) as error:
        connect(node).verify()
    assert error.value.code == "tls"
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
