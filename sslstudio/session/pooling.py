"""Counting by study or patient: the choice, why some of it cannot be had, its scores, and the images behind a cell."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sslstudio.domain.units import PLURAL, Counting, Unit
from sslstudio.errors import SSLStudioError
from sslstudio.session import attending, tested
from sslstudio.session.classifying import load_model, store_scores
from sslstudio.session.computing import Compute, call
from sslstudio.session.project import Project

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

OLDER = "This classifier was tested by an older version: train it again to count by study or patient."
STALE = "Attention was learned with another answer to which class means nothing found: train again."


def chosen(scores: Mapping[str, Any] | None) -> Counting:
    """What the user chose for these scores; by image where nothing was chosen."""
    kept = (scores or {}).get("counting")
    return Counting() if kept is None else Counting.model_validate(kept)


def counted(scores: Mapping[str, Any]) -> Mapping[str, Any]:
    """The scores of what the user chose to count: of studies or patients, else of images."""
    pooled = scores.get("pooled")
    return scores if pooled is None or chosen(scores).unit == "image" else pooled


def unit_refusal(scores: Mapping[str, Any], unit: Unit) -> str:
    """Why cases cannot be counted so; "" when they can."""
    if unit == "image":
        return ""
    units = scores.get("units")
    if units is None:
        return OLDER
    facts, many = units[unit], PLURAL[unit]
    if not facts["n"]:
        return f"All test {many} hold images of different classes, so none has a class of its own."
    if not facts["several"]:
        return f"All test {many} have one image each, so {many} score as their images do."
    if unit == "study" and facts == units["patient"]:
        return "All test patients have one study each, so studies score as patients do."
    return ""


def refusal(scores: Mapping[str, Any], counting: Counting) -> str:
    """Why cases cannot be counted and pooled so; "" when they can."""
    if counting.unit == "image":
        return ""
    reason = unit_refusal(scores, counting.unit)
    if not reason and counting.pooling == "attention":
        reason = scores.get("attention", {}).get(counting.unit, OLDER)
        if not reason and scores.get("nothing_now", scores.get("nothing", "")) != scores.get("nothing", ""):
            reason = STALE
    return reason


def count(project: Project, model_id: str, counting: Counting, compute: Compute | None = None) -> dict[str, Any]:
    """Score the tested images of a model by study or patient; kept with its scores, which are returned.

    Adds "counting", the choice; "pooled", see `classifiers.pooled.describe`, with "nothing" (the class that means
    nothing found, or "") and "further" (images of these patients that have no label, or another class, and so are not
    pooled); it takes that class as it is now, in "nothing_now", and counts "units" anew. Raises SSLStudioError:
    "unknown_model", "not_tested", "no_pooling".
    """
    model = project.catalogue.model(model_id)
    if model.scores is None:
        raise SSLStudioError("This classifier has not been tested.", "Test it first.", code="not_tested")
    scores = dict(model.scores)
    if counting.unit != "image":
        found = tested.read(project.models_dir / model_id)
        said, nothing = found.said(), _nothing(project, model_id)
        scores["nothing_now"] = "" if nothing < 0 else model.classes[nothing]
        scores["units"] = call(compute, "sslstudio.classifiers.pooled:facts", said, nothing)
        reason = refusal(scores, counting)
        if reason:
            raise SSLStudioError(reason, "Choose another way of counting.", code="no_pooling")
        if scores["nothing_now"] != scores.get("nothing"):
            said = said.without_attention()
        pooled = call(
            compute, "sslstudio.classifiers.pooled:describe", said, list(model.classes), counting.unit,
            counting.pooling, nothing,
        )  # fmt: skip
        scores["pooled"] = {**pooled, "nothing": scores["nothing_now"], "further": _further(project, found)}
    else:
        scores.pop("pooled", None)
    scores["counting"] = counting.model_dump(mode="json")
    store_scores(project, model_id, scores)
    return scores


def images_of_cell(project: Project, model_id: str, true: int, called: int) -> NDArray[np.int64]:
    """The tested images of the studies or patients in one cell of the matrix that is counted now (label, called)."""
    import numpy as np

    from sslstudio.classifiers import pooled

    counting = chosen(project.catalogue.model(model_id).scores)
    found = tested.read(project.models_dir / model_id)
    said, nothing = found.said(), _nothing(project, model_id)
    cases = pooled.cases(said, counting.unit, nothing)
    proba = pooled.shares(said, cases, counting.unit, counting.pooling, nothing)
    wanted = np.flatnonzero((cases.y == true) & (proba.argmax(axis=1) == called))
    return found.ids[np.isin(cases.place, wanted)]


def _nothing(project: Project, model_id: str) -> int:
    class_ids = load_model(project.models_dir / model_id)[0]["class_ids"]
    return attending.nothing_place(project, class_ids)


def _further(project: Project, found: tested.Tested) -> int:
    patients, known = set(found.groups.tolist()), set(found.ids.tolist())
    return sum(item.subject in patients and item.image_id not in known for item in project.catalogue.items())
