"""The sharing check itself: every file of an export, and what lies inside it, against all that the project knows."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sslstudio.domain.items import Item
from sslstudio.errors import SSLStudioError
from sslstudio.exporters.sharing import containers
from sslstudio.exporters.sharing.knowledge import MOST_HEADERS, Knowledge
from sslstudio.exporters.sharing.pictures import Pictures
from sslstudio.exporters.sharing.search import Searcher, embedded
from sslstudio.exporters.sharing.words import RULES, Word, Words, gather
from sslstudio.exporters.sharing.words_of_result import said

_DEEPEST = 5
_LARGEST = 4 << 30
MOST_FINDINGS = 1000


@dataclass(frozen=True, order=True)
class Finding:
    """Something that should not leave: in which file, a key of KINDS, where and how, and a first letter."""

    file: str
    kind: str
    where: str
    masked: str


@dataclass
class Outcome:
    """What a check did: files searched, words looked for by kind, headers read of known originals, what it found."""

    files: int = 0
    looked_for: dict[str, int] = field(default_factory=dict)
    headers: int = 0
    originals: int = 0
    known_files: int = 0
    pictures: int = 0
    findings: list[Finding] = field(default_factory=list)
    not_searched: list[str] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        """True when everything was searched and nothing was found."""
        return not self.findings and not self.not_searched

    def counts(self) -> dict[str, Any]:
        """What a run may keep of it: numbers and kinds, no word and no name."""
        return {
            "files": self.files,
            "looked_for": sum(self.looked_for.values()),
            "headers": self.headers,
            "originals": self.originals,
            "known_files": self.known_files,
            "pictures": self.pictures,
            "found": dict(Counter(one.kind for one in self.findings)),
            "not_searched": len(self.not_searched),
        }

    def sentence(self) -> str:
        """The result in words."""
        return said(self.counts())


def check(
    roots: Sequence[Path],
    knowledge: Knowledge,
    pixels_dir: Path,
    items: Sequence[Item],
    cancelled: Callable[[], None] = lambda: None,
    told: Callable[[float], None] = lambda share: None,
) -> Outcome:
    """Search files and folders; `cancelled` may raise, `told` hears of the share done.

    Raises SSLStudioError ("nothing_to_check") if nothing is there.
    """
    files = [found for root in roots for found in _files(root)]
    if not files:
        raise SSLStudioError("There is nothing to check.", "Choose a folder or a file that exists.", code="no_source")
    words = gather(knowledge, cancelled)
    told(0.2)
    return Checker(knowledge, words, Pictures.of(pixels_dir, items, cancelled)).search(files, cancelled, told)


class Checker:
    """Searches files for words that have been gathered."""

    def __init__(self, knowledge: Knowledge, words: Words, pictures: Pictures) -> None:
        self._searcher = Searcher(words.words)
        self._pictures = pictures
        self._digests = {original.digest for original in knowledge.originals if original.digest}
        self._outcome = Outcome(
            looked_for=dict(Counter(word.kind for word in words.words)),
            headers=words.headers,
            originals=words.originals,
            known_files=knowledge.files,
            pictures=len(pictures),
        )
        self._cancelled: Callable[[], None] = lambda: None

    def search(
        self,
        files: Sequence[tuple[Path, str]],
        cancelled: Callable[[], None] = lambda: None,
        told: Callable[[float], None] = lambda share: None,
    ) -> Outcome:
        """Search (path, name to show) one by one; names are searched, too."""
        outcome, self._cancelled = self._outcome, cancelled
        for number, (path, shown) in enumerate(files):
            cancelled()
            told(0.3 + 0.7 * number / len(files))
            outcome.files += 1
            self._note(shown, "its name", dict.fromkeys(self._searcher.in_text(shown), "name"))
            try:
                if path.stat().st_size > _LARGEST:
                    raise containers.TooLarge
                self._part(shown, "", path.read_bytes(), 0)
            except (OSError, containers.TooLarge):
                outcome.not_searched.append(self._masked(shown))
        outcome.findings = sorted(set(outcome.findings))[:MOST_FINDINGS]
        return outcome

    def _part(self, file: str, inside: str, content: bytes, depth: int) -> None:
        self._cancelled()
        if len(content) > 16 and hashlib.sha256(content).hexdigest() in self._digests:
            self._add(file, "original", inside or "the whole file", "")
            return
        self._note(file, inside, self._searcher.find(content))
        if self._pictures.shows(inside, content):
            self._add(file, "picture", inside or "the whole file", "")
        if depth < _DEEPEST:
            for name, part in self._within(content):
                self._part(file, f"{inside} > {name}" if inside else name, part, depth + 1)

    def _within(self, content: bytes) -> Iterator[tuple[str, bytes]]:
        yield from containers.parts(content)
        for number, part in enumerate(embedded(content), start=1):
            yield f"embedded {number}", part

    def _note(self, file: str, inside: str, found: dict[Word, str]) -> None:
        for word, form in found.items():
            self._add(file, word.kind, f"{inside}, {form}" if inside and form != "name" else inside or form, word.text)

    def _add(self, file: str, kind: str, where: str, text: str) -> None:
        self._outcome.findings.append(Finding(self._masked(file), kind, self._masked(where), mask(text)))

    def _masked(self, shown: str) -> str:
        """A name as it may be shown; one that gives somebody away is masked itself."""
        for word in self._searcher.in_text(shown):
            shown = _without(shown, word.text)
        return shown


def mask(text: str) -> str:
    """The first sign of a word and dots: enough to know which is meant, too little to learn it."""
    return f"{text[:1]}{'•' * min(8, max(2, len(text) - 1))}" if text else ""


def _without(shown: str, text: str) -> str:
    place = shown.casefold().find(text.casefold())
    return shown if place < 0 else shown[:place] + mask(text) + shown[place + len(text) :]


def _files(root: Path) -> list[tuple[Path, str]]:
    """Files below a folder, or the file itself, with the name that goes along."""
    if root.is_file():
        return [(root, root.name)]
    found = sorted(path for path in root.rglob("*") if path.is_file()) if root.is_dir() else []
    return [(path, path.relative_to(root).as_posix()) for path in found]


__all__ = ["MOST_HEADERS", "RULES", "Checker", "Finding", "Outcome", "check", "mask", "said"]
