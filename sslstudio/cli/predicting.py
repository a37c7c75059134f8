"""Commands that score new files with a model package; they need neither a project nor torch."""

from __future__ import annotations

import argparse
import ipaddress
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sslstudio.cli.output import Output, Result
from sslstudio.domain.units import PLURAL, count
from sslstudio.errors import SSLStudioError

if TYPE_CHECKING:
    from sslstudio.exporters.predictor import Asked

NO_DISTANCE = "The package does not say which images are unlike those it was trained on; export it again for that."


def predict(options: argparse.Namespace, output: Output) -> Result:
    """`sslstudio predict PACKAGE SOURCE... | --watch FOLDER [--pool WAY] [--sr FOLDER] [--capture FOLDER] -o FILE`."""
    from sslstudio.exporters import predictor, watching
    from sslstudio.exporters.returning import Folders

    if bool(options.sources) == (options.watch is not None):
        raise SSLStudioError(
            "Give either what to score or --watch FOLDER.", "See `sslstudio predict --help`.", code="no_source"
        )
    asked = _asked(options)
    folders = Folders(options.sr, options.capture)
    if options.watch is None:
        counts = predictor.predict(
            options.package,
            options.sources,
            options.output,
            lambda done, total: output.progress(done, total, "files"),
            asked=asked,
            folders=folders,
        )
        return _done(counts, options, output)
    with _asked_to_stop() as stop:
        output.note(f"Watching {options.watch}; Ctrl+C ends it.")
        counts = watching.watch(
            options.package,
            options.watch,
            options.output,
            stop.wait,
            asked=asked,
            folders=folders,
            settle=options.settle,
            told=lambda known: output.note(_so_far(known)),
        )
    return _done(counts, options, output)


def listen(options: argparse.Namespace, output: Output) -> Result:
    """`sslstudio listen PACKAGE -o FILE [--host ADDRESS] [--port N] [--ae-title TITLE] [--sr FOLDER]`."""
    from sslstudio.exporters import listening
    from sslstudio.exporters.returning import Folders

    title = options.ae_title.strip()
    if not (0 <= options.port <= 65535 and 1 <= len(title) <= 16 and title.isascii() and "\\" not in title):
        raise SSLStudioError(
            "This port or title cannot be.", "A port is below 65536; a title has up to 16 letters.", code="bad_value"
        )

    def ready(port: int) -> None:
        output.note(f"Listening at {options.host}, port {port}, as {title}; Ctrl+C ends it.")
        if not _is_loopback(options.host):
            output.note(
                "Other computers can reach this: whoever knows the title can send images, and they travel unencrypted. "
                "Let a firewall admit the archive alone."
            )

    with _asked_to_stop() as stop:
        counts = listening.listen(
            options.package,
            options.output,
            stop.is_set,
            listening.Place(options.host, options.port, title),
            asked=_asked(options),
            folders=Folders(options.sr, options.capture),
            settle=options.settle,
            ready=ready,
            told=lambda known: output.note(_so_far(known)),
        )
    return _done(counts, options, output)


def _asked(options: argparse.Namespace) -> Asked:
    from sslstudio.exporters.predictor import Asked

    return Asked(options.pool, options.subject_pattern, options.patients_by, options.promise / 100)


def _done(counts: dict[str, int], options: argparse.Namespace, output: Output) -> Result:
    from sslstudio.exporters.cases import COUNTED, table_of

    summary: Result = dict(counts)
    say(summary, output)
    tables = {PLURAL[unit]: str(table_of(options.output, unit)) for unit in COUNTED}
    output.say(f"Wrote {options.output}, {tables['studies']} and {tables['patients']}")
    return {**summary, "file": str(options.output), "tables": tables}


def _so_far(known: dict[str, int]) -> str:
    images, studies = count(known["predicted"], "image"), count(known["studies"], "study", "studies")
    return f"{images} of {studies} scored so far, {count(known['skipped'], 'file')} skipped"


@contextmanager
def _asked_to_stop() -> Iterator[threading.Event]:
    """An event that Ctrl+C, or a request to end, sets; what is under way is finished first."""
    stop = threading.Event()
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def say(summary: Result, output: Output) -> None:
    """What was scored, for a person."""
    output.say(
        f"{count(summary['predicted'], 'image')} of {count(summary['patients'], 'patient')} in "
        f"{count(summary['studies'], 'study', 'studies')} scored, {count(summary['skipped'], 'file')} skipped"
    )
    output.say(f"abstained for {count(summary['abstained'], 'image')}")
    if "unlike" in summary:
        output.say(
            f"{count(summary['unlike'], 'image is', 'images are')} unlike those it was trained on: do not rely on the "
            "answers for them"
        )
    else:
        output.say(NO_DISTANCE)
    if "reports" in summary:
        output.say(
            f"{count(summary['reports'], 'structured report')} and {count(summary['captures'], 'picture')} for the "
            "archive, unverified; they name the patient"
        )
        for key, why in (
            ("not_dicom", "without valid DICOM identifiers"),
            ("not_reported", "of a kind that a report cannot refer to"),
        ):
            if summary[key]:
                output.say(f"{count(summary[key], 'study', 'studies')} {why}: nothing to send back")
