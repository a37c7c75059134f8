"""Commands on hospital archives: which are set up, whether they answer, what they hold, and fetching from them."""

from __future__ import annotations

import argparse
import getpass
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sslstudio.cli.output import Output, Result
from sslstudio.errors import SSLStudioError
from sslstudio.pacs import answering
from sslstudio.pacs.archive import Archive, connect
from sslstudio.pacs.files import ReceivingFolder, readable_by_others
from sslstudio.pacs.nodes import NodeStore, PacsNode, make_node
from sslstudio.pacs.retrieving import Outcome, Retrieval
from sslstudio.pacs.rows import StudyQuery, StudyRow, Wish

PASSWORD = "SSLSTUDIO_PACS_PASSWORD"
NODE_OPTIONS = (
    *("kind", "url", "host", "port", "called_ae", "calling_ae", "retrieve", "listen_host", "listen_port"),
    *("sender_ae", "tls", "ca_file", "cert_file", "key_file", "user", "timeout"),
)


def list_nodes(_options: argparse.Namespace, output: Output) -> Result:
    """`sslstudio pacs list`."""
    nodes = NodeStore().all()
    output.table(
        ("archive", "kind", "address", "retrieve", "encrypted"),
        [(n.name, n.kind, n.address, _way(n), "yes" if n.encrypted else "no") for n in nodes],
    )
    return {"nodes": [node.model_dump(mode="json") for node in nodes]}


def add_node(options: argparse.Namespace, output: Output) -> Result:
    """`sslstudio pacs add NAME`: set an archive up, or change one (`--replace`)."""
    given = {name: getattr(options, name) for name in NODE_OPTIONS if getattr(options, name) is not None}
    given.setdefault("kind", "dicomweb" if "url" in given else "dimse")
    node = make_node(name=options.name, **given)
    NodeStore().put(node, replaces=options.name if options.replace else "")
    output.say(f"{node.name} is set up: {node.address}. Try it: sslstudio pacs test {node.name!r}")
    if node.user and not node.encrypted and not node.local:
        output.note("Password and images will travel unencrypted: anyone on the way can read them. Prefer https.")
    return {"node": node.model_dump(mode="json")}


def remove_node(options: argparse.Namespace, output: Output) -> Result:
    """`sslstudio pacs remove NAME`."""
    NodeStore().remove(options.name)
    output.say(f"{options.name} is forgotten; images received from it stay where they are")
    return {"removed": options.name}


def verify_node(options: argparse.Namespace, output: Output) -> Result:
    """`sslstudio pacs test NAME`: raises SSLStudioError with what is wrong."""
    with _opened(options.name, output) as (node, archive):
        archive.verify()
    output.say(f"{node.name} answers, takes queries and hands images over")
    return {"node": node.name, "ok": True}


def find(options: argparse.Namespace, output: Output) -> Result:
    """`sslstudio pacs find NAME`: studies; the answer names patients."""
    with _opened(options.name, output) as (_, archive):
        found = archive.studies(_query(options))
    output.table(
        ("date", "patient", "name", "modality", "description", "series", "images", "study"),
        [_columns(row) for row in found.studies],
    )
    output.say(f"{len(found.studies)} studies" + (", and there are more: ask for less" if found.more else ""))
    if found.unusable:
        output.note(f"{found.unusable} studies were left out: their identifiers break the rules of DICOM")
    return found.model_dump(mode="json")


def get(options: argparse.Namespace, output: Output) -> Result:
    """`sslstudio pacs get NAME -o DIR`: fetch studies, and with `--project` import the folder."""
    with _opened(options.name, output) as (node, archive), _interrupts() as stopped:
        wishes = _wishes(options, archive)
        into = ReceivingFolder(options.output.expanduser().absolute(), node.name)
        if readable_by_others(into.folder):
            output.note("The folder can be read by other users of this computer; images from a PACS name patients.")

        def check() -> None:
            if stopped.is_set():
                raise KeyboardInterrupt

        def report(done: float, total: float, unit: str, text: str) -> None:
            output.progress(done, total, unit, text)

        outcome = Retrieval(archive, node.name, into, report, check).run(wishes)
    _tell(outcome, node.name, into.folder, output)
    result = {**outcome.model_dump(mode="json"), "folder": str(into.folder)}
    if options.project is not None:
        result["import"] = _import(options.project, into.folder, output)
    return {**result, "exit_code": 1 if outcome.missing else 0}


def ask(_options: argparse.Namespace, _output: Output) -> Result:
    """`sslstudio pacs ask`: questions on standard input, one a line, as the window puts them; answers line by line."""
    return {"answered": answering.serve(sys.stdin.buffer, sys.stdout.buffer)}


@contextmanager
def _opened(name: str, output: Output) -> Iterator[tuple[PacsNode, Archive]]:
    node = NodeStore().get(name)
    archive = connect(node, _password(node, output))
    try:
        yield node, archive
    finally:
        archive.close()


def _password(node: PacsNode, output: Output) -> str:
    """From the environment, else typed; never an argument, which other users could see."""
    if not node.user:
        return ""
    given = os.environ.get(PASSWORD)
    if given is not None:
        return given
    if not sys.stdin.isatty():
        raise SSLStudioError(
            f"{node.name} needs a password.", f"Type it at a terminal, or set {PASSWORD}.", code="no_password"
        )
    output.note(f"Password of {node.user} at {node.name}:")
    return getpass.getpass("")


def _query(options: argparse.Namespace) -> StudyQuery:
    return StudyQuery(
        patient_id=options.patient_id,
        patient_name=options.patient_name,
        date_from=options.date_from,
        date_to=options.date_to,
        modality=options.modality,
        description=options.description,
        accession=options.accession,
        limit=options.limit,
    )


def _wishes(options: argparse.Namespace, archive: Archive) -> list[Wish]:
    """The studies and series named, else those that a query finds; raises when that is nothing or too vague."""
    wishes = [_wish(text) for text in options.studies]
    query = _query(options)
    asks = query != StudyQuery(limit=options.limit)
    if not wishes and not asks:
        raise SSLStudioError(
            "Say which studies to fetch.", "Give their UIDs (see `sslstudio pacs find`) or a query.", code="no_source"
        )
    if asks:
        found = archive.studies(query)
        if found.more:
            raise SSLStudioError(
                f"More than {query.limit} studies match.", "Ask for less, or raise --limit.", code="too_many"
            )
        wishes += [Wish(study=row.study) for row in found.studies]
    if not wishes:
        raise SSLStudioError("No study matches.", "Ask for something else.", code="no_match")
    return wishes


def _wish(text: str) -> Wish:
    study, _, series = text.partition("/")
    try:
        return Wish(study=study, series=series)
    except ValueError:
        raise SSLStudioError(
            "That is not the UID of a study.", "It looks like 1.2.840.1; see find.", code="bad_uid"
        ) from None


def _tell(outcome: Outcome, name: str, folder: Path, output: Output) -> None:
    counts = f"{outcome.received} images received, {outcome.already} were there already, {outcome.missing} are missing"
    output.say(f"{counts}: {folder}")
    for found in outcome.problems:
        output.say(f"  {found.sentence(name)}")


def _import(project_path: Path, folder: Path, output: Output) -> Result:
    from sslstudio.cli.follow import carry_out, opened
    from sslstudio.domain.specs import ImportSpec
    from sslstudio.session import workflow

    with opened(project_path) as project:
        result = carry_out(project, workflow.prepare_import(project, [folder], ImportSpec()), output)
    output.say(f"{result.get('imported', 0)} files imported, {result.get('skipped', 0)} skipped")
    return result


@contextmanager
def _interrupts() -> Iterator[threading.Event]:
    """Ctrl+C is noted, so that a retrieval ends between images; only the main thread can arrange that."""
    stopped = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield stopped
        return
    before = signal.signal(signal.SIGINT, lambda _number, _frame: stopped.set())
    try:
        yield stopped
    finally:
        signal.signal(signal.SIGINT, before)


def _way(node: PacsNode) -> str:
    return "WADO-RS" if node.kind == "dicomweb" else {"get": "C-GET", "move": "C-MOVE"}[node.retrieve]


def _columns(row: StudyRow) -> tuple[str, ...]:
    def known(number: int | None) -> str:
        return "?" if number is None else str(number)

    modalities = "/".join(row.modalities)
    return (
        *(row.date, row.patient_id, row.patient_name, modalities, row.description),
        *(known(row.series), known(row.images), row.study),
    )
