"""Query and retrieve from a real archive, over each of the three ways: DICOMweb, C-GET and C-MOVE."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pydicom
import pytest

from sslstudio.errors import SSLStudioError
from sslstudio.pacs.archive import Archive, connect
from sslstudio.pacs.files import ReceivingFolder
from sslstudio.pacs.nodes import PacsNode
from sslstudio.pacs.retrieving import Outcome, Patience, Retrieval
from sslstudio.pacs.rows import StudyQuery, Wish
from tests.fakes.orthanc import JPEG_2000, OURS, PASSWORD, PATIENTS, RLE, TITLE, Orthanc, by_uid, free_port

# A thread of pynetdicom may still answer an image while the association is aborted, and ends by that.
pytestmark = pytest.mark.filterwarnings(
    "ignore:(?s)Exception in thread .*InvalidEventError:pytest.PytestUnhandledThreadExceptionWarning"
)
WAYS = ("web", "get", "move")


def node_for(orthanc: Orthanc, way: str, **changes: object) -> PacsNode:
    return orthanc.web(**changes) if way == "web" else orthanc.dimse(retrieve=way, **changes)


def nothing(*_: object) -> None:
    pass


def retrieve(archive: Archive, wishes: list[Wish], folder: Path, **options: object) -> Outcome:
    into = ReceivingFolder(folder, "Test")
    return Retrieval(archive, "Test", into, nothing, nothing, Patience(2, 0.05)).run(wishes)


@pytest.fixture(params=WAYS)
def archive(orthanc: Orthanc, request: pytest.FixtureRequest) -> Iterator[Archive]:
    found = connect(node_for(orthanc, request.param), PASSWORD)
    yield found
    found.close()


@pytest.fixture(params=("web", "get"))
def asked(orthanc: Orthanc, request: pytest.FixtureRequest) -> Iterator[Archive]:
    """Over each of the two ways to query."""
    found = connect(node_for(orthanc, request.param), PASSWORD)
    yield found
    found.close()


def test_an_archive_in_order_passes_the_test(archive: Archive) -> None:
    archive.verify()


def test_studies_are_found_by_each_part_of_a_query(asked: Archive) -> None:
    everything = asked.studies(StudyQuery())
    assert not everything.more and everything.unusable == 0
    assert {row.patient_id for row in everything.studies} == {
        *(f"DEMO-{number:03d}" for number in range(1, PATIENTS + 1)), "SQUEEZED 1",
    }  # fmt: skip

    def found(**query: str) -> set[str]:
        return {row.patient_id for row in asked.studies(StudyQuery.model_validate(query)).studies}

    assert found(patient_name="demo, patient 00?") == {f"DEMO-{number:03d}" for number in range(1, PATIENTS + 1)}
    assert found(patient_name="Müller") == found(patient_id="SQUEEZED 1") == found(modality="CT") == {"SQUEEZED 1"}
    assert found(patient_name="nobody") == set()
    assert found(patient_id="DEMO-00?") == found(description="chest") == found(patient_name="demo^patient 00")
    assert found(description="(low dose)") == found(accession="A 77") == {"SQUEEZED 1"}
    assert found(date_from="20240229", date_to="20240229") == found(date_from="20240101", date_to="20241231")
    assert "SQUEEZED 1" not in found(date_to="20231231") and "SQUEEZED 1" in found(date_from="20240229")
    assert found(date_from="20990101") == set()


def test_rows_say_what_a_radiologist_wants_to_know(asked: Archive) -> None:
    (study,) = asked.studies(StudyQuery(patient_id="SQUEEZED 1")).studies
    assert study.patient_name == "Müller^Änne Maria" and study.date == "20240229" and study.modalities == ("CT",)
    assert (study.description, study.accession) == ("Thorax (low dose)", "A 77")
    assert (study.series, study.images) == (1, 2)
    (series,) = asked.series(study.study)
    assert (series.modality, series.images, series.body_part, series.number) == ("CT", 2, "CHEST", 1)
    images = asked.images(study.study, series.series)
    assert len({image.sop for image in images}) == 2


def test_a_long_answer_is_cut_and_says_so(asked: Archive) -> None:
    found = asked.studies(StudyQuery(limit=2))
    assert len(found.studies) == 2 and found.more


def test_what_is_retrieved_is_what_is_stored(archive: Archive, orthanc: Orthanc, tmp_path: Path) -> None:
    wishes = [Wish(study=row.study) for row in archive.studies(StudyQuery()).studies]
    outcome = retrieve(archive, wishes, tmp_path / "in")
    stored, received = by_uid(orthanc.sources), by_uid(tmp_path / "in")
    assert outcome.received == len(stored) and outcome.missing == outcome.already == 0 and not outcome.problems
    assert stored.keys() == received.keys()
    for uid, source in stored.items():
        assert received[uid].PixelData == source.PixelData
        assert received[uid].file_meta.TransferSyntaxUID == source.file_meta.TransferSyntaxUID
    syntaxes = {found.file_meta.TransferSyntaxUID for found in received.values()}
    assert {RLE, JPEG_2000} <= syntaxes
    assert outcome.size == sum(path.stat().st_size for path in (tmp_path / "in").rglob("*.dcm"))


def test_what_is_there_is_not_fetched_again(asked: Archive, tmp_path: Path) -> None:
    study = asked.studies(StudyQuery(patient_id="DEMO-001")).studies[0]
    (series,) = asked.series(study.study)
    wish = [Wish(study=study.study, series=series.series)]
    first = retrieve(asked, wish, tmp_path / "in")
    lost = next((tmp_path / "in").rglob("*.dcm"))
    kept = {path: path.stat().st_ino for path in (tmp_path / "in").rglob("*.dcm") if path != lost}
    lost.unlink()
    again = retrieve(asked, wish, tmp_path / "in")
    assert (again.received, again.already) == (1, first.received - 1) and lost.exists()
    assert {path: path.stat().st_ino for path in kept} == kept
    last = retrieve(asked, wish, tmp_path / "in")
    assert (last.received, last.already) == (0, first.received)


def test_a_study_that_is_gone_is_told(archive: Archive, tmp_path: Path) -> None:
    with pytest.raises(SSLStudioError) as error:
        retrieve(archive, [Wish(study="1.2.3.4")], tmp_path / "in")
    assert error.value.code in ("not_sent", "not_found")


@pytest.mark.parametrize(
    ("way", "changes", "code"),
    [
        ("web", {"user": "nobody"}, "login"),
        ("web", {"user": ""}, "login"),
        ("web", {"url": "http://127.0.0.1:{http}/elsewhere"}, "not_found"),
        ("web", {"url": "http://127.0.0.1:{http}/app/explorer.html"}, "not_found"),
        ("web", {"url": "https://127.0.0.1:{http}/dicom-web"}, "tls"),
        ("web", {"url": "http://127.0.0.1:{free}/dicom-web"}, "refused"),
        ("web", {"url": "http://no-such-computer.invalid/dicom-web"}, "unknown_host"),
        ("get", {"called_ae": "ANOTHER"}, "called_ae"),
        ("get", {"calling_ae": "STRANGER"}, "calling_ae"),
        ("get", {"port": "{http}", "timeout": 3.0}, "not_dicom"),
        ("get", {"port": "{free}"}, "refused"),
        ("get", {"host": "no-such-computer.invalid"}, "unknown_host"),
        ("get", {"tls": True}, "tls"),
        ("move", {"listen_host": "192.0.2.1"}, "cannot_listen"),
    ],
)
def test_each_mistake_has_a_sentence_of_its_own(
    orthanc: Orthanc, way: str, changes: dict[str, object], code: str
) -> None:
    ports = {"http": orthanc.http_port, "free": free_port()}
    filled = {key: value.format(**ports) if isinstance(value, str) else value for key, value in changes.items()}
    archive = connect(node_for(orthanc, way, **filled), PASSWORD)
    with pytest.raises(SSLStudioError) as error:
        archive.verify()
    assert error.value.code == code, error.value.message
    assert error.value.message and error.value.hint and PASSWORD not in str(error.value)


def test_a_wrong_password_is_told(orthanc: Orthanc) -> None:
    with pytest.raises(SSLStudioError, match="user name or the password"):
        connect(orthanc.web(), "wrong").studies(StudyQuery())


def test_a_destination_the_archive_does_not_know_or_reach(orthanc: Orthanc, tmp_path: Path) -> None:
    study = connect(orthanc.dimse()).studies(StudyQuery(patient_id="DEMO-001")).studies[0]
    elsewhere = connect(orthanc.dimse(retrieve="move", listen_port=free_port()))
    with pytest.raises(SSLStudioError) as unreached:
        retrieve(elsewhere, [Wish(study=study.study)], tmp_path / "in")
    elsewhere.close()
    assert unreached.value.code == "nothing_came"
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        busy = connect(orthanc.dimse(retrieve="move", listen_port=taken.getsockname()[1]))
        with pytest.raises(SSLStudioError) as blocked:
            retrieve(busy, [Wish(study=study.study)], tmp_path / "in")
    assert blocked.value.code == "cannot_listen"


def test_the_listener_is_open_only_while_retrieving_and_only_to_the_archive(orthanc: Orthanc, tmp_path: Path) -> None:
    from pynetdicom import AE

    from sslstudio.pacs.dimse_fetch import Listener

    def answers() -> bool:
        with socket.socket() as caller:
            return caller.connect_ex(("127.0.0.1", orthanc.move_port)) == 0

    def accepted(calling: str, called: str) -> bool:
        entity = AE(ae_title=calling)
        entity.add_requested_context("1.2.840.10008.5.1.4.1.1.2")
        association = entity.associate("127.0.0.1", orthanc.move_port, ae_title=called)
        established: bool = association.is_established
        if established:
            association.release()
        return established

    node = orthanc.dimse(retrieve="move")
    archive = connect(node)
    study = archive.studies(StudyQuery(patient_id="DEMO-001")).studies[0]
    assert not answers()
    archive.verify()
    assert not answers()
    retrieve(archive, [Wish(study=study.study)], tmp_path / "in")
    archive.close()
    assert not answers()
    listener = Listener(node)
    try:
        assert accepted(TITLE, OURS)
        assert not accepted("STRANGER", OURS) and not accepted(TITLE, "OTHER")
    finally:
        listener.close()
    assert not answers()


def test_a_retrieval_stops_when_it_is_told_to(archive: Archive, orthanc: Orthanc, tmp_path: Path) -> None:
    class Stop(Exception):  # noqa: N818 - as the cancel of a job
        pass

    arrived = threading.Event()

    def report(done: float, _total: float, unit: str, _text: str) -> None:
        if unit == "images" and done:
            arrived.set()

    def check() -> None:
        if arrived.is_set():
            raise Stop

    wishes = [Wish(study=row.study) for row in archive.studies(StudyQuery(patient_name="demo")).studies]
    folder = ReceivingFolder(tmp_path / "in", "Test")
    with pytest.raises(Stop):
        Retrieval(archive, "Test", folder, report, check).run(wishes)
    came = len(list(folder.folder.rglob("*.dcm")))
    assert 0 < came < len(by_uid(orthanc.sources)) and not folder.parts.exists()


@pytest.mark.parametrize("way", ["web", "move"])
def test_an_archive_that_dies_midway_is_told_and_gone_on_with(way: str, tmp_path: Path) -> None:
    from tests.fakes import orthanc as server

    if missing := server.missing():
        pytest.skip(missing)
    dying = Orthanc(tmp_path / "orthanc").start()
    try:
        server.fill(dying)
        archive = connect(node_for(dying, way, timeout=5.0), PASSWORD)
        wishes = [Wish(study=row.study) for row in archive.studies(StudyQuery()).studies]
        folder = ReceivingFolder(tmp_path / "in", "Test")

        def report(done: float, _total: float, unit: str, _text: str) -> None:
            if unit == "images" and done:
                dying.kill()

        with pytest.raises(SSLStudioError) as error:
            Retrieval(archive, "Test", folder, report, nothing, Patience(2, 0.05)).run(wishes)
        archive.close()
        assert error.value.code == "lost" and "images are here" in error.value.message
        came = len(list(folder.folder.rglob("*.dcm")))
        dying.start()
        archive = connect(node_for(dying, way), PASSWORD)
        outcome = retrieve(archive, wishes, tmp_path / "in")
        archive.close()
        assert outcome.already == came >= 1 and outcome.missing == 0
        assert by_uid(tmp_path / "in").keys() == by_uid(dying.sources).keys()
    finally:
        dying.kill()


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_real_images_in_many_syntaxes_arrive_as_they_are(shared_data: Path, tmp_path: Path) -> None:
    from tests.fakes import orthanc as server

    if missing := server.missing():
        pytest.skip(missing)
    archive = Orthanc(tmp_path / "orthanc").start()
    try:
        dicom = shared_data / "dicom"
        files = [path for name in ("highdicom", "pydicom-data", "qa-ts") for path in sorted((dicom / name).rglob("*"))]
        files += sorted(path for path in (dicom / "mr-structural").rglob("*") if path.is_file())[:6]
        stored: dict[str, list[bytes]] = {}
        for path in (path for path in files if path.is_file() and path.stat().st_size < 2**19):
            for uid in archive.store([path]):
                stored.setdefault(uid, []).append(path.read_bytes())
        assert len(stored) > 50
        web = connect(archive.web(), PASSWORD)
        wishes = [Wish(study=row.study) for row in web.studies(StudyQuery()).studies]
        outcome = retrieve(web, wishes, tmp_path / "in")
        assert (outcome.received, outcome.missing) == (len(stored), 0)
        syntaxes = set()
        for path in (tmp_path / "in").rglob("*.dcm"):
            found = pydicom.dcmread(path, force=True)
            syntaxes.add(str(found.file_meta.get("TransferSyntaxUID")))
            assert path.read_bytes() in stored[str(found.SOPInstanceUID)], path
        assert len(syntaxes) > 8
    finally:
        archive.kill()
