"""What every archive can do, whatever its protocol, and how one is opened. The protocols are loaded by name."""

from __future__ import annotations

import importlib
import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol, TypeVar

from sslstudio.domain.record import Record
from sslstudio.pacs.files import ReceivingFolder
from sslstudio.pacs.nodes import PacsNode
from sslstudio.pacs.rows import Found, ImageRow, SeriesRow, StudyQuery

Check = Callable[[], None]
LOOK_SECONDS = 0.1
PROTOCOLS = {"dicomweb": "sslstudio.pacs.dicomweb", "dimse": "sslstudio.pacs.dimse"}
T = TypeVar("T")


class Arrived(Record):
    """One image that was asked for: it lies in the folder (`code` is "") or was not handed over, and why."""

    sop: str
    size: int = 0
    code: str = ""


class Archive(Protocol):
    """One archive. Every method raises SSLStudioError with a code of `problems.SENTENCES`."""

    def verify(self) -> None:
        """Make sure that it answers, knows us, takes queries and hands images over in the way the node says."""

    def studies(self, query: StudyQuery) -> Found:
        """The studies that match, at most `query.limit`."""

    def series(self, study: str) -> tuple[SeriesRow, ...]:
        """The series of a study."""

    def images(self, study: str, series: str) -> tuple[ImageRow, ...]:
        """What is stored of a series."""

    def fetch(
        self, series: SeriesRow, images: Sequence[ImageRow], into: ReceivingFolder, check: Check
    ) -> Iterator[Arrived]:
        """Fetch these images of a series into the folder; `check` is called ten times a second and may raise."""

    def close(self) -> None:
        """Let go of what is open."""


def connect(node: PacsNode, password: str = "") -> Archive:
    """The archive behind a node; nothing is sent yet."""
    archive: Archive = importlib.import_module(PROTOCOLS[node.kind]).open_archive(node, password)
    return archive


def polled(
    works: Sequence[Callable[[Callable[[T], None]], None]], check: Check, stop: Callable[[], None]
) -> Iterator[T]:
    """What `works` emit, each in a thread of its own, while `check` is called ten times a second.

    The first error of a work, or one that `check` raises, is raised here. `stop` is called when the last work has
    ended or the caller goes; it must make the works end soon, and nobody waits for them.
    """
    news: queue.SimpleQueue[tuple[str, T | BaseException | None]] = queue.SimpleQueue()

    def run(work: Callable[[Callable[[T], None]], None]) -> None:
        try:
            work(lambda item: news.put(("item", item)))
            news.put(("end", None))
        except BaseException as error:
            news.put(("error", error))

    try:
        for number, work in enumerate(works):
            threading.Thread(target=run, args=(work,), name=f"archive {number}", daemon=True).start()
        left = len(works)
        while left:
            check()
            try:
                kind, value = news.get(timeout=LOOK_SECONDS)
            except queue.Empty:
                continue
            if kind == "error" and isinstance(value, BaseException):
                raise value
            if kind == "end":
                left -= 1
            else:
                yield value  # type: ignore[misc]
    finally:
        stop()
