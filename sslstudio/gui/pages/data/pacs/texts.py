"""The words around hospital archives, for a radiologist."""

from __future__ import annotations

from collections.abc import Sequence

from sslstudio.domain.units import count
from sslstudio.pacs.nodes import PacsNode
from sslstudio.pacs.rows import Found, StudyRow

FROM_PACS = "From a PACS..."
FROM_PACS_HELP = "Looks for studies in a hospital archive and fetches the ones you choose"
TITLE = "Images from a PACS"
NONE_TITLE = "No archive is set up"
NONE_TEXT = (
    "SSL Studio can fetch studies from the archive (PACS) of your hospital: by DICOMweb, or by DICOM queries with "
    "C-GET or C-MOVE. Nothing is contacted until you set an archive up and press a button. Your PACS administrator "
    "knows the address and the AE titles, and must enter this computer there."
)
ADD = "Add an archive..."
EDIT = "Change..."
REMOVE = "Remove"
REMOVE_ASK = "Forget the archive {name}? Images that were received from it stay where they are."
ARCHIVE = "Archive"
PASSWORD = "Password"
PASSWORD_HELP = "Kept in memory until the project is closed; never stored."
UNENCRYPTED = "The connection to this archive is not encrypted: anyone on the way can read names, password and images."

NAME = "Patient name"
NAME_HINT = "Family, Given"
NAME_HELP = "The beginning is enough. * stands for any letters, ? for one."
PATIENT_ID = "Patient ID"
DATES = "Study date"
DATE_CHOICES = (
    ("", "Any"),
    ("0", "Today"),
    ("7", "Last 7 days"),
    ("30", "Last 30 days"),
    ("365", "Last 12 months"),
    ("range", "From ... to ..."),
)
MODALITY = "Modality"
MODALITIES = ("", "CT", "MR", "CR", "DX", "MG", "US", "XA", "RF", "NM", "PT", "OPT", "SM")
ANY = "Any"
DESCRIPTION = "Description"
ACCESSION = "Accession number"
SEARCH = "Search"
STOP = "Stop"
SEARCHING = "Asking {name}..."
NOTHING_ASKED = "Say what to look for, then press Search. Open a study to see its series."
COLUMNS = ("Study date", "Patient", "Patient ID", "Modality", "Description", "Series", "Images")
WAITING = "Asking for the series..."
NO_SERIES = "The archive lists no series"

FOLDER = "Received images go to"
CHANGE_FOLDER = "Change..."
FOLDER_HELP = (
    "These are original files: they hold names and dates of patients. They stay outside the project, readable by you "
    "alone; delete the folder yourself when you no longer need it."
)
FOLDER_OPEN = "Other users of this computer can read this folder. Choose one that is yours alone."
FOLDER_IN_PROJECT = "Choose a folder outside the project: these files name patients."
RETRIEVE = "Retrieve"
CLOSE = "Close"
CHOOSE_FIRST = "Choose studies or series in the list first."
BUSY = "A retrieval is running. Wait for it or stop it."
READ_ONLY = "This project is open read-only."
PASSWORD_FIRST = "Enter the password of {user} first."

EDITOR_ADD = "Add an archive"
EDITOR_CHANGE = "Change an archive"
NODE_NAME = "Name"
NODE_NAME_HINT = "PACS of the hospital"
KIND = "Kind"
KINDS = (("dicomweb", "DICOMweb"), ("dimse", "DICOM (C-FIND)"))
URL = "Address"
URL_HINT = "https://pacs.hospital.example/dicom-web"
USER = "User name"
USER_HELP = "Empty if the archive asks for none."
TEST_PASSWORD_HELP = "For the test; never stored. You are asked for it when you use the archive."
HOST = "Host"
HOST_HINT = "pacs.hospital.example or 10.0.0.7"
PORT = "Port"
CALLED = "AE title (archive)"
CALLING = "AE title (here)"
CALLING_HELP = "Of this computer, as the PACS administrator has entered it in the archive."
WAY = "Images come by"
WAYS = (("get", "C-GET"), ("move", "C-MOVE"))
WAY_HELP = {
    "get": "On the connection this computer opens. Choose it if the archive offers it.",
    "move": "On a connection that the archive opens to this computer, which listens only while images are fetched.",
}
LISTEN_HOST = "Receive at address"
LISTEN_HOST_HINT = "found by itself"
LISTEN_PORT = "Receive at port"
SENDER = "Sending AE title"
SENDER_HINT = "that of the archive"
TIMEOUT = "Wait at most"
TIMEOUT_HELP = "How long the archive may be silent before it counts as out of reach."
TLS = "Encrypted (TLS)"
TLS_HELP = (
    "Nobody on the way can read along. Archives offer it at a port of its own; often both sides need a certificate."
)
SECURITY = "Certificates"
CA = "Certificate to trust"
CA_HELP = "PEM file of the hospital or its authority, beside the certificates that this computer trusts already."
CERT_HELP = "PEM file by which the archive knows this computer, only if it asks for it; encrypted C-MOVE needs it."
KEY_HELP = "PEM file; empty if the key stands in the file of the certificate."
CERT = "Our certificate"
KEY = "Its key"
BROWSE = "Choose..."
TEST = "Test connection"
TESTING = "Testing {name}..."
TEST_OK = "{name} answers, takes queries and hands images over."
SAVE = "Save"
CANCEL = "Cancel"

RECEIVING = "Receiving images"
RECEIVED = "From the PACS"
RECEIVING_FROM = "Receiving images from {name}"
AGAIN = "Try again"
IMPORT_NEXT = "The received folder is in the list above: look at the preview, then import."
DISMISS = "Close"


def found_line(found: Found) -> str:
    """ "12 studies, 1,204 images." and what the list lacks."""
    if not found.studies:
        line = "No study matches."
    else:
        images = sum(row.images or 0 for row in found.studies)
        counted = all(row.images is not None for row in found.studies)
        line = count(len(found.studies), "study", "studies") + (f", {count(images, 'image')}." if counted else ".")
    if found.more:
        line += " The archive has more: ask for less, for example a shorter time."
    if found.unusable:
        line += f" {count(found.unusable, 'study was', 'studies were')} left out: the identifiers break DICOM's rules."
    return line


def chosen_line(studies: int, series: int, images: int | None) -> str:
    """ "2 studies and 1 series chosen, 214 images"."""
    if not studies and not series:
        return ""
    parts = [count(studies, "study", "studies")] if studies else []
    parts += [f"{series:,} series"] if series else []
    how_many = "" if images is None else f", {count(images, 'image')}"
    return f"{' and '.join(parts)} chosen{how_many}."


def day(date: str) -> str:
    """ "2024-02-29" for a DICOM date; what is none stays as it is."""
    return f"{date[:4]}-{date[4:6]}-{date[6:]}" if len(date) == 8 and date.isdigit() else date


def person(name: str) -> str:
    """ "Family, Given" for a DICOM person name."""
    parts = [part.strip() for part in name.split("=")[0].split("^")]
    given = " ".join(part for part in parts[1:3] if part)
    return ", ".join(part for part in (parts[0], given) if part)


def study_cells(row: StudyRow) -> tuple[str, ...]:
    """The cells of one study, in the order of `COLUMNS`."""
    return (
        day(row.date),
        person(row.patient_name),
        row.patient_id,
        ", ".join(row.modalities),
        row.description,
        "" if row.series is None else f"{row.series:,}",
        "" if row.images is None else f"{row.images:,}",
    )


def warning_for(node: PacsNode) -> str:
    """A sentence when a connection can be read along, else ""."""
    return "" if node.encrypted or node.local else UNENCRYPTED


def progress_line(done: float, total: float, unit: str, text: str, left: str) -> str:
    """ "1,204 of 2,867 images, 1 min left"."""
    if unit != "images":
        return f"{text}..." if text else "Starting..."
    parts = [f"{done:,.0f} of {total:,.0f} images"]
    return ", ".join([*parts, left] if left else parts)


def received_line(result: dict[str, object]) -> str:
    """What a finished retrieval brought."""

    def number(key: str) -> int:
        value = result.get(key)
        return int(value) if isinstance(value, int | float) else 0

    parts = [f"{count(number('received'), 'image')} received"]
    if number("already"):
        parts.append(f"{number('already'):,} were there already")
    if number("missing"):
        parts.append(f"{number('missing'):,} are missing")
    return ", ".join(parts) + "."


def missing_lines(problems: Sequence[tuple[str, str]]) -> str:
    """One line for each series that did not come whole: (what it is, what is wrong)."""
    return "\n".join(f"{name}: {said}" if name else said for name, said in problems)
