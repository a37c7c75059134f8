"""What a way of telling patients apart makes of files that were looked at: counts, examples, doubts, a suggestion.

Pure: works on rows of a dry run or of a project's ledger, and opens no file.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from sslstudio.domain.words import percent
from sslstudio.importers.identity import IdentityRules, Source, compile_pattern, pseudonym

EXAMPLES = 4
FILES_SHOWN = 3
SHARE = 0.3
SHARE_FROM = 20
PLACEHOLDER_STUDIES = 8
PLACEHOLDER_VALUES = (
    "0", "00", "000", "0000", "00000", "000000", "0000000", "00000000", "1", "123", "1234", "12345", "123456",
    "1234567", "12345678", "999999", "9999999", "99999999", "ANON", "ANONYMOUS", "ANONYMIZED", "ANONYMISED",
    "Anonymous", "Anonymized", "anonymous", "anonymized", "anon", "DEFAULT", "DELETED", "ID", "ID1", "N/A", "NA",
    "NO ID", "NOID", "NONE", "None", "none", "PATIENT", "Patient", "PatientID", "PHANTOM", "Phantom", "phantom", "QA",
    "QC", "REMOVED", "TEST", "Test", "test", "UNKNOWN", "Unknown", "unknown", "XXX", "XXXX", "xxx",
)  # fmt: skip
"""Patient ids that stand for nobody; compared by their pseudonyms."""

PATTERNS: tuple[tuple[str, str, str], ...] = (
    ("bids", r"(?P<subject>sub-[A-Za-z0-9]+)", "names that begin with sub-"),
    (
        "word",
        r"(?i)(?P<subject>(?:patient|patientid|pat|subject|subj|case|pid|pt)[-_ ]?[0-9]+)",
        "a word such as patient, subject or case with a number",
    ),
    ("folder", r"^(?P<subject>[^/]+)/", "the first folder"),
    ("name", r"(?P<subject>[^/_-]+)[_-][^/]*$", "the start of the file name up to the first - or _"),
    ("middle", r"(?:^|[/_ -])(?P<subject>[A-Za-z]{0,6}[0-9]{3,})(?=[_ -][^/]*$)", "a number inside the file name"),
    ("parent", r"(?P<subject>[^/]+)/[^/]+$", "the folder that holds the file"),
)
"""(id, pattern, what it looks at): tried in this order."""


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What telling patients apart needs of one importable file.

    `relative` is its path below its source; `patient` and `study` are pseudonyms from its header or ""; `key` is its
    digest, or any text of its own where it was not read. `images` counts its frames.
    """

    relative: str
    patient: str = ""
    study: str = ""
    images: int = 1
    key: str = ""
    dicom: bool = False


@dataclass(frozen=True)
class Example:
    """One subject: the words it was found by ("" for a header), its images, and the names of some of its files."""

    words: str
    subject: str
    images: int
    files: tuple[str, ...]


@dataclass(frozen=True)
class Placeholder:
    """A DICOM patient id that seems to stand for several people."""

    subject: str
    studies: int
    images: int
    known_word: bool


@dataclass(frozen=True)
class Grouping:
    """What a way of telling patients apart does. `by_source` counts files by what decided.

    `unmatched` are files that a pattern or table was asked for and did not fit, with some of their names. `blank`
    counts DICOM files without a patient id, `share` is the part of all images that the largest subject holds.
    """

    files: int = 0
    images: int = 0
    subjects: int = 0
    smallest: int = 0
    largest: int = 0
    by_source: dict[Source, int] = field(default_factory=dict)
    examples: tuple[Example, ...] = ()
    unmatched: int = 0
    unmatched_examples: tuple[str, ...] = ()
    blank: int = 0
    placeholders: tuple[Placeholder, ...] = ()

    @property
    def share(self) -> float:
        """The part of all images that the largest subject holds."""
        return self.largest / self.images if self.images else 0.0

    @property
    def dominated(self) -> bool:
        """True when one subject holds so much that its id may be a placeholder."""
        return self.subjects > 1 and self.images >= SHARE_FROM and self.share > SHARE


@dataclass
class _Subject:
    images: int = 0
    words: str = ""
    files: list[str] = field(default_factory=list)


def group(files: Iterable[FileFacts], rules: IdentityRules) -> Grouping:
    """Apply `rules` to every file; memory grows with the number of subjects, not of files."""
    subjects: dict[str, _Subject] = defaultdict(_Subject)
    sources: Counter[Source] = Counter()
    studies: dict[str, set[str]] = defaultdict(set)
    of_patient: Counter[str] = Counter()
    missed: list[str] = []
    asked = rules.pattern is not None or rules.table is not None
    count = unmatched = blank = 0
    for file in files:
        found = rules.find(file.relative, file.key or file.relative, file.patient, file.study)
        subject = subjects[found.subject]
        subject.images += file.images
        subject.words = found.words
        if len(subject.files) < FILES_SHOWN:
            subject.files.append(file.relative)
        sources[found.source] += 1
        count += 1
        if asked and found.source in ("study", "folder", "file"):
            unmatched += 1
            if len(missed) < EXAMPLES:
                missed.append(file.relative)
        blank += file.dicom and not file.patient
        if file.patient:
            of_patient[file.patient] += file.images
            studies[file.patient].add(file.study)
    sizes = [subject.images for subject in subjects.values()]
    images = sum(sizes)
    shown = list(subjects.items())[:EXAMPLES]
    return Grouping(
        files=count,
        images=images,
        subjects=len(subjects),
        smallest=min(sizes, default=0),
        largest=max(sizes, default=0),
        by_source=dict(sources),
        examples=tuple(Example(one.words, key, one.images, tuple(one.files)) for key, one in shown),
        unmatched=unmatched,
        unmatched_examples=tuple(missed),
        blank=blank,
        placeholders=find_placeholders(rules.key, of_patient, {key: len(seen) for key, seen in studies.items()}),
    )


def find_placeholders(key: bytes, images: Counter[str], studies: dict[str, int]) -> tuple[Placeholder, ...]:
    """Patient ids that stand for nobody: a known word on two studies or more, or more studies than anyone has.

    An id is suspicious with `PLACEHOLDER_STUDIES` studies that are also more than five times what is usual, when it
    is not the only one.
    """
    words = {pseudonym(key, "subject", value) for value in PLACEHOLDER_VALUES}
    ordered = sorted(studies.values())
    usual = ordered[(len(ordered) - 1) // 2] if ordered else 0
    found = []
    for subject, count in studies.items():
        known = subject in words and count > 1
        many = len(studies) > 1 and count >= PLACEHOLDER_STUDIES and count > 5 * usual
        if known or many:
            found.append(Placeholder(subject, count, images[subject], known))
    return tuple(sorted(found, key=lambda one: -one.images))


@dataclass(frozen=True)
class Suggestion:
    """The way that fits these files best: its id ("header", "study" or an id of `PATTERNS`), pattern, and why.

    With `ignore_placeholders` patient ids that seem to stand for nobody are to count as blank, for their own files.
    """

    way: str
    pattern: str
    reason: str
    ignore_placeholders: bool = False


def suggest(files: Sequence[FileFacts], key: bytes) -> Suggestion:
    """The best way to tell the patients of `files` (a sample is enough) apart, with the reason for a person."""
    if not files:
        return Suggestion("header", "", "")
    named = sum(bool(file.patient) for file in files)
    grouping = group(files, IdentityRules(key))
    if named >= 0.95 * len(files) and not grouping.dominated and not grouping.placeholders:
        return Suggestion("header", "", "the DICOM files name their patients, and no id stands out")
    nameless = [file for file in files if not file.patient]
    best = _best_pattern(nameless, key) if nameless else None
    if named and best is not None and not grouping.placeholders:
        reason = f"DICOM files go to their patient; for the others, {best.reason}"
        return Suggestion(best.way, best.pattern, reason)
    if named >= 0.5 * len(files):
        if not grouping.placeholders:
            return Suggestion("header", "", f"{named:,} of {len(files):,} files name their patient")
        nobody = {one.subject for one in grouping.placeholders}
        theirs = [bool(file.study) for file in files if file.patient in nobody]
        if sum(theirs) >= 0.95 * len(theirs):
            return Suggestion("header", "", _shared(len(nobody)), ignore_placeholders=True)
    if best is not None:
        return replace(best, ignore_placeholders=bool(grouping.placeholders))
    if named:
        return Suggestion("header", "", f"{named:,} of {len(files):,} files name their patient, and no pattern fits")
    return Suggestion("header", "", "no pattern fits these names; a table can say whose each file is")


def _shared(ids: int) -> str:
    seems = "one patient id seems" if ids == 1 else f"{ids:,} patient ids seem"
    return f"{seems} to stand for several people; files with a patient id of their own keep it"


def _best_pattern(files: Sequence[FileFacts], key: bytes) -> Suggestion | None:
    """The first pattern that fits nearly all files and gives several subjects, most of them with several images."""
    choices: list[tuple[float, Suggestion]] = []
    for place, (way, pattern, words) in enumerate(PATTERNS):
        compiled = compile_pattern(pattern)
        assert compiled is not None
        plain = [FileFacts(file.relative, "", "", file.images, file.key) for file in files]
        found = group(plain, IdentityRules(key, pattern=compiled, order="path"))
        fits = 1 - found.unmatched / found.files
        if fits < 0.9 or found.subjects < 2 or found.dominated:
            continue
        each = found.images / found.subjects
        if way in ("folder", "parent") and ((found.subjects < 5 and len(files) > 20) or each > 200):
            continue  # a handful of large folders are classes or sites rather than patients
        if each < 1.2 and way not in ("bids", "word"):
            continue
        range_ = f"{found.smallest:,}-{found.largest:,}" if found.smallest < found.largest else f"{found.largest:,}"
        reason = (
            f"{words}: fits {percent(fits)} of the files and gives {found.subjects:,} patients with {range_} images"
        )
        choices.append((fits - 0.02 * place, Suggestion(way, pattern, reason)))
    return max(choices, key=lambda choice: choice[0])[1] if choices else None


def spans(pattern: re.Pattern[str], relative: str) -> tuple[int, int] | None:
    """Where the subject stands in a path, as (start, end); None when the pattern does not fit."""
    match = pattern.search(relative)
    return match.span("subject") if match and match["subject"] else None
