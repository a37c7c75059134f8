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

from sslstudio.importers.dicom_plain import PlainElements

Elements = Dataset | PlainElements
"""A data set as far as it is read: by pydicom, or step by step where it is plain."""


def text(dataset: Elements, keyword: str, limit: int = 64) -> str:
    """A text value in one line, at most `limit` characters; "" when it is absent or cannot be read."""
    return next(iter(texts(dataset, keyword, limit)), "")


def texts(dataset: Elements, keyword: str, limit: int = 64) -> list[str]:
    """All values of a text element, each in one line of at most `limit` characters; [] when it is absent."""
    if isinstance(dataset, PlainElements) and (plain := dataset.texts(_number(keyword))) is not None:
        return [_in_one_line(part)[:limit] for part in plain[:32]]
    found = value(dataset, keyword)
    if found is None:
        return []
    parts = list(found)[:32] if isinstance(found, MutableSequence) else [found]
    return [_in_one_line(str(part))[:limit] for part in parts]


def _in_one_line(line: str) -> str:
    if not line.isprintable():
        line = "".join(c if c.isprintable() else " " for c in line)
    return " ".join(line.split())


def code(dataset: Elements, keyword: str) -> str:
    """A coded word (PS3.5 CS): upper case letters, digits, blank, underscore; "" otherwise."""
    return next(iter(codes(dataset, keyword)), "")


def codes(dataset: Elements, keyword: str) -> list[str]:
    """All coded words of an element; what is none is ""."""
    words = (word.upper() for word in texts(dataset, keyword, 16))
    return [word if re.fullmatch(r"[A-Z0-9_ ]*", word) else "" for word in words]


def numbers(dataset: Elements, keyword: str) -> list[float]:
    """All finite numbers of an element; [] when it is absent or not numeric."""
    if isinstance(dataset, PlainElements) and (plain := dataset.numbers(_number(keyword))) is not None:
        return plain if all(map(math.isfinite, plain)) else []
    found = value(dataset, keyword)
    if found is None or found == "":
        return []
    try:
        values = [float(v) for v in (found if isinstance(found, MutableSequence) else [found])]
    except (TypeError, ValueError, OverflowError):
        return []
    return values if all(map(math.isfinite, values)) else []


def number(dataset: Elements, keyword: str) -> float | None:
    """The first number of an element, or None."""
    return next(iter(numbers(dataset, keyword)), None)


def value(dataset: Elements, keyword: str) -> Any:
    """The value of an element as pydicom gives it; None when it is absent or invalid."""
    if isinstance(dataset, PlainElements):
        if _number(keyword) not in dataset:
            return None
        dataset = dataset.whole()
    try:
        tag = _tag(keyword)
        return dataset[tag].value if tag in dataset else None
    except Exception:  # an invalid element counts as absent; its text is never passed on
        return None


def whole(dataset: Elements) -> Dataset:
    """The data set as pydicom reads it."""
    return dataset.whole() if isinstance(dataset, PlainElements) else dataset


@cache
def _tag(keyword: str) -> BaseTag:
    """The tag of a keyword, looked up once; asking a data set by keyword costs ten times as much."""
    number = tag_for_keyword(keyword)
    if number is None:
        raise KeyError(keyword)
    return Tag(number)


@cache
def _number(keyword: str) -> int:
    """The tag as a mere number, which is quicker to look up."""
    return int(_tag(keyword))


def items(dataset: Elements, keyword: str) -> list[Dataset]:
    """The items of a sequence; [] when it is absent or damaged."""
    found = value(dataset, keyword)
    try:
        return [item for item in found if isinstance(item, Dataset)] if found is not None else []
    except Exception:  # a damaged sequence counts as absent
        return []
