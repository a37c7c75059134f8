"""Which weights a pretraining hands on: those of its best epoch or of its last; files alone, no torch.

A run writes both below its artifacts, `best/` and `last/`; the chosen ones stand beside them as the run's backbone.
"""

from __future__ import annotations

import filecmp
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sslstudio.domain.specs import Keep
from sslstudio.errors import SSLStudioError

FILES = ("backbone.safetensors", "backbone.json")
_DISCARDED = "discarded"


def offered(artifacts: Path) -> dict[str, dict[str, Any]]:
    """The weights there are: "best" and "last" with what is known of them.

    That is `epoch` from 0; of the best ones `measure` and `value`; of the last ones `whole`, False where a run was
    stopped within an epoch.
    """
    found = {}
    for name in ("best", "last"):
        if all((artifacts / name / file).is_file() for file in FILES):
            try:
                found[name] = dict(json.loads((artifacts / name / "epoch.json").read_bytes()))
            except (OSError, ValueError, TypeError):
                found[name] = {}
    return found


def hand_on(artifacts: Path, choice: Keep) -> str:
    """Make the weights of `choice` the run's backbone, or the other ones where it has none; returns which they are.

    Raises SSLStudioError "nothing_kept" when the run has none.
    """
    there = offered(artifacts)
    if not there:
        raise SSLStudioError(
            "The run has no weights to keep: they were thrown away."
            if discarded(artifacts)
            else "The run has no weights to keep: it ended before it had learned anything.",
            "Resume it, or start another one.",
            code="nothing_kept",
        )
    taken = choice if choice in there else next(iter(there))
    for file in FILES:
        _link(artifacts / taken / file, artifacts / file)
    return taken


def in_use(artifacts: Path) -> str:
    """Which weights the run hands on now, "best" or "last"; "" when it has none. Equal ones count as the last."""
    weights = artifacts / FILES[0]
    for name in ("last", "best"):
        other = artifacts / name / FILES[0]
        if weights.is_file() and other.is_file():
            same = weights.samefile(other) or filecmp.cmp(weights, other, shallow=False)
            if same:
                return name
    return ""


def discard(artifacts: Path, checkpoints: Path) -> None:
    """Remove all weights of a run; its curves stay, and that it was done is remembered."""
    for name in ("best", "last"):
        shutil.rmtree(artifacts / name, ignore_errors=True)
    for file in FILES:
        (artifacts / file).unlink(missing_ok=True)
    for path in checkpoints.glob("checkpoint-*"):
        path.unlink(missing_ok=True)
    (artifacts / _DISCARDED).touch()


def discarded(artifacts: Path) -> bool:
    """Whether the weights of a run were removed, and it has learned nothing since."""
    return (artifacts / _DISCARDED).exists() and not offered(artifacts)


def epoch_of(known: Mapping[str, Any]) -> str:
    """Of which epoch weights are, counted from 1: "3", or "3, not finished"; "" where that is not known."""
    epoch = known.get("epoch")
    if not isinstance(epoch, int):
        return ""
    return f"{epoch + 1}" if known.get("whole", True) else f"{epoch + 1}, not finished"


def _link(source: Path, target: Path) -> None:
    """`target` becomes `source`, at once and without a second copy where the disk can do that."""
    temporary = target.with_name(f".{target.name}.partial")
    temporary.unlink(missing_ok=True)
    try:
        os.link(source, temporary)
    except OSError:
        shutil.copyfile(source, temporary)
    temporary.replace(target)
