"""Which papers to cite for what was really done, as BibTeX; a plugin we did not write is cited by its own words."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import cache
from typing import Any

from sslstudio import resources


@cache
def _known() -> dict[str, Any]:
    content: dict[str, Any] = json.loads(resources.text("export/references.json"))
    return content


def keys(methods: Iterable[str]) -> list[str]:
    """The keys of the entries for pretext tasks and for "calibration", "intervals", "agreement", "attention", "lpft",
    "privacy"."""
    return list(dict.fromkeys(key for method in methods for key in _known()["methods"].get(method, ())))


def is_known(method: str) -> bool:
    """Whether there is an entry for a pretext task."""
    return method in _known()["methods"]


def bibtex(methods: Iterable[str]) -> str:
    """The entries, in order of first use."""
    return "\n\n".join(_known()["entries"][key] for key in keys(methods))
