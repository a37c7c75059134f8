"""Archives that are slow, broken or hostile: each ends in a sentence, nothing comes without end or strays."""

from __future__ import annotations

import gc
import json
import socket
import socketserver
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from sslstudio.errors import SSLStudioError
from sslstudio.importers.dicom_writer import DicomHeader, stable_uid, write_image
from sslstudio.pacs import dicomweb, quiet
from sslstudio.pacs.archive import connect
from sslstudio.pacs.files import ReceivingFolder
from sslstudio.pacs.nodes import PacsNode
from sslstudio.pacs.rows import ImageRow, SeriesRow, StudyQuery
from tests.fakes.dimse_server import listening

# A thread of pynetdicom may still answer an image while the association is aborted, and ends by that.
pytestmark = pytest.mark.filterwarnings(
    "ignore:(?s)Exception in thread .*InvalidEventError:pytest.PytestUnhandledThreadExceptionWarning"
)
SOP = stable_uid("instance", "", "DEMO-000", "1", "1", 1)
SERIES = SeriesRow(study="1.2", series="1.3", images=1)
Reply = Callable[[BaseHTTPRequestHandler], None]


@pytest.fixture
def serve() -> Iterator[Callable[[Reply], PacsNode]]:
    """Starts a web server that answers every request by a function."""
    servers: list[ThreadingHTTPServer] = []

    def start(reply: Reply) -> PacsNode:
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                reply(self)

            def log_message(self, *_: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_: object) -> None:
                pass  # the caller has hung up on a hostile answer

        server = Server(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        servers.append(server)
        return PacsNode(name="Bad", url=f"http://127.0.0.1:{server.server_port}/dicom-web", timeout=2.0)

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def send(handler: BaseHTTPRequestHandler, body: bytes, kind: str = "application/dicom+json", status: int = 200) -> None:
    handler.send_response(status)
    handler.send_header("Content-Type", kind)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


def elsewhere(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(302)
    handler.send_header("Location", "http://203.0.113.7/steal")
    handler.send_header("Content-Length", "0")
    handler.end_headers()


def endless(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Type", "application/dicom+json")
    handler.end_headers()
    while True:
        handler.wfile.write(b" " * 65536)


def torn(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b"[")
    handler.wfile.flush()
    handler.connection.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (lambda h: send(h, b"<html>Welcome</html>", "text/html"), "not_dicomweb"),
        (lambda h: send(h, b'{"error": 1}'), ""),
        (lambda h: send(h, b'"text"'), "not_dicomweb"),
        (lambda h: send(h, b"[1, 2]"), "not_dicomweb"),
        (lambda h: send(h, b"", status=204), ""),
        (lambda h: send(h, b"secret words", status=500), "server_error"),
        (lambda h: send(h, b"", status=503), "busy"),
        (lambda h: send(h, b"", status=429), "busy"),
        (lambda h: send(h, b"", status=400), "query_failed"),
        (lambda h: send(h, b"", status=403), "forbidden"),
        (elsewhere, "redirected"),
        (endless, "too_much"),
        (torn, "lost"),
        (lambda h: time.sleep(4), "timeout"),
    ],
)
def test_a_web_archive_that_answers_badly(
    serve: Callable[[Reply], PacsNode], monkeypatch: pytest.MonkeyPatch, reply: Reply, code: str
) -> None:
    monkeypatch.setattr(dicomweb, "MOST_ANSWER", 1_000_000)
    node = serve(reply)
    archive = connect(node.model_copy(update={"timeout": 0.5}) if code == "timeout" else node)
    if not code:
        assert archive.studies(StudyQuery()).studies == ()
        return
    with pytest.raises(SSLStudioError) as error:
        archive.studies(StudyQuery())
    assert error.value.code == code and "secret" not in str(error.value)
    archive.close()


def test_a_query_is_sent_as_every_archive_reads_it(serve: Callable[[Reply], PacsNode]) -> None:
    asked: list[str] = []

    def reply(handler: BaseHTTPRequestHandler) -> None:
        asked.append(handler.path)
        send(handler, b"[]")

    connect(serve(reply)).studies(StudyQuery(patient_name="Doe, Jané A?"))
    assert "PatientName=Doe%5EJan%C3%A9%20A?" in asked[0] and "limit=501" in asked[0]
    assert "PatientName=Doe*Jan*A?" in asked[1] and len(asked) == 2


def test_nothing_a_web_archive_lists_leads_into_a_request(serve: Callable[[Reply], PacsNode]) -> None:
    rows = [
        {
            "0020000D": {"vr": "UI", "Value": [uid]},
            "00100010": {"vr": "PN", "Value": [{"Alphabetic": "A\u202e\x1b[31m"}]},
        }
        for uid in ("../../x", "1.2?x=1", "", "1.2.3", 7, None, ["1.2"], {"a": 1})
    ]
    found = connect(serve(lambda h: send(h, json.dumps(rows).encode()))).studies(StudyQuery())
    assert [(row.study, row.patient_name) for row in found.studies] == [("1.2.3", "A [31m"), ("7", "A [31m")]
    assert found.unusable == 6


def multipart(content: bytes) -> bytes:
    return b"--b\r\nContent-Type: application/dicom\r\n\r\n" + content + b"\r\n--b--"


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return write_image(
        tmp_path_factory.mktemp("image") / "x.dcm", np.zeros((64, 64), np.uint8), DicomHeader()
    ).read_bytes()


def fetch(node: PacsNode, folder: Path, sop: str = SOP, most: int = 10**6) -> list[tuple[str, str]]:
    into = ReceivingFolder(folder, "Bad", most_bytes=most)
    into.prepare()
    try:
        found = connect(node).fetch(SERIES, [ImageRow(sop=sop)], into, lambda: None)
        return [(arrived.sop, arrived.code) for arrived in found]
    finally:
        assert list(into.parts.iterdir()) == []


def test_an_image_comes_whole_or_not_at_all(serve: Callable[[Reply], PacsNode], tmp_path: Path, image: bytes) -> None:
    kind = 'multipart/related; type="application/dicom"; boundary=b'
    bodies: dict[str, tuple[bytes, str]] = {
        "multipart": (multipart(image), kind),
        "single": (image, "application/dicom"),
        "other": (multipart(image), kind),
        "html": (multipart(b"<html>"), kind),
        "torn": (multipart(image)[:-20], kind),
    }
    for name, (body, content_type) in bodies.items():
        node = serve(lambda h, body=body, kind=content_type: send(h, body, kind))
        folder = tmp_path / name
        if name in ("multipart", "single"):
            assert fetch(node, folder) == [(SOP, "")]
            assert [path.read_bytes() for path in folder.rglob("*.dcm")] == [image]
        elif name == "torn":
            with pytest.raises(SSLStudioError) as error:
                fetch(node, folder)
            assert error.value.code == "lost"
        else:
            sop = "1.2.3" if name == "other" else SOP
            assert fetch(node, folder, sop) == [(sop, "not_asked_for" if name == "other" else "unreadable")]
        assert len(list(folder.rglob("*.dcm"))) == (name in ("multipart", "single"))


@pytest.mark.parametrize(("status", "code"), [(404, "not_sent"), (406, "not_sent"), (410, "not_sent")])
def test_an_image_that_is_not_handed_over(
    serve: Callable[[Reply], PacsNode], tmp_path: Path, status: int, code: str
) -> None:
    assert fetch(serve(lambda h: send(h, b"", status=status)), tmp_path / "in") == [(SOP, code)]


def test_an_image_without_end_is_cut_off(serve: Callable[[Reply], PacsNode], tmp_path: Path) -> None:
    with pytest.raises(SSLStudioError) as error:
        fetch(serve(endless), tmp_path / "in", most=10**6)
    assert error.value.code == "too_much"


def test_a_silent_archive_is_given_up_in_time(tmp_path: Path) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        port = silent.getsockname()[1]
        for node in (
            PacsNode(name="Bad", url=f"http://127.0.0.1:{port}/", timeout=0.5),
            PacsNode(name="Bad", kind="dimse", host="127.0.0.1", port=port, called_ae="X", timeout=0.5),
        ):
            with pytest.raises(SSLStudioError) as error:
                connect(node).verify()
            assert error.value.code == "timeout"


def test_an_archive_that_talks_nonsense_is_no_archive_and_its_connection_is_closed() -> None:
    class Nonsense(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.sendall(b"\x07nonsense" * 100)

    def verify(port: int) -> str:
        node = PacsNode(name="Bad", kind="dimse", host="127.0.0.1", port=port, called_ae="X", timeout=2.0)
        with pytest.raises(SSLStudioError) as error:
            connect(node).verify()
        return error.value.code

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Nonsense) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always", ResourceWarning)
            code = verify(server.server_address[1])
            gc.collect()
        server.shutdown()
    assert code in ("not_dicom", "lost", "timeout", "no_find") and [str(one.message) for one in told] == []


@pytest.fixture
def pushing(tmp_path: Path) -> Iterator[tuple[PacsNode, list[int]]]:
    """An archive that answers a C-GET for one image with two others first, one of them with a name of its own."""
    from pydicom import dcmread
    from pynetdicom import AE, ALL_TRANSFER_SYNTAXES, evt
    from pynetdicom.sop_class import (
        ComputedRadiographyImageStorage,
        StudyRootQueryRetrieveInformationModelGet,
    )

    statuses: list[int] = []
    wanted = dcmread(write_image(tmp_path / "wanted.dcm", np.zeros((64, 64), np.uint8), DicomHeader()))
    other = dcmread(write_image(tmp_path / "other.dcm", np.zeros((8, 8), np.uint8), DicomHeader(instance=2)))
    sly = dcmread(write_image(tmp_path / "sly.dcm", np.zeros((8, 8), np.uint8), DicomHeader(instance=3)))
    heard = quiet.while_open(sly, "pydicom")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        sly.SOPInstanceUID = "1.2/../../../sly"
    heard()

    def hand_over(_event: evt.Event) -> Iterator[object]:
        yield 3
        for found in (other, sly, wanted):
            yield 0xFF00, found

    def note(event: evt.Event) -> None:
        status = event.message.command_set.get("Status")
        if status is not None:
            statuses.append(int(status))

    entity = AE(ae_title="PUSH")
    entity.add_supported_context(StudyRootQueryRetrieveInformationModelGet)
    entity.add_supported_context(ComputedRadiographyImageStorage, ALL_TRANSFER_SYNTAXES, scu_role=True, scp_role=True)
    handlers = [(evt.EVT_C_GET, hand_over), (evt.EVT_DIMSE_RECV, note)]
    with listening(entity, handlers) as port:
        yield PacsNode(name="Bad", kind="dimse", host="127.0.0.1", port=port, called_ae="PUSH", timeout=5.0), statuses


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_images_that_were_not_asked_for_are_refused(pushing: tuple[PacsNode, list[int]], tmp_path: Path) -> None:
    node, statuses = pushing
    into = ReceivingFolder(tmp_path / "in", "Bad")
    into.prepare()
    wish = [ImageRow(sop=SOP, sop_class="1.2.840.10008.5.1.4.1.1.1")]
    found = list(connect(node).fetch(SERIES, wish, into, lambda: None))
    assert [(arrived.sop, arrived.code) for arrived in found] == [(SOP, "")]
    assert [path.name for path in into.folder.rglob("*.dcm")] == [f"{SOP}.dcm"]
    assert 0x0124 in statuses and statuses[-1] == 0 and list(into.parts.iterdir()) == []
    assert not list(tmp_path.rglob("*sly"))


def test_an_object_without_end_ends_the_association(pushing: tuple[PacsNode, list[int]], tmp_path: Path) -> None:
    node, _ = pushing
    into = ReceivingFolder(tmp_path / "in", "Bad", most_bytes=-(1024**2) + 3000)
    into.prepare()
    wish = [ImageRow(sop=SOP, sop_class="1.2.840.10008.5.1.4.1.1.1")]
    with pytest.raises(SSLStudioError) as error:
        list(connect(node).fetch(SERIES, wish, into, lambda: None))
    assert error.value.code == "too_much"
    end = time.monotonic() + 20  # the thread that received it clears away what it began
    while (left := list(into.folder.rglob("*.dcm"))) and time.monotonic() < end:
        time.sleep(0.05)
    assert not left


QUIET = """
import logging
from sslstudio.pacs.archive import connect
from sslstudio.pacs.nodes import PacsNode

names = ("pydicom", "pynetdicom", "urllib3", "requests", "dicomweb_client", "retrying")
loggers = {name: logging.getLogger(name) for name in names}

def quiet():
    return {name for name, logger in loggers.items() if not logger.isEnabledFor(logging.CRITICAL)}

web = PacsNode(name="Web", url="http://127.0.0.1:1/")
dimse = PacsNode(name="Dimse", kind="dimse", host="127.0.0.1", port=1, called_ae="X")
connect(web).close(), connect(dimse).close()
assert not quiet(), "loaded, and nothing is open"
before = {name: logger.level for name, logger in loggers.items()}
first, second = connect(web), connect(dimse)
assert quiet() == set(names)
first.close()
first.close()
assert quiet() == {"pydicom", "pynetdicom"}, "the other one is open"
second.close()
assert {name: logger.level for name, logger in loggers.items()} == before
connect(dimse)
assert not quiet(), "one that nobody closed is gone"
"""


def test_libraries_are_quiet_only_while_an_archive_is_open() -> None:
    done = subprocess.run([sys.executable, "-c", QUIET], capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_certificate_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("no certificate", encoding="utf-8")
    for path in (tmp_path / "ca.pem", tmp_path / "absent.pem"):
        web = PacsNode(name="Bad", url="https://127.0.0.1:1/", ca_file=str(path))
        with pytest.raises(SSLStudioError) as error:
            connect(web)
        assert error.value.code == "certificate_file"
