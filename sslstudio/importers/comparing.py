"""What a file on the disk is to a project that may know it: new, as it was, changed, or found again elsewhere.

Size and time of change decide first; the content is read (its digest, nothing is decoded) where they leave doubt.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sslstudio.importers import bids
from sslstudio.importers.discovery import FoundFile
from sslstudio.importers.known import Known, KnownFile
from sslstudio.importers.path_text import below, from_text
from sslstudio.importers.patience import Patience, digest_of
from sslstudio.importers.reasons import CHANGED, DUPLICATE, GONE, MOVED, UNCHANGED, Refused

UNREACHABLE = frozenset({"missing", "unreadable", "permission"})


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is known of a file: a code of `reasons`, or "" when it has to be read.

    `silent` says that its row in the project stands as it is. `digest` is that of its content where it was read.
    """

    code: str = ""
    silent: bool = False
    digest: str = ""
    moved_from: str = ""


READ = Verdict()


class Comparing:
    """Judges the files of one import. `seconds` is the deadline for reading one file's digest."""

    def __init__(self, known: Known, patience: Patience, seconds: float, *, again: bool = False) -> None:
        self.empty_roots: list[str] = []
        self._met: set[str] = set()
        self._known = known
        self._patience = patience
        self._seconds = seconds
        self._again = again

    def judge(self, file: FoundFile, text: str) -> Verdict:
        """What to do with a file whose path is `text`."""
        known = self._known.find(text)
        if file.problem:
            if known is None or known.status != "imported" or file.problem not in UNREACHABLE:
                return READ
            return Verdict(GONE, silent=known.code == GONE)
        if self._again:
            return READ
        if known is None:
            return self._elsewhere(file)
        settled = known.status == "imported" or known.code in (CHANGED, DUPLICATE)
        if not settled or not known.complete or not known.digest:
            return READ
        same = (file.size, file.modified_ns) == (known.size, known.modified_ns)
        if same and known.code != GONE:
            return Verdict(CHANGED if known.code == CHANGED else UNCHANGED, silent=True)
        digest = known.digest if same else self.digest(file)
        if digest == known.digest:
            return Verdict(UNCHANGED, digest=digest)
        return READ if digest is None or known.code == DUPLICATE else Verdict(CHANGED, digest=digest)

    def differs(self, text: str, digest: str) -> bool:
        """True when a file that had to be read turns out to be other than the project knows it."""
        if self._again or self._known.empty:
            return False
        known = self._known.find(text)
        return (
            known is not None
            and known.complete
            and known.status == "imported"
            and bool(known.digest)
            and known.digest != digest
        )

    def digest(self, file: FoundFile) -> str | None:
        """The digest of a file's content; None when it cannot be read now, or in time."""
        try:
            return self._patience.call(self._seconds, digest_of, file.path)
        except (OSError, TimeoutError, Refused):
            return None

    def sidecar(self, file: FoundFile) -> str:
        """The modality that the JSON beside a volume says; "" also when it cannot be read in time."""
        if not bids.is_volume(file.path):
            return ""
        try:
            return self._patience.call(self._seconds, bids.sidecar_modality, file.path)
        except TimeoutError:
            return ""

    def gone(self, roots: Sequence[str], unread: Sequence[str]) -> Iterator[KnownFile]:
        """Known files below `roots` that were not met, once all files were judged.

        What lies below a folder in `unread` may well be there. A root below which nothing was met at all counts as
        unread: its drive may not be connected.
        """
        missing = [
            file
            for file in self._known.not_seen()
            if file.code != GONE and not any(_inside(file.path, one) for one in unread)
        ]
        for root in roots:
            inside = [file for file in missing if _inside(file.path, root)]
            if root in self._met:
                yield from inside
            elif inside:
                self.empty_roots.append(root)

    def meet(self, root: str) -> None:
        """A file was met below `root`: it can be read."""
        self._met.add(root)

    def _elsewhere(self, file: FoundFile) -> Verdict:
        if self._known.empty or not self._known.may_know(file.size):
            return READ
        digest = self.digest(file)
        matches = self._known.with_digest(digest, file.relative) if digest else []
        if not matches:
            return Verdict(digest=digest or "")
        for match in matches:
            if not self._known.taken(match.path) and not self._exists(match.path):
                self._known.take(match.path)
                return Verdict(MOVED, digest=match.digest, moved_from=match.path)
        return Verdict(DUPLICATE, digest=matches[0].digest)

    def _exists(self, text: str) -> bool:
        try:
            return self._patience.call(self._seconds, _lies_there, from_text(text))
        except (OSError, TimeoutError):
            return True  # a drive that does not answer is no proof


def _lies_there(path: str) -> bool:
    """True when there is a file at `path`, or an archive that `path` leads into."""
    while True:
        if os.path.lexists(path):
            return True
        parent = os.path.dirname(path)  # noqa: PTH120
        if parent == path or os.path.isdir(parent):  # noqa: PTH112
            return False
        path = parent


def _inside(text: str, root: str) -> bool:
    return text == root or below(text, root) is not None
