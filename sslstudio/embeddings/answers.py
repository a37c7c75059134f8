"""What searches among all images answer; apart from them, so that whoever asks need not load what searches."""

from __future__ import annotations

from dataclasses import dataclass

from sslstudio.embeddings.neighbours import Floats, Ints


@dataclass(frozen=True, eq=False)
class Found:
    """`rows` (n,), best first, and their cosines (n,). `recall` is None for an exact search, else the share of the
    truly nearest that searches of this kind find."""

    rows: Ints
    cosine: Floats
    recall: float | None = None


@dataclass(frozen=True, eq=False)
class Outliers:
    """`rows` (n,), the most unusual first. `nearest` (n,) is the cosine distance to the nearest image, `usual` its
    median over all images. `own` (n,) is the share of the neighbours from the same patient, `own_usual` (n,) that of
    the other images of that patient on average; nan where that is not known."""

    rows: Ints
    nearest: Floats
    usual: float
    own: Floats
    own_usual: Floats
    recall: float


@dataclass(frozen=True, eq=False)
class Pairs:
    """Near-duplicates: rows (n, 2) of pairs, the closest first, and their cosine distances (n,). `limit` is the
    distance below which a pair is one, `usual` the median distance to the nearest image."""

    rows: Ints
    distance: Floats
    limit: float
    usual: float
    recall: float
