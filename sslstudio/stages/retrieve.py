"""Retrieve: chosen studies fetched from an archive (PACS) into a folder outside the project, as a job.

The request holds a password, perhaps, and identifiers of patients' studies: it is deleted as soon as it has been read,
so a retrieval is not resumed but asked for again, which fetches only what is not there yet.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from sslstudio.domain.record import Record
from sslstudio.domain.specs import RetrieveSpec
from sslstudio.errors import SSLStudioError
from sslstudio.pacs.archive import connect
from sslstudio.pacs.files import ReceivingFolder, readable_by_others
from sslstudio.pacs.nodes import PacsNode
from sslstudio.pacs.retrieving import Patience, Retrieval
from sslstudio.pacs.rows import Wish
from sslstudio.stages.context import StageContext

REQUEST = "retrieve.json"
PROBLEMS_TOLD = 20


class RetrieveRequest(Record):
    """`private/retrieve.json`: the archive, the password for it, what to fetch, and the folder it goes to."""

    node: PacsNode
    password: str = ""
    wishes: tuple[Wish, ...]
    folder: Path


def run(spec: RetrieveSpec, context: StageContext) -> dict[str, Any]:
    """Fetch; returns counts and the series that did not come whole, by place. Raises SSLStudioError, Cancelled."""
    started = time.monotonic()
    request = _request(context.private_dir / REQUEST)
    name = request.node.name
    into = ReceivingFolder(request.folder, name)
    if readable_by_others(request.folder):
        context.warn(
            "folder_open",
            "The receiving folder can be read by other users of this computer.",
            "Images as they come from a PACS name patients: choose a folder that is yours alone.",
        )
    patience = Patience(spec.tries, spec.pause_seconds)
    archive = connect(request.node, request.password)
    try:
        outcome = Retrieval(archive, name, into, context.progress, context.check_cancelled, patience).run(
            request.wishes
        )
    finally:
        archive.close()
    for found in outcome.problems[:PROBLEMS_TOLD]:
        context.warn(
            f"series_{found.place}",
            found.sentence(name),
            "Retrieve again to fetch what is missing; what has arrived is not fetched twice.",
        )
    result = outcome.model_dump(mode="json")
    return {**result, "seconds": round(time.monotonic() - started, 3)}


def _request(path: Path) -> RetrieveRequest:
    """Read what to fetch and delete it, before anything is sent."""
    try:
        request = RetrieveRequest.model_validate(json.loads(path.read_bytes()))
    except (OSError, ValueError, ValidationError):
        raise SSLStudioError(
            "What to retrieve is not known any more.",
            "Choose it again: images that have arrived are not fetched twice.",
            code="no_request",
        ) from None
    finally:
        path.unlink(missing_ok=True)
    return request
