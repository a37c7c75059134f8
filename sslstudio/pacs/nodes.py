"""The archives a user has set up: frozen descriptions, and their small file beside the user's settings.

A node belongs to the user and the computer, not to a project, so that a project can be given away without the
addresses of a hospital. Passwords are never stored: they are asked for once a session.
"""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, ValidationError, model_validator

from sslstudio.domain.record import Record
from sslstudio.errors import SSLStudioError
from sslstudio.settings import settings_file

Kind = Literal["dicomweb", "dimse"]
Way = Literal["get", "move"]
OUR_TITLE = "SSLSTUDIO"
LISTEN_PORT = 11112
_LOCAL_HOSTS = ("localhost", "127.0.0.1", "::1")


def _title(text: str) -> str:
    """An application entity title (PS3.5 6.2, VR AE): 1 to 16 characters of the basic set, no backslash."""
    if text and (len(text) > 16 or not re.fullmatch(r"[\x21-\x5b\x5d-\x7e](?:[\x20-\x5b\x5d-\x7e]*)", text)):
        raise ValueError("an AE title has at most 16 letters, digits and signs")
    return text


Title = Annotated[str, AfterValidator(_title)]


class PacsNode(Record):
    """One archive. DICOMweb needs `url`; DIMSE needs `host`, `port` and `called_ae`, the title of the archive.

    `retrieve` is how a DIMSE archive hands images over: "get" on our own connection, "move" by a connection of its own
    to `listen_host`:`listen_port` here (an empty host: the address by which this computer reaches the archive), which
    must come from `sender_ae` (empty: `called_ae`). `tls` concerns DIMSE; a DICOMweb address says https itself.
    `ca_file` is a certificate (PEM) to trust beside the system's, `cert_file` and `key_file` identify us.
    `user` is asked for a password. `timeout` is how long the archive may be silent, in seconds.
    """

    name: str = Field(min_length=1, max_length=60)
    kind: Kind = "dicomweb"
    url: str = Field(default="", max_length=500)
    host: str = Field(default="", max_length=255)
    port: int = Field(default=104, ge=1, le=65535)
    called_ae: Title = ""
    calling_ae: Title = OUR_TITLE
    retrieve: Way = "get"
    listen_host: str = Field(default="", max_length=255)
    listen_port: int = Field(default=LISTEN_PORT, ge=1, le=65535)
    sender_ae: Title = ""
    tls: bool = False
    ca_file: str = ""
    cert_file: str = ""
    key_file: str = ""
    user: str = Field(default="", max_length=200)
    timeout: float = Field(default=30.0, gt=0, le=600)

    @model_validator(mode="after")
    def _whole(self) -> PacsNode:
        problem = missing_part(self)
        if problem:
            raise ValueError(problem)
        return self

    @property
    def address(self) -> str:
        """Where the archive is, for a person: the address, or host, port and title."""
        return self.url if self.kind == "dicomweb" else f"{self.called_ae} at {self.host}:{self.port}"

    @property
    def encrypted(self) -> bool:
        """True when nobody on the way can read along."""
        return self.url.startswith("https:") if self.kind == "dicomweb" else self.tls

    @property
    def local(self) -> bool:
        """True when the archive is on this very computer."""
        host = urlsplit(self.url).hostname if self.kind == "dicomweb" else self.host
        return host in _LOCAL_HOSTS


def missing_part(node: PacsNode) -> str:
    """What a description still lacks, as a sentence; "" when it is whole."""
    if node.kind == "dimse":
        if not node.host or re.search(r"[\s/@]", node.host):
            return "Give the host name or the IP address of the archive."
        if not node.called_ae:
            return "Give the AE title of the archive."
        if not node.calling_ae:
            return "Give an AE title for this computer."
        needed = node.tls and node.retrieve == "move" and not node.cert_file
        return "Encrypted C-MOVE needs a certificate for this computer." if needed else ""
    try:
        parts = urlsplit(node.url)
        known = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        known = False
    if not known:
        return "Give an address that begins with http:// or https://."
    if parts.username or parts.password:
        return "Leave user and password out of the address; give the user in its own field."
    return "Leave ? and # out of the address." if parts.query or parts.fragment else ""


def make_node(**values: object) -> PacsNode:
    """A node from plain values; raises SSLStudioError "bad_node" with the first thing that is wrong."""
    try:
        return PacsNode.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        said = str(first["msg"]).removeprefix("Value error, ")
        where = ".".join(str(part) for part in first["loc"]).replace("_", " ")
        text = said if not where else f"The field {where} does not fit: {said}."
        raise SSLStudioError(text, "Ask the administrator of the PACS if in doubt.", code="bad_node") from None


class NodeFile(Record):
    """The file form of the list."""

    schema_version: Literal[1] = 1
    nodes: tuple[PacsNode, ...] = ()


def nodes_file() -> Path:
    """Where the list stands on this computer."""
    return settings_file().with_name("pacs.json")


class NodeStore:
    """The user's list of archives, read anew each time; names are unique, upper and lower case alike."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path or nodes_file()

    def all(self) -> tuple[PacsNode, ...]:
        """The archives in the order they were added; a file that cannot be understood raises "bad_nodes_file"."""
        try:
            return NodeFile.model_validate_json(self._path.read_bytes()).nodes
        except FileNotFoundError:
            return ()
        except (OSError, ValidationError):
            raise SSLStudioError(
                "The list of archives cannot be read.",
                f"Move the file {self._path.name} away from the settings folder and add your archives again.",
                code="bad_nodes_file",
            ) from None

    def get(self, name: str) -> PacsNode:
        """The archive called `name`; raises SSLStudioError "unknown_node"."""
        for node in self.all():
            if _same(node.name, name):
                return node
        raise SSLStudioError(f"There is no archive called {name}.", "See `sslstudio pacs list`.", code="unknown_node")

    def put(self, node: PacsNode, replaces: str = "") -> None:
        """Add `node`, in the place of the archive called `replaces` if given; raises "node_exists"."""
        nodes = list(self.all())
        old = replaces or node.name
        if any(_same(other.name, node.name) for other in nodes if not (replaces and _same(other.name, replaces))):
            raise SSLStudioError(f"{node.name} is set up already.", "Choose another name.", code="node_exists")
        place = next((place for place, other in enumerate(nodes) if _same(other.name, old)), len(nodes))
        nodes[place : place + 1] = [node]
        self._save(nodes)

    def remove(self, name: str) -> None:
        """Forget the archive called `name`; raises SSLStudioError "unknown_node"."""
        gone = self.get(name)
        self._save([node for node in self.all() if node != gone])

    def _save(self, nodes: list[PacsNode]) -> None:
        partial = ""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            descriptor, partial = tempfile.mkstemp(dir=self._path.parent, prefix=self._path.name, suffix=".partial")
            with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
                stream.write(NodeFile(nodes=tuple(nodes)).model_dump_json(indent=2))
                stream.flush()
                os.fsync(stream.fileno())
            Path(partial).replace(self._path)
        except OSError:
            if partial:
                with contextlib.suppress(OSError):
                    Path(partial).unlink(missing_ok=True)
            raise SSLStudioError(
                "The list of archives could not be saved.",
                "Check the space and the rights of your home folder.",
                code="settings_not_saved",
            ) from None


def _same(one: str, other: str) -> bool:
    return one.casefold() == other.casefold()
