"""`operating.json`: how probabilities become decisions; apart because a receiver may take it without the model card."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sslstudio.classifiers import thresholds
from sslstudio.classifiers.typical import SHARE, Typical

SENSITIVITIES = (0.8, 0.9, 0.95)
SETS = (
    "The classes that cannot be ruled out: those with a probability of at least `least`, and always the most probable."
    " The truth is among them as often as `coverage` promises, for images of new patients like those of calibration."
)
POINTS = (
    "A class is called from `threshold` on. The thresholds were chosen on the very test images on which they are"
    " described here, so expect somewhat less on new ones; predictive values depend on how common a class is and are"
    " not given."
)
UNLIKE = (
    "How far the embedding of an image lies from those of the training images, by typical.npz: class means, main"
    " directions and a covariance over all patients. Beyond 1 it is called unlike them: of the training images, each"
    " measured without its patient, `share` lie within. Probabilities of such images mean little."
)


def describe(model: Mapping[str, Any], scores: Mapping[str, Any] | None, unlike: Typical | str = "") -> dict[str, Any]:
    """The file's content from model.json and scores.json; lists are empty for what the project does not know.

    "temperature" is applied inside the graph already. "conformal": "n_images", "n_subjects" and "levels" of "coverage"
    and "least". "operating_points": for each class and each of three sensitivities the highest "threshold" that reaches
    it on the test part, with what it gives there and 95 % intervals. "unlike": from what typical.npz was learned, or
    "reason" why there is none.
    """
    kept = dict((model.get("cross_validation") or {}).get("conformal") or {})
    return {
        "temperature": float(model.get("temperature", 1.0)),
        "temperature_note": "The logits are divided by it inside model.onnx: do not apply it again.",
        "conformal": {
            "note": SETS,
            "n_images": int(kept.get("n_images", 0)),
            "n_subjects": int(kept.get("n_subjects", 0)),
            "levels": [
                {"coverage": float(level["coverage"]), "least": float(level["least"])}
                for level in kept.get("levels", ())
            ],
        },
        "unlike": _unlike(unlike),
        "operating_points_note": POINTS,
        "operating_points": [
            point for curve in (scores or {}).get("roc", ()) for point in _points(curve) if point is not None
        ],
    }


def _unlike(typical: Typical | str) -> dict[str, Any]:
    known: dict[str, Any] = {"reason": typical}
    if isinstance(typical, Typical):
        images, patients = (int(number) for number in typical.learned_from)
        known = {"share": SHARE, "n_images": images, "n_subjects": patients}
    return {"note": UNLIKE, **known}


def _points(curve: Mapping[str, Any]) -> list[dict[str, Any] | None]:
    return [_point(curve, wanted) for wanted in SENSITIVITIES]


def _point(curve: Mapping[str, Any], wanted: float) -> dict[str, Any] | None:
    positives, negatives = int(curve["positives"]), int(curve["negatives"])
    cut = thresholds.cut_at(curve, wanted, positives / (positives + negatives))
    if cut is None:
        return None
    sensitivity, specificity = cut.sensitivity_interval, cut.specificity_interval
    return {
        "class": str(curve["name"]),
        "wanted_sensitivity": wanted,
        "threshold": cut.threshold,
        "sensitivity": _share(cut.sensitivity, sensitivity.low, sensitivity.high, positives),
        "specificity": _share(cut.specificity, specificity.low, specificity.high, negatives),
    }


def _share(value: float, low: float, high: float, n: int) -> dict[str, float]:
    return {"value": round(value, 4), "low": round(float(low), 4), "high": round(float(high), 4), "n": n}
