"""Predict: new files scored with a model package, as a job; the work itself is `exporters.predictor`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from sslstudio.domain.record import Record
from sslstudio.domain.specs import PredictSpec
from sslstudio.errors import SSLStudioError
from sslstudio.exporters import predictor
from sslstudio.stages.context import StageContext

REQUEST = "predict.json"


class PredictRequest(Record):
    """`private/predict.json`: local paths of the package (folder or .zip), the files or folders, and the table."""

    package: Path
    sources: tuple[Path, ...]
    output: Path


def run(spec: PredictSpec, context: StageContext) -> dict[str, Any]:
    """Score the sources of the request; returns {"predicted": images, "skipped": files}. Raises SSLStudioError."""
    try:
        request = PredictRequest.model_validate(json.loads((context.private_dir / REQUEST).read_bytes()))
    except (OSError, ValueError, ValidationError):
        raise SSLStudioError(
            "What to score is not known any more.", "Start the prediction again.", code="no_source"
        ) from None
    return dict(
        predictor.predict(
            request.package,
            request.sources,
            request.output,
            lambda done, total: context.progress(done, total, "files", "Scoring"),
            batch_size=spec.batch_size,
            check=context.check_cancelled,
        )
    )
