"""Images over DIMSE: C-GET on our own association, or C-MOVE to a listener that lives as long as one retrieval.

What is written is the encoded data set as it came, in the transfer syntax the archive chose among all there are.
"""

from __future__ import annotations

import socket
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from pydicom.dataset import Dataset
from pynetdicom import (
    AE,
    ALL_TRANSFER_SYNTAXES,
    AllStoragePresentationContexts,
    build_context,
    build_role,
    evt,
)
from pynetdicom.association import Association
from pynetdicom.presentation import PresentationContext

from sslstudio.errors import SSLStudioError
from sslstudio.pacs import encryption
from sslstudio.pacs.archive import Arrived, Check, polled
from sslstudio.pacs.associations import Callers, associate, leave
from sslstudio.pacs.dimse import GET, MOVE, PLAIN, identifier
from sslstudio.pacs.files import ReceivingFolder
from sslstudio.pacs.incoming import ObjectSizes, to_disk, unfinished_file
from sslstudio.pacs.nodes import PacsNode
from sslstudio.pacs.problems import problem
from sslstudio.pacs.rows import ImageRow, SeriesRow, usable_uid

MOST_CONTEXTS = 127
"""Presentation contexts for images in one association (PS3.8 9.3.2.2: 128, one of them for the retrieval)."""
MOST_STRANGERS = 20
BATCH = 100
_LIKELY = (
    *("1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.4", "1.2.840.10008.5.1.4.1.1.1"),
    *("1.2.840.10008.5.1.4.1.1.1.1", "1.2.840.10008.5.1.4.1.1.1.2", "1.2.840.10008.5.1.4.1.1.6.1"),
    *("1.2.840.10008.5.1.4.1.1.7", "1.2.840.10008.5.1.4.1.1.128", "1.2.840.10008.5.1.4.1.1.20"),
    *("1.2.840.10008.5.1.4.1.1.3.1", "1.2.840.10008.5.1.4.1.1.12.1", "1.2.840.10008.5.1.4.1.1.12.2"),
    *("1.2.840.10008.5.1.4.1.1.2.1", "1.2.840.10008.5.1.4.1.1.4.1", "1.2.840.10008.5.1.4.1.1.77.1.4"),
)
"""Kinds of images to expect where an archive does not say: CT, MR, CR, DX, MG, US, SC, PT, NM, US-MF, XA, RF, ..."""
_SUCCESS, _REFUSED, _FAILED = 0x0000, 0x0124, 0xC001


def fetch(
    node: PacsNode,
    series: SeriesRow,
    images: Sequence[ImageRow],
    into: ReceivingFolder,
    check: Check,
    listener: Listener | None,
) -> Iterator[Arrived]:
    """By C-MOVE (PS3.4 C.4.2) to `listener`, or without one by C-GET (PS3.4 C.4.3)."""
    for batch in _batches(series, images):
        taking = _Taking(node, series, batch, into)
        way: _Getting | _Moving = _Getting(node, taking) if listener is None else _Moving(node, taking, listener)
        with to_disk(into.parts):
            yield from polled([way.work], taking.checked(check), way.stop)
        for image in batch:
            if image.sop in taking.wanted:
                yield Arrived(sop=image.sop, code="not_sent")


def try_listening(node: PacsNode) -> None:
    """Raise "cannot_listen" when images could not be received here now."""
    family, place = listening_place(node)
    try:
        with socket.socket(family, socket.SOCK_STREAM) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind(place)
    except OSError:
        raise problem("cannot_listen", node.name) from None


def _batches(series: SeriesRow, images: Sequence[ImageRow]) -> Iterator[Sequence[ImageRow]]:
    """All images at once where they are the whole series, else lists that any archive takes."""
    if series.images is not None and len(images) >= series.images:
        yield images
        return
    for start in range(0, len(images), BATCH):
        yield images[start : start + BATCH]


class _Taking:
    """What we take from an archive: the images asked for, each once, and nothing else."""

    def __init__(self, node: PacsNode, series: SeriesRow, images: Sequence[ImageRow], into: ReceivingFolder) -> None:
        self.series, self.images = series, images
        self.wanted = {image.sop for image in images}
        self.emit: Callable[[Arrived], None] = lambda _: None
        self.trouble: SSLStudioError | None = None
        self.arrived = 0
        self._node, self._into = node, into
        self._strangers = 0
        self._sizes = ObjectSizes(into.most_bytes)
        self._guard = threading.Lock()

    @property
    def whole(self) -> bool:
        """True when everything of the series is wanted."""
        return self.series.images is not None and len(self.images) >= self.series.images

    def handlers(self) -> list[Any]:
        """For an association that images come on."""
        return [(evt.EVT_C_STORE, self.store), (evt.EVT_DATA_RECV, self.count)]

    def keys(self) -> Dataset:
        """What to ask for: the series, or a list of its images."""
        keys = {"StudyInstanceUID": self.series.study, "SeriesInstanceUID": self.series.series}
        if self.whole:
            return identifier("SERIES", keys)
        request = identifier("IMAGE", keys)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # identifiers that are none of pydicom's kind are the archive's own
            request.SOPInstanceUID = [image.sop for image in self.images]
        return request

    def contexts(self) -> list[PresentationContext]:
        """One context for each kind of image and each transfer syntax, so that the archive can send what it has."""
        kinds = sorted({image.sop_class for image in self.images if usable_uid(image.sop_class)}) or list(_LIKELY)
        share = max(1, MOST_CONTEXTS // len(kinds))
        syntaxes = [*PLAIN, *(uid for uid in ALL_TRANSFER_SYNTAXES if uid not in PLAIN)][:share]
        return [build_context(kind, uid) for kind in kinds[:MOST_CONTEXTS] for uid in syntaxes]

    def checked(self, check: Check) -> Check:
        """`check`, and the trouble there is: the archive's answer to our hanging up is not waited for."""

        def both() -> None:
            check()
            if self.trouble is not None:
                raise self.trouble

        return both

    def fail(self, association: Association, error: SSLStudioError) -> None:
        """End the association; `error` is what the retrieval ends with."""
        self.trouble = self.trouble or error
        association.abort()

    def count(self, event: evt.Event) -> None:
        """No object may be larger than anything real."""
        if not self._sizes.add(event):
            self.fail(event.assoc, problem("too_much", self._node.name))

    def store(self, event: evt.Event) -> int:
        """C-STORE: the object lies in an unfinished file of pynetdicom's; it gets its name or goes."""
        request: Any = event.request
        path = unfinished_file(event)
        self._sizes.restart(event)
        sop = str(request.AffectedSOPInstanceUID)
        with self._guard:
            welcome = sop in self.wanted
            self._strangers += not welcome
        try:
            if self.trouble is not None:
                return _FAILED
            if not welcome:
                if self._strangers > MOST_STRANGERS:
                    self.fail(event.assoc, problem("not_asked_for", self._node.name))
                return _REFUSED
            self._into.check_room()
            size = self._into.keep(path, self.series.series, sop)
            with self._guard:
                self.wanted.discard(sop)
                self.arrived += 1
            self.emit(Arrived(sop=sop, size=size))
            return _SUCCESS
        except SSLStudioError as error:
            self.fail(event.assoc, error)
            return _FAILED
        finally:
            path.unlink(missing_ok=True)


class _Getting:
    """One C-GET."""

    def __init__(self, node: PacsNode, taking: _Taking) -> None:
        self._node, self._taking = node, taking
        self._association: Association | None = None

    def work(self, emit: Callable[[Arrived], None]) -> None:
        """Ask, and take what comes until the archive says that it is over."""
        node, taking = self._node, self._taking
        taking.emit = emit
        images = taking.contexts()
        roles = [build_role(kind, scp_role=True) for kind in dict.fromkeys(str(c.abstract_syntax) for c in images)]
        association = associate(node, [build_context(GET, PLAIN), *images], roles=roles, handlers=taking.handlers())
        self._association = association
        try:
            if GET not in {context.abstract_syntax for context in association.accepted_contexts}:
                raise problem("no_get", node.name)
            _follow(association.send_c_get(taking.keys(), GET), node, taking)
        finally:
            leave(association)

    def stop(self) -> None:
        """End at once."""
        if self._association is not None and self._association.is_established:
            self._association.abort()


class _Moving:
    """One C-MOVE; what comes arrives at the listener."""

    def __init__(self, node: PacsNode, taking: _Taking, listener: Listener) -> None:
        self._node, self._taking, self._listener = node, taking, listener
        self._association: Association | None = None

    def work(self, emit: Callable[[Arrived], None]) -> None:
        """Ask, and wait until the archive says that it is over."""
        node, taking = self._node, self._taking
        taking.emit = emit
        association = self._association = associate(node, [build_context(MOVE, PLAIN)])
        self._listener.taking = taking
        try:
            if not association.accepted_contexts:
                raise problem("no_move", node.name)
            _follow(association.send_c_move(taking.keys(), node.calling_ae, MOVE), node, taking)
        finally:
            self._listener.taking = None
            leave(association)

    def stop(self) -> None:
        """End at once, and take nothing more."""
        self._listener.taking = None
        if self._association is not None and self._association.is_established:
            self._association.abort()


class Listener:
    """Takes images that the archive brings, at the one address of the node and from the archive's title only.

    Raises SSLStudioError "cannot_listen". While nothing is being retrieved (`taking` is None) it takes nothing.
    """

    def __init__(self, node: PacsNode) -> None:
        self.taking: _Taking | None = None
        entity = AE(ae_title=node.calling_ae)
        entity.require_called_aet = True
        entity.require_calling_aet = [node.sender_ae or node.called_ae]
        entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = node.timeout
        entity.maximum_associations = 4
        for context in AllStoragePresentationContexts:
            entity.add_supported_context(str(context.abstract_syntax), list(ALL_TRANSFER_SYNTAXES))
        tls = encryption.server_context(node) if node.tls else None
        self._callers = Callers()
        handlers = [(evt.EVT_C_STORE, self._store), (evt.EVT_DATA_RECV, self._count), *self._callers.handlers]
        try:
            self._server: Any = entity.start_server(
                listening_place(node)[1], block=False, evt_handlers=handlers, ssl_context=tls
            )
        except OSError:
            raise problem("cannot_listen", node.name) from None

    def close(self) -> None:
        """Stop listening, and end what is connected."""
        self._server.shutdown()
        self._callers.close()

    def _store(self, event: evt.Event) -> int:
        taking = self.taking
        return _REFUSED if taking is None else taking.store(event)

    def _count(self, event: evt.Event) -> None:
        taking = self.taking
        if taking is not None:
            taking.count(event)


def _follow(responses: Iterator[tuple[Dataset, Dataset | None]], node: PacsNode, taking: _Taking) -> None:
    """Read the responses of a C-GET or C-MOVE to the last; raises when it came to nothing."""
    asked = time.monotonic()
    for status, _ in responses:
        if taking.trouble is not None:
            raise taking.trouble
        if "Status" not in status:
            silent = time.monotonic() - asked >= 0.9 * node.timeout
            raise problem("timeout" if silent else "lost", node.name)
        code = _code(int(status.Status), node, taking)
        if code:
            raise problem(code, node.name)
        asked = time.monotonic()
    if taking.trouble is not None:
        raise taking.trouble


def _code(status: int, node: PacsNode, taking: _Taking) -> str:
    """The code for a status (PS3.4 C.4.2.1.5, C.4.3.1.4); "" also where single images are missing."""
    if status in (0x0000, 0xFF00, 0xB000, 0xFE00):
        return "nothing_came" if status == 0xB000 and node.retrieve == "move" and not taking.arrived else ""
    known = {0xA801: "unknown_destination", 0xA701: "busy", 0x0122: f"no_{node.retrieve}", 0x0124: "forbidden"}
    if status in known:
        return known[status]
    if node.retrieve == "move" and not taking.arrived:
        return "nothing_came"
    return "" if taking.arrived else "server_error"


def listening_place(node: PacsNode) -> tuple[socket.AddressFamily, tuple[str, int]]:
    """The address to listen at: the one given, else the one by which this computer reaches the archive."""
    host = node.listen_host
    try:
        if not host:
            with socket.create_connection((node.host, node.port), timeout=min(10.0, node.timeout)) as probe:
                host = str(probe.getsockname()[0])
        family = socket.getaddrinfo(host, node.listen_port, type=socket.SOCK_STREAM)[0][0]
    except (OSError, UnicodeError):
        raise problem("cannot_listen", node.name) from None
    return family, (host, node.listen_port)
