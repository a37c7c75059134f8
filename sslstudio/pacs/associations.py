"""Associations with an archive over DIMSE (PS3.8): made with a reason when there is none, and ended for certain.

pynetdicom leaves a connection open when the other side hung up first, until the garbage collector comes.
"""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Sequence
from typing import Any

from pynetdicom import AE, evt
from pynetdicom.association import Association
from pynetdicom.presentation import PresentationContext
from pynetdicom.transport import AddressInformation, AssociationSocket

from sslstudio.errors import SSLStudioError
from sslstudio.pacs import encryption
from sslstudio.pacs.nodes import PacsNode
from sslstudio.pacs.problems import of_socket, problem

CONNECT_SECONDS = 10.0
LEAVING_SECONDS = 2.0
"""So long the other side may take to agree to the end."""


class _Socket(AssociationSocket):
    def _shutdown_socket(self) -> None:
        """As it is, and closed also where there is nothing left to shut down."""
        connection = self.socket
        super()._shutdown_socket()
        if connection is not None:
            connection.close()


class _Entity(AE):
    def _create_socket(self, assoc: Association, address: AddressInformation, tls_args: Any) -> AssociationSocket:
        made = _Socket(assoc, address=address)
        made.tls_args = tls_args
        return made


class Callers:
    """The associations that others have opened with a listener of ours; `handlers` go to its entity."""

    def __init__(self) -> None:
        self._open: dict[Association, socket.socket] = {}
        self._guard = threading.Lock()
        self.handlers: list[Any] = [(evt.EVT_CONN_OPEN, self._came), (evt.EVT_CONN_CLOSE, self._went)]

    def close(self) -> None:
        """End all that are still there."""
        with self._guard:
            left = dict(self._open)
        for association, connection in left.items():
            association.abort()
            connection.close()

    def _came(self, event: evt.Event) -> None:
        wrapped = event.assoc.dul.socket
        if wrapped is not None and wrapped.socket is not None:
            with self._guard:
                self._open[event.assoc] = wrapped.socket

    def _went(self, event: evt.Event) -> None:
        with self._guard:
            connection = self._open.pop(event.assoc, None)
        if connection is not None:
            connection.close()


def associate(
    node: PacsNode,
    contexts: list[PresentationContext],
    *,
    roles: Sequence[Any] = (),
    handlers: Sequence[Any] = (),
) -> Association:
    """An association with the archive; raises SSLStudioError that says why there is none."""
    entity = _Entity(ae_title=node.calling_ae)
    entity.connection_timeout = min(CONNECT_SECONDS, node.timeout)
    entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = node.timeout
    tls = (encryption.client_context(node), node.host) if node.tls else None
    unreachable = _knock(node)
    if unreachable:
        raise problem(unreachable, node.name)
    code = ""
    for _ in range(2):  # a refusal that is followed by hanging up at once can be missed once
        started = time.monotonic()
        association = entity.associate(
            node.host, node.port, contexts=contexts, ae_title=node.called_ae, ext_neg=list(roles) or None,
            evt_handlers=list(handlers), tls_args=tls,
        )  # fmt: skip
        if association.is_established:
            return association
        code = _why_not(node, association, time.monotonic() - started)
        leave(association)
        if code != "not_dicom":
            break
    if node.tls and code == "not_dicom":
        code = _knock(node, LEAVING_SECONDS) or code
    raise problem(code, node.name)


def leave(association: Association) -> None:
    """End an association, politely if it still stands, and its connection with it."""
    if association.is_established:
        association.release()
    association.dul.join(LEAVING_SECONDS)
    wrapped = association.dul.socket
    if wrapped is not None:
        wrapped.close()


def _why_not(node: PacsNode, association: Association, seconds: float) -> str:
    """The code for an association that an archive, which can be reached, did not agree to (PS3.8 9.3.4)."""
    if association.is_rejected:
        answer: Any = association.acceptor.primitive
        source, reason = getattr(answer, "result_source", 0), getattr(answer, "diagnostic", 0)
        if source == 1:
            return {3: "calling_ae", 7: "called_ae"}.get(reason, "rejected")
        return "busy" if source == 3 else "rejected"
    if seconds >= 0.9 * node.timeout:
        return "timeout"
    if association.is_aborted and association.acceptor.primitive is not None:
        return "no_find"
    return "not_dicom"


def _knock(node: PacsNode, listening: float = 0.0) -> str:
    """Why there is no connection at all; "" when there is one.

    An archive that wants a certificate of ours says so only after the handshake (RFC 8446 4.4.2.4): `listening` is how
    long it is waited for.
    """
    try:
        with socket.create_connection((node.host, node.port), timeout=min(CONNECT_SECONDS, node.timeout)) as plain:
            if node.tls:
                context = encryption.client_context(node)
                try:
                    wrapped = context.wrap_socket(plain, server_hostname=node.host)
                except ConnectionError:
                    return "tls"
                with wrapped:
                    return _said(wrapped, listening) if listening else ""
    except SSLStudioError as error:
        return error.code
    except (OSError, UnicodeError) as error:
        return of_socket(error)
    return ""


def _said(connection: ssl.SSLSocket, seconds: float) -> str:
    """Why the other side ends an encrypted connection by itself; "" when it waits for us to speak."""
    connection.settimeout(seconds)
    try:
        return "" if connection.recv(1) else "our_certificate"
    except TimeoutError:
        return ""
    except ConnectionError:
        return "our_certificate"
