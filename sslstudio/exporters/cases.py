"""What a package says of whole studies and patients: how it pools (`pooling.json`, `attention.npz`), and the tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from sslstudio.classifiers import attention, pooling
from sslstudio.classifiers.attention import Attention
from sslstudio.domain.record import Record
from sslstudio.domain.units import PLURAL, Pooling, Unit
from sslstudio.errors import SSLStudioError
from sslstudio.exporters import package

COUNTED = pooling.BAGS
POOLED_BY = {"mean": "mean", "max": "highest", "attention": "attention"}
RULES = (
    "mean: the mean of the probabilities of the images.",
    "max: a class takes its highest probability over the images, the class `nothing` its lowest; then all are divided"
    " by their sum.",
    "attention: attention.npz; h = (embedding - mean) @ basis.T, weights = softmax over the images of"
    " w . (tanh(V h + v) * sigmoid(U h + u)), logits = coef @ (weighted mean of h) + intercept, divided by"
    " temperature.",
)


class PoolingRules(Record):
    """`pooling.json`: what was counted when the model was scored, and how images were pooled."""

    format: int = package.FORMAT
    unit: Unit = "image"
    pooling: Pooling = "mean"
    nothing: str = ""
    attention: tuple[str, ...] = ()
    rules: tuple[str, ...] = RULES


@dataclass(frozen=True)
class CasePooling:
    """How a package pools: its rules, the place of the class that means nothing found, and its attention by unit."""

    rules: PoolingRules
    nothing: int
    heads: Mapping[str, Attention]

    def way(self, unit: Unit, wanted: Pooling | None) -> Pooling:
        """How images of a study or patient are pooled: as asked, else as the model was scored; where there is no
        attention for it, by the mean."""
        way = wanted or self.rules.pooling
        return "mean" if way == "attention" and unit not in self.heads else way

    def require(self, wanted: Pooling | None) -> None:
        """Raises SSLStudioError ("no_pooling") for attention that the package does not hold."""
        if wanted == "attention" and not self.heads:
            raise SSLStudioError(
                "This package holds no attention.",
                "Pool by mean or max, or export a model that could learn it: that takes 20 training patients with "
                "several labelled images.",
                code="no_pooling",
            )


def describe(scores: Mapping[str, Any] | None, arrays: Mapping[str, NDArray[Any]]) -> PoolingRules:
    """The content of `pooling.json` from scores.json and the arrays of attention.npz."""
    known = scores or {}
    counting, pooled = known.get("counting") or {}, known.get("pooled") or {}
    return PoolingRules(
        unit=counting.get("unit", "image"),
        pooling=counting.get("pooling", "mean"),
        nothing=pooled.get("nothing", known.get("nothing", "")),
        attention=tuple(attention.from_arrays(arrays)),
    )


def write(model_folder: Path, folder: Path, scores: Mapping[str, Any] | None) -> None:
    """Write `pooling.json`, and `attention.npz` where the model could learn it, into a package."""
    arrays: dict[str, NDArray[Any]] = {}
    kept = model_folder / package.ATTENTION
    if kept.is_file():
        with np.load(kept, allow_pickle=False) as stored:
            arrays = dict(stored)
    stale = (scores or {}).get("nothing_now", (scores or {}).get("nothing", "")) != (scores or {}).get("nothing", "")
    arrays = {} if stale else arrays
    package.write_json(folder / package.POOLING, describe(scores, arrays).model_dump(mode="json"))
    if arrays:
        np.savez(folder / package.ATTENTION, allow_pickle=False, **arrays)


def read(folder: Path, classes: Sequence[str]) -> CasePooling:
    """How a verified package pools; by the mean where it was written by an earlier version.

    Raises SSLStudioError ("altered_package").
    """
    if not (folder / package.POOLING).is_file():
        return CasePooling(PoolingRules(), pooling.NO_CLASS, {})
    try:
        rules = PoolingRules.model_validate_json((folder / package.POOLING).read_bytes())
        heads: dict[str, Attention] = {}
        if rules.attention:
            with np.load(folder / package.ATTENTION, allow_pickle=False) as stored:
                heads = attention.from_arrays(stored)
    except (OSError, ValueError, KeyError, ValidationError):
        raise SSLStudioError(
            "The pooling rules of the model package cannot be read.", "Export it again.", code="altered_package"
        ) from None
    nothing = list(classes).index(rules.nothing) if rules.nothing in classes else pooling.NO_CLASS
    return CasePooling(rules, nothing, heads)


class Gathering:
    """Takes the scored images one by one; gives one row a study and one a patient at the end.

    Studies and patients are numbered as they come: nothing of a header goes into a table.
    """

    def __init__(self, pool: CasePooling, classes: Sequence[str], wanted: Pooling | None) -> None:
        pool.require(wanted)
        self._pool, self._classes = pool, tuple(classes)
        self._ways = {unit: pool.way(unit, wanted) for unit in COUNTED}
        self._attending = {unit: pool.heads[unit] for unit in COUNTED if self._ways[unit] == "attention"}
        self._patients: dict[str, int] = {}
        self._studies: dict[tuple[str, str], int] = {}
        self._keys: list[tuple[int, int]] = []
        self._files: list[str] = []
        self._shares: list[NDArray[np.float32]] = []
        self._reduced: dict[Unit, list[NDArray[np.float64]]] = {unit: [] for unit in self._attending}

    def add(
        self, file: str, subject: str, study: str, probabilities: Sequence[float], embedding: NDArray[np.floating]
    ) -> tuple[int, int]:
        """Take one image of a patient and study (pseudonyms); returns the numbers of its patient and study."""
        patient = self._patients.setdefault(subject, len(self._patients) + 1)
        number = self._studies.setdefault((subject, study), len(self._studies) + 1)
        self._keys.append((patient, number))
        self._files.append(file)
        self._shares.append(np.asarray(probabilities, dtype=np.float32))
        for unit, head in self._attending.items():
            self._reduced[unit].append(attention.reduce(head, embedding[None])[0])
        return patient, number

    def header(self, unit: Unit) -> list[str]:
        """The columns of the table of studies or of patients."""
        own = ["patient"] if unit == "patient" else ["study", "patient"]
        return [*own, "images", "first file", "label", "confidence", *_columns(self._classes), "pooled by"]

    def rows(self, unit: Unit) -> list[list[str]]:
        """One row a study or patient, in the order of their numbers."""
        if not self._keys:
            return []
        place = 0 if unit == "patient" else 1
        names = np.asarray([f"{key[place]:09d}" for key in self._keys], dtype=np.str_)  # they sort as numbers do
        bags = pooling.make_bags("patient", names, names)
        way = self._ways[unit]
        if way == "attention":
            shares = attention.predict(self._attending[unit], np.stack(self._reduced[unit]), bags)[0]
        else:
            shares = pooling.pool(np.stack(self._shares), bags, way, self._pool.nothing)
        first = bags.order[bags.starts]
        found = []
        for bag, row in enumerate(first.tolist()):
            patient, study = self._keys[row]
            own = [f"patient {patient}"] if unit == "patient" else [f"study {study}", f"patient {patient}"]
            best = int(shares[bag].argmax())
            values = [f"{value:.6f}" for value in shares[bag]]
            told = [self._classes[best], values[best], *values, POOLED_BY[way]]
            found.append([*own, str(int(bags.size[bag])), self._files[row], *told])
        return found


def table_of(output: Path, unit: Unit) -> Path:
    """Where the table of studies or patients stands beside that of the images."""
    return output.with_name(f"{output.stem}-{PLURAL[unit]}{output.suffix}")


def _columns(classes: Sequence[str]) -> list[str]:
    return [f"probability {name}" for name in classes]
