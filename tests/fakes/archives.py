"""An archive that exists only in memory, for what a real one does too seldom: failing, lying, being slow."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from sslstudio.importers.dicom_writer import DicomHeader, write_image
from sslstudio.pacs.archive import Arrived, Check
from sslstudio.pacs.files import ReceivingFolder
from sslstudio.pacs.problems import problem
from sslstudio.pacs.rows import Found, ImageRow, SeriesRow, StudyQuery


@dataclass
class FakeArchive:
    """`held` is {series: {SOP instance: file}} of the study "1.2". `faults` are taken from the front, one for each
    call of `fetch`: a code to fail with after `before` images, or "" to go well. `unsent` are never handed over."""

    held: dict[str, dict[str, Path]]
    faults: list[str] = field(default_factory=list)
    before: int = 1
    unsent: frozenset[str] = frozenset()
    extra: tuple[str, ...] = ()
    fetched: list[tuple[str, ...]] = field(default_factory=list)
    closed: bool = False
    on_arrival: Callable[[], None] = lambda: None

    @classmethod
    def filled(cls, folder: Path, *sizes: int) -> FakeArchive:
        """Series of the given sizes."""
        held: dict[str, dict[str, Path]] = {}
        for series, size in enumerate(sizes, start=1):
            for number in range(1, size + 1):
                sop = f"1.2.{series}.{number}"
                extra = {"SOPInstanceUID": sop, "SeriesInstanceUID": f"1.2.{series}", "StudyInstanceUID": "1.2"}
                path = folder / f"{sop}.dcm"
                write_image(path, np.full((4, 4), number, np.uint8), DicomHeader(extra=extra))
                held.setdefault(f"1.2.{series}", {})[sop] = path
        return cls(held)

    def verify(self) -> None:
        pass

    def studies(self, query: StudyQuery) -> Found:
        raise NotImplementedError

    def series(self, study: str) -> tuple[SeriesRow, ...]:
        assert study == "1.2"
        return tuple(
            SeriesRow(study=study, series=series, modality="CT", images=len(images))
            for series, images in self.held.items()
        )

    def images(self, study: str, series: str) -> tuple[ImageRow, ...]:
        return tuple(ImageRow(sop=sop) for sop in (*self.held[series], *self.extra))

    def fetch(
        self, series: SeriesRow, images: Sequence[ImageRow], into: ReceivingFolder, check: Check
    ) -> Iterator[Arrived]:
        self.fetched.append(tuple(image.sop for image in images))
        fault = self.faults.pop(0) if self.faults else ""
        for number, image in enumerate(images):
            check()
            if fault and number >= self.before:
                raise problem(fault, "Fake")
            if image.sop in self.unsent:
                yield Arrived(sop=image.sop, code="not_sent")
                continue
            with into.part() as part:
                part.write(self.held[series.series][image.sop].read_bytes())
                yield Arrived(sop=image.sop, size=part.keep(series.series, image.sop))
            self.on_arrival()

    def close(self) -> None:
        self.closed = True
