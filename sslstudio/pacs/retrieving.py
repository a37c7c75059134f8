"""Fetching chosen studies and series into a folder: the plan, the tries, and an account of what did not come.

Whatever lies in the folder already is not fetched again, so that the same call goes on after any interruption. The
account names series by their place in the plan; names and identifiers stay with whoever asked.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from sslstudio.domain.record import Record
from sslstudio.errors import SSLStudioError
from sslstudio.pacs.archive import LOOK_SECONDS, Archive, Check
from sslstudio.pacs.files import ReceivingFolder
from sslstudio.pacs.problems import FATAL, PASSING, SENTENCES, problem
from sslstudio.pacs.rows import ImageRow, SeriesRow, Wish, usable_uid

Report = Callable[[float, float, str, str], None]
"""(done, total, unit, text)"""
_BROKEN = ("refused", "unreachable", "lost")
REFUSAL_TRIES = 2
T = TypeVar("T")


class SeriesProblem(Record):
    """A series that did not come whole: its `place` (from 1) among `of`, the wish (from 0) that asked for it, why."""

    place: int
    of: int
    wish: int
    modality: str
    missing: int
    expected: int
    code: str

    def sentence(self, name: str) -> str:
        """What to tell the user, without anything that names a patient."""
        kind = f" ({self.modality})" if self.modality else ""
        reason = SENTENCES.get(self.code, SENTENCES["not_sent"])[0].format(name=name)
        missing = f"{self.missing:,} of {self.expected:,} images are missing" if self.expected else "nothing came"
        return f"Series {self.place} of {self.of}{kind}: {missing}. {reason}"


class Outcome(Record):
    """What became of a retrieval. `already` images lay in the folder before."""

    received: int = 0
    already: int = 0
    missing: int = 0
    series: int = 0
    size: int = 0
    problems: tuple[SeriesProblem, ...] = ()


@dataclass(frozen=True)
class Patience:
    """How often a series is tried while nothing comes, and the first pause between tries, doubled each time."""

    tries: int = 4
    pause_seconds: float = 1.0


@dataclass
class _Planned:
    """One series of the plan."""

    wish: int
    row: SeriesRow
    images: tuple[ImageRow, ...]
    unusable: int = 0
    code: str = ""


@dataclass
class _Count:
    received: int = 0
    already: int = 0
    size: int = 0
    done: int = 0
    total: int = 0
    problems: list[SeriesProblem] = field(default_factory=list)


class Retrieval:
    """Fetches `wishes` from `archive` (called `name`) into a folder; `check` is called often and may raise."""

    def __init__(
        self,
        archive: Archive,
        name: str,
        into: ReceivingFolder,
        report: Report,
        check: Check,
        patience: Patience | None = None,
    ) -> None:
        self._archive, self._name, self._into = archive, name, into
        self._report, self._check = report, check
        self._patience = patience or Patience()
        self._count = _Count()

    def run(self, wishes: Sequence[Wish]) -> Outcome:
        """Fetch it all; what could not be had is in the outcome.

        Raises SSLStudioError when the archive cannot be reached any more or refuses as such, and when nothing came.
        """
        self._into.prepare()
        try:
            plan = self._plan(wishes)
            self._count.total = sum(len(planned.images) for planned in plan)
            for place, planned in enumerate(plan, start=1):
                self._take(planned, place, len(plan))
            return self._account(plan)
        finally:
            self._into.finish()

    # -- the plan --------------------------------------------------------------------------------------------

    def _plan(self, wishes: Sequence[Wish]) -> list[_Planned]:
        """The series of all wishes, each once, with their images."""
        series: dict[tuple[str, str], tuple[int, SeriesRow]] = {}
        for number, wish in enumerate(wishes):
            self._report(number, len(wishes), "studies", "Asking what there is")
            known = self._asked(lambda study=wish.study: self._archive.series(study))  # type: ignore[misc]
            for row in known:
                if not wish.series or row.series == wish.series:
                    series.setdefault((row.study, row.series), (number, row))
        plan = []
        for number, (wish_number, row) in enumerate(series.values()):
            self._report(number, len(series), "series", "Asking what there is")
            plan.append(self._planned(wish_number, row))
        return plan

    def _planned(self, wish: int, row: SeriesRow) -> _Planned:
        try:
            images = self._asked(lambda: self._archive.images(row.study, row.series))
        except SSLStudioError as error:
            if error.code in FATAL:
                raise
            return _Planned(wish, row, (), code=error.code)
        usable = tuple(image for image in images if usable_uid(image.sop))
        return _Planned(wish, row.model_copy(update={"images": len(images)}), usable, len(images) - len(usable))

    def _asked(self, ask: Callable[[], T]) -> T:
        """The answer to a question, asked again when it may help."""
        tried = 0
        while True:
            self._check()
            try:
                return ask()
            except SSLStudioError as error:
                tried += 1
                if error.code not in PASSING or tried >= self._patience.tries:
                    raise
            self._wait(tried)

    # -- the images ------------------------------------------------------------------------------------------

    def _take(self, planned: _Planned, place: int, of: int) -> None:
        """Fetch one series as far as it can be had, and note what is missing."""
        count, row = self._count, planned.row
        missing = self._missing(planned)
        count.already += len(planned.images) - len(missing)
        count.done += len(planned.images) - len(missing)
        self._tell()
        tried, refused, code = 0, 0, planned.code or ("unusable_uid" if planned.unusable else "")
        while missing and refused < REFUSAL_TRIES:
            self._check()
            before = count.received
            codes: set[str] = set()
            try:
                for arrived in self._archive.fetch(row, missing, self._into, self._check):
                    if arrived.code:
                        codes.add(arrived.code)
                        continue
                    count.received += 1
                    count.done += 1
                    count.size += arrived.size
                    self._tell()
            except SSLStudioError as error:
                tried = 1 if count.received > before else tried + 1
                if error.code not in PASSING or tried >= self._patience.tries:
                    if error.code in FATAL:
                        raise self._broken_off(error) from None
                    code = error.code
                    break
            else:
                refused = 0 if count.received > before else refused + 1
                code = next(iter(sorted(codes)), code)
            missing = self._missing(planned)
            if missing and refused < REFUSAL_TRIES:
                self._wait(max(tried, refused))
        missing = self._missing(planned)
        if missing or planned.unusable or planned.code:
            lacking, expected = len(missing) + planned.unusable, len(planned.images) + planned.unusable
            count.problems.append(
                SeriesProblem(
                    place=place, of=of, wish=planned.wish, modality=_short(row.modality), missing=lacking,
                    expected=expected, code=code or "not_sent",
                )
            )  # fmt: skip

    def _missing(self, planned: _Planned) -> list[ImageRow]:
        return [image for image in planned.images if not self._into.has(planned.row.series, image.sop)]

    def _tell(self) -> None:
        self._report(self._count.done, self._count.total, "images", "Receiving images")

    def _wait(self, tried: int) -> None:
        """The pause before try `tried` + 1, as long as nobody stops it."""
        until = time.monotonic() + min(60.0, self._patience.pause_seconds * 2 ** (max(1, tried) - 1))
        while (left := until - time.monotonic()) > 0:
            self._check()
            time.sleep(min(LOOK_SECONDS, left))

    # -- the account -----------------------------------------------------------------------------------------

    def _account(self, plan: Sequence[_Planned]) -> Outcome:
        count = self._count
        outcome = Outcome(
            received=count.received,
            already=count.already,
            missing=sum(one.missing for one in count.problems),
            series=len(plan),
            size=count.size,
            problems=tuple(count.problems),
        )
        if not outcome.received and not outcome.already:
            raise problem(count.problems[0].code if count.problems else "not_sent", self._name)
        return outcome

    def _broken_off(self, error: SSLStudioError) -> SSLStudioError:
        """The error that ends it all, with how far it came."""
        code = "lost" if error.code in _BROKEN else error.code
        told = problem(code, self._name)
        came = f"{self._count.done:,} of {self._count.total:,} images are here." if self._count.done else ""
        return SSLStudioError(f"{told.message} {came}".strip(), told.hint, code=code)


def _short(modality: str) -> str:
    """A modality code, and nothing else that a stranger may have written there."""
    return modality if modality.isascii() and modality.isalnum() and len(modality) <= 4 else ""
