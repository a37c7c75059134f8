"""What the included images of a project are like, in a few numbers: what can be learned from them depends on these."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from sslstudio.catalogue.browse import READING_ORDER
from sslstudio.catalogue.database import Database
from sslstudio.domain.stacks import LEAST_SLICES

_PAIRS = """SELECT count(*), coalesce(sum(n > 1), 0) FROM (
    SELECT sum(n) AS n FROM (SELECT series_id, count(*) AS n FROM images WHERE excluded IS NULL GROUP BY series_id)
    JOIN series USING (series_id) JOIN studies USING (study_id) GROUP BY subject_id)"""
_RUNS = f"""
    WITH ordered AS (
        SELECT i.series_id, i.excluded IS NOT NULL AS out, row_number() OVER series AS number,
            coalesce(i.slice_position < lag(i.slice_position) OVER series, 0) OR i.phase IS NOT lag(i.phase) OVER series
                AS again,
            i.height IS NOT lag(i.height) OVER series OR i.width IS NOT lag(i.width) OVER series
                OR i.channels IS NOT lag(i.channels) OVER series AS other
        FROM images i WINDOW series AS (PARTITION BY i.series_id ORDER BY {READING_ORDER})),
    pieces AS (
        SELECT series_id, out, sum(again OR out) OVER series AS piece, sum(again OR out OR other) OVER series AS volume
        FROM ordered WINDOW series AS (PARTITION BY series_id ORDER BY number))
    SELECT (SELECT coalesce(max(n), 0)
            FROM (SELECT count(*) AS n FROM pieces WHERE NOT out GROUP BY series_id, piece)),
        (SELECT count(*) FROM (SELECT count(*) AS n FROM pieces WHERE NOT out GROUP BY series_id, volume)
            WHERE n >= {LEAST_SLICES})"""


@dataclass(frozen=True, slots=True)
class Makeup:
    """Numbers of included images by (DICOM modality, stored channels), of subjects, of subjects with several images,
    the length of the longest run of successive images of one series, and the number of volumes (`domain.stacks`)."""

    kinds: Counter[tuple[str, int]]
    subjects: int
    with_several: int
    longest_run: int
    volumes: int


class MakeupTables:
    """The part of the catalogue that sums the images up."""

    _db: Database

    def makeup(self) -> Makeup:
        """Reads every image once, which takes seconds for a million of them: not for the window's own thread.

        A run is broken, as in `ImageTables.surroundings`, by an excluded image and where a series begins anew.
        """
        kinds = self._db.long_rows(
            "SELECT upper(modality), channels, count(*) FROM images WHERE excluded IS NULL GROUP BY 1, 2 ORDER BY 1, 2"
        )
        ((subjects, several),) = self._db.long_rows(_PAIRS)
        ((longest, volumes),) = self._db.long_rows(_RUNS)
        counted: Counter[tuple[str, int]] = Counter()
        for modality, channels, images in kinds:
            counted[modality, channels] = images
        return Makeup(counted, subjects, several, longest, volumes)
