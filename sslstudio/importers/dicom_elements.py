"""Reads single values of a DICOM data set without ever raising or passing on what it could not read.

Apart because header, facts and decoder all read values that may be damaged, absent, or of the wrong kind.
"""

from __future__ import annotations

import math
import re
from collections.abc import MutableSequence
from functools import cache
from typing import Any

from pydicom.datadict import tag_for_keyword
from pydicom.dataset import Dataset
from pydicom.tag import BaseTag, Tag


def text(dataset: Dataset, keyword: str, limit: int = 64) -> str:
    """A text value in one line, at most `limit` characters; "" when it is absent or cannot be read."""
    return next(iter(texts(dataset, keyword, limit)), "")


def texts(dataset: Dataset, keyword: str, limit: int = 64) -> list[str]:
    """All values of a text element, each in one line of at most `limit` characters; [] when it is absent."""
    found = value(dataset, keyword)
    if found is None:
        return []
    parts = list(found)[:32] if isinstance(found, MutableSequence) else [found]
    return [_in_one_line(str(part))[:limit] for part in parts]


def _in_one_line(line: str) -> str:
    if not line.isprintable():
        line = "".join(c if c.isprintable() else " " for c in line)
    return " ".join(line.split())


def code(dataset: Dataset, keyword: str) -> str:
    """A coded word (PS3.5 CS): upper case letters, digits, blank, underscore; "" otherwise."""
    return next(iter(codes(dataset, keyword)), "")


def codes(dataset: Dataset, keyword: str) -> list[str]:
    """All coded words of an element; what is none is ""."""
    words = (word.upper() for word in texts(dataset, keyword, 16))
    return [word if re.fullmatch(r"[A-Z0-9_ ]*", word) else "" for word in words]


def numbers(dataset: Dataset, keyword: str) -> list[float]:
    """All finite numbers of an element; [] when it is absent or not numeric."""
    found = value(dataset, keyword)
    if found is None or found == "":
        return []
    try:
        values = [float(v) for v in (found if isinstance(found, MutableSequence) else [found])]
    except (TypeError, ValueError, OverflowError):
        return []
    return values if all(map(math.isfinite, values)) else []


def number(dataset: Dataset, keyword: str) -> float | None:
    """The first number of an element, or None."""
    return next(iter(numbers(dataset, keyword)), None)


def value(dataset: Dataset, keyword: str) -> Any:
    """The value of an element as pydicom gives it; None when it is absent or invalid."""
    try:
        tag = _tag(keyword)
        return dataset[tag].value if tag in dataset else None
    except Exception:  # an invalid element counts as absent; its text is never passed on
        return None


@cache
def _tag(keyword: str) -> BaseTag:
    """The tag of a keyword, looked up once; asking a data set by keyword costs ten times as much."""
    number = tag_for_keyword(keyword)
    if number is None:
        raise KeyError(keyword)
    return Tag(number)


def items(dataset: Dataset, keyword: str) -> list[Dataset]:
    """The items of a sequence; [] when it is absent or damaged."""
    found = value(dataset, keyword)
    try:
        return [item for item in found if isinstance(item, Dataset)] if found is not None else []
    except Exception:  # a damaged sequence counts as absent
        return []
