"""What can go wrong with an archive, one sentence and one hint each; apart so that both protocols say it alike.

`code` is stable. Codes in `PASSING` may go away by themselves and are worth another try.
"""

from __future__ import annotations

import errno
import socket
import ssl

from sslstudio.errors import SSLStudioError

SENTENCES: dict[str, tuple[str, str]] = {
    "unknown_host": (
        "{name}: there is no computer of that name in the network.",
        "Check the spelling of the address, and whether you are in the hospital's network or its VPN.",
    ),
    "refused": (
        "{name} refused the connection: nothing listens at that port.",
        "Check the port, and whether the archive is running.",
    ),
    "unreachable": (
        "{name} cannot be reached from this computer.",
        "Check the address and the network; a firewall may be in between.",
    ),
    "timeout": (
        "{name} did not answer in time.",
        "It may be busy or behind a firewall. Try again later, or allow it more time.",
    ),
    "lost": (
        "The connection to {name} broke off.",
        "Try again: what has arrived is kept and is not fetched twice.",
    ),
    "busy": (
        "{name} is too busy to answer now.",
        "Try again in a few minutes.",
    ),
    "called_ae": (
        "{name} answers, but does not go by the AE title that was given for it.",
        "Correct the AE title of the archive; upper and lower case count.",
    ),
    "calling_ae": (
        "{name} does not know this computer by the AE title it gives itself.",
        "Ask the PACS administrator to enter this computer's AE title and address, or correct the title here.",
    ),
    "rejected": (
        "{name} turned the connection down.",
        "Ask the PACS administrator whether this computer may query it, and check both AE titles.",
    ),
    "not_dicom": (
        "At the address of {name} something answers that does not speak DICOM.",
        "Check host and port, and whether the archive asks for encryption (TLS).",
    ),
    "login": (
        "{name} did not accept the user name or the password.",
        "Enter them again; note upper and lower case.",
    ),
    "forbidden": (
        "{name} knows you but does not allow this.",
        "Ask the PACS administrator for the right to query and retrieve.",
    ),
    "not_found": (
        "{name} answers, but there is no DICOMweb service at this path.",
        "Check the end of the address, often /dicom-web, /dicomweb or /dcm4chee-arc/aets/NAME/rs.",
    ),
    "redirected": (
        "{name} sends us on to another address.",
        "Enter that address instead (often https:// in place of http://).",
    ),
    "not_dicomweb": (
        "At the address of {name} something answers that is not a DICOMweb service.",
        "Check the address.",
    ),
    "tls": (
        "No encrypted connection to {name}: what answers at this port does not speak TLS.",
        "Ask the PACS administrator for the port with encryption; it is another one than that without.",
    ),
    "untrusted": (
        "The certificate of {name} is not trusted by this computer; nothing was sent.",
        "Ask the PACS administrator for the hospital's certificate and choose it as the certificate to trust.",
    ),
    "other_name": (
        "The certificate of {name} is for another computer; nothing was sent.",
        "Give the address exactly as the certificate names it, or ask the PACS administrator.",
    ),
    "expired": (
        "The certificate of {name} is out of date; nothing was sent.",
        "Check the clock of this computer, and tell the PACS administrator.",
    ),
    "our_certificate": (
        "{name} does not accept this computer without a certificate that it trusts.",
        "Ask the PACS administrator for a certificate and key for this computer and choose both files.",
    ),
    "certificate_file": (
        "A certificate file of {name} cannot be read.",
        "Choose the files again; they must be in PEM format.",
    ),
    "no_find": (
        "{name} answers, but does not offer queries (Study Root C-FIND).",
        "Ask the PACS administrator to allow queries for this computer.",
    ),
    "no_get": (
        "{name} answers queries, but does not hand images over by C-GET.",
        "Choose C-MOVE in the settings of the archive, or ask the PACS administrator.",
    ),
    "no_move": (
        "{name} answers queries, but does not hand images over by C-MOVE.",
        "Choose C-GET in the settings of the archive, or ask the PACS administrator.",
    ),
    "unknown_destination": (
        "{name} does not know where to send images for this computer's AE title.",
        "Ask the PACS administrator to enter this computer's AE title, address and port as a destination.",
    ),
    "cannot_listen": (
        "This computer cannot receive images for {name}: the port for incoming images is taken or not allowed.",
        "Choose another port in the settings of the archive and have it entered in the PACS too.",
    ),
    "nothing_came": (
        "{name} could not send the images to this computer.",
        "Ask the PACS administrator whether this computer's address and port are right there; check the firewall here.",
    ),
    "query_failed": (
        "{name} could not answer the query.",
        "Ask for less, for example a shorter range of dates.",
    ),
    "server_error": (
        "{name} reports a fault of its own.",
        "Try again later, or tell the PACS administrator.",
    ),
    "too_much": (
        "{name} sent far more than was asked for; the connection was closed.",
        "Tell the PACS administrator.",
    ),
    "disk_full": (
        "The disk of the receiving folder is full.",
        "Make room on it or choose another folder, then retrieve again: what has arrived is not fetched twice.",
    ),
    "folder": (
        "The receiving folder cannot be written.",
        "Choose a folder that you may write to.",
    ),
    "inside_project": (
        "Images from an archive name patients and cannot be kept inside a project.",
        "Choose a folder outside it.",
    ),
    "not_asked_for": (
        "{name} sent an image that was not asked for.",
        "Tell the PACS administrator.",
    ),
    "unreadable": (
        "{name} sent something that is not a DICOM file.",
        "Tell the PACS administrator.",
    ),
    "unusable_uid": (
        "{name} lists images whose identifiers break the rules of DICOM.",
        "Tell the PACS administrator.",
    ),
    "not_sent": (
        "{name} did not send these images.",
        "They may be archived offline or be of a kind it does not hand over. Try again later.",
    ),
}
PASSING = frozenset({"timeout", "lost", "busy", "server_error", "refused", "not_sent"})
FATAL = frozenset(
    {"login", "forbidden", "unknown_host", "called_ae", "calling_ae", "rejected"}
    | {"tls", "untrusted", "other_name", "expired", "our_certificate", "certificate_file"}
    | {
        "no_find",
        "no_get",
        "no_move",
        "unknown_destination",
        "cannot_listen",
        "redirected",
        "disk_full",
        "folder",
        "inside_project",
    }
    | {"not_dicom", "not_dicomweb", "nothing_came", "refused", "unreachable", "timeout", "lost", "too_much"}
)
"""Codes that end a whole retrieval: what comes after would only fail in the same way."""


def problem(code: str, name: str) -> SSLStudioError:
    """The error for `code`, about the archive called `name`."""
    message, hint = SENTENCES[code]
    return SSLStudioError(message.format(name=name), hint.format(name=name), code=code)


def of_tls(error: ssl.SSLError) -> str:
    """The code for an encrypted connection that did not come about (verify codes: X509_V_ERR of OpenSSL)."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return {9: "expired", 10: "expired", 62: "other_name", 64: "other_name"}.get(error.verify_code, "untrusted")
    said = (error.reason or "").upper()
    refused = ("CERTIFICATE_REQUIRED", "ALERT_HANDSHAKE_FAILURE", "ALERT_BAD_CERTIFICATE", "ALERT_UNKNOWN_CA")
    return "our_certificate" if any(word in said for word in refused) else "tls"


def of_socket(error: BaseException) -> str:
    """The code for an error of the operating system's network."""
    if isinstance(error, ssl.SSLError):
        return of_tls(error)
    if isinstance(error, socket.gaierror):
        return "unknown_host"
    if isinstance(error, TimeoutError):
        return "timeout"
    if isinstance(error, ConnectionRefusedError):
        return "refused"
    if isinstance(error, ConnectionError):
        return "lost"
    number = getattr(error, "errno", None)
    if number in (errno.ENOSPC, errno.EDQUOT):
        return "disk_full"
    return "unreachable"
