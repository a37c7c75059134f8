"""An index beside the embeddings of very many images: inverted lists whose numbers take one byte each.

It is made once, in a compute process, and anew when the embeddings are others. How many of the truly nearest it finds
is measured on some images of the project and stored with it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sslstudio.embeddings import inverted_lists
from sslstudio.embeddings.neighbours import Floats, Ints, nearest, unit

Told = Callable[[float], None]

LISTS = 1024
AIM = 0.97
"""So many lists are searched that at least this share of the truly nearest is found, if 128 will do."""
PROBES = (8, 16, 32, 64, 128)
QUERIES = 200
NEIGHBOURS = 10
LOOKED_AT = 4
"""So many times the wanted number are taken from the lists and compared by the embeddings themselves."""
_STAMPED = 512


@dataclass(frozen=True)
class Facts:
    """What is known of an index: which embeddings it is of, lists searched (`probes`), and its `recall` at 10 on
    `queries` images."""

    stamp: str
    lists: int
    probes: int
    recall: float
    queries: int


class Index:
    """Searches the embeddings of one file."""

    def __init__(self, vectors: NDArray[np.floating], index: Any, facts: Facts) -> None:
        self._vectors, self._index, self.facts = vectors, index, facts

    def search(self, queries: NDArray[np.floating], k: int) -> tuple[Ints, Floats]:
        """Rows and cosines (Q, k) of the embeddings most like the queries (Q, D), best first; -1 where none is left."""
        return _search(self._index, self._vectors, unit(queries), k, self.facts.probes)

    def coarse(self, queries: Floats, k: int, probes: int = 8) -> tuple[Ints, Floats]:
        """As `search`, quick and less exact, for queries (Q, D) of length one: few lists, rounded numbers."""
        self._index.nprobe = min(probes, self.facts.probes)
        cosine, rows = self._index.search(np.ascontiguousarray(queries), k)
        return rows, cosine


def opened(vectors_file: Path, told: Told = lambda _: None, lists: int = 0) -> Index:
    """The index of the embeddings in that file: read, or made where it is missing or of other embeddings.

    `told` hears the share that is done; what it raises ends the work.
    """
    stamp = stamp_of(vectors_file)
    return _opened(str(vectors_file), stamp) if _stored(vectors_file, stamp) else make(vectors_file, told, lists)


def make(vectors_file: Path, told: Told = lambda _: None, lists: int = 0, seed: int = 0) -> Index:
    """Make and store the index; `benchmarks/neighbours.py` measures how long that takes and what it finds."""
    vectors = np.load(vectors_file, mmap_mode="r", allow_pickle=False)
    n, dimensions = vectors.shape
    lists = lists or max(1, min(LISTS, n // inverted_lists.TRAINED_ON))
    random = np.random.default_rng(seed)
    sample = np.sort(random.choice(n, min(n, 64 * lists), replace=False))
    index = inverted_lists.made(dimensions, lists, unit(vectors[sample]), cosine=True, coded=True, seed=seed)
    for rows in inverted_lists.in_blocks(n, lambda share: told(0.2 + 0.6 * share)):
        index.add(unit(vectors[rows]))
    told(0.8)
    queries = np.sort(random.choice(n, min(n, QUERIES), replace=False))
    probes, recall = _measured(index, vectors, queries, lists)
    facts = Facts(stamp_of(vectors_file), lists, probes, round(recall, 4), len(queries))
    inverted_lists.write(index, _index_file(vectors_file))
    _facts_file(vectors_file).write_text(json.dumps(asdict(facts)), encoding="utf-8")
    told(1.0)
    return Index(vectors, index, facts)


def stamp_of(vectors_file: Path) -> str:
    """What tells one file of embeddings from another without reading it whole: shape, type and 512 of its rows."""
    vectors = np.load(vectors_file, mmap_mode="r", allow_pickle=False)
    rows = np.unique(np.linspace(0, max(0, len(vectors) - 1), _STAMPED).astype(np.int64))
    digest = hashlib.sha256(f"{vectors.shape} {vectors.dtype}".encode())
    digest.update(np.ascontiguousarray(vectors[rows] if len(vectors) else vectors).data)
    return digest.hexdigest()[:32]


def _measured(index: Any, vectors: NDArray[np.floating], rows: Ints, lists: int) -> tuple[int, float]:
    """How many lists are to be searched, and the share of the ten truly nearest that is then found."""
    true, _ = nearest(vectors, rows, NEIGHBOURS)
    probes, recall = 1, 1.0
    for probes in [number for number in PROBES if number < lists] + [lists]:
        if probes > PROBES[-1]:
            break
        found, _ = _search(index, vectors, unit(vectors[rows]), NEIGHBOURS + 1, probes)
        recall = float((true[:, :, None] == found[:, None]).any(axis=2).mean()) if true.size else 1.0
        if recall >= AIM or probes == PROBES[-1]:
            break
    return probes, recall


def _search(index: Any, vectors: NDArray[np.floating], queries: Floats, k: int, probes: int) -> tuple[Ints, Floats]:
    index.nprobe = probes
    _, rows = index.search(np.ascontiguousarray(queries), min(len(vectors), LOOKED_AT * k))
    cosine = np.full(rows.shape, -2, dtype=np.float32)
    for number, some in enumerate(rows):  # the bytes in the lists are rounded: the embeddings themselves decide
        there = some >= 0
        cosine[number, there] = unit(vectors[some[there]]) @ queries[number]
    order = np.lexsort((rows, -cosine), axis=1)[:, :k]
    return np.take_along_axis(rows, order, axis=1), np.take_along_axis(cosine, order, axis=1)


def _stored(vectors_file: Path, stamp: str) -> bool:
    try:
        facts = Facts(**json.loads(_facts_file(vectors_file).read_bytes()))
    except (OSError, ValueError, TypeError):
        return False
    return facts.stamp == stamp and _index_file(vectors_file).is_file()


@lru_cache(maxsize=1)
def _opened(vectors_file: str, _stamp: str) -> Index:
    """Kept, because reading half a gigabyte takes longer than searching it."""
    path = Path(vectors_file)
    facts = Facts(**json.loads(_facts_file(path).read_bytes()))
    vectors = np.load(path, mmap_mode="r", allow_pickle=False)
    return Index(vectors, inverted_lists.read(_index_file(path)), facts)


def _index_file(vectors_file: Path) -> Path:
    return vectors_file.with_suffix(".neighbours")


def _facts_file(vectors_file: Path) -> Path:
    return vectors_file.with_suffix(".neighbours.json")
