"""TLS for both protocols: the system's certificates, the hospital's own, and ours."""

from __future__ import annotations

import ssl

from sslstudio.pacs.nodes import PacsNode
from sslstudio.pacs.problems import problem


def client_context(node: PacsNode) -> ssl.SSLContext:
    """Checks the archive's certificate and name; shows ours if there is one. Raises "certificate_file"."""
    return _loaded(ssl.create_default_context(ssl.Purpose.SERVER_AUTH), node)


def server_context(node: PacsNode) -> ssl.SSLContext:
    """For images that the archive brings; it must show a certificate when we know which to trust."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    if node.ca_file:
        context.verify_mode = ssl.CERT_REQUIRED
    return _loaded(context, node)


def _loaded(context: ssl.SSLContext, node: PacsNode) -> ssl.SSLContext:
    try:
        if node.ca_file:
            context.load_verify_locations(cafile=node.ca_file)
        if node.cert_file:
            context.load_cert_chain(node.cert_file, node.key_file or None)
    except (OSError, ValueError):  # ssl.SSLError is an OSError
        raise problem("certificate_file", node.name) from None
    return context
