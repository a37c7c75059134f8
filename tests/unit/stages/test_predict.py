"""The predict stage: the request comes from the private folder, the work is the predictor's."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from PIL import Image

from sslstudio.domain.specs import PredictSpec
from sslstudio.errors import SSLStudioError
from sslstudio.stages import predict as predict_stage
from tests.fakes.stage_context import fake_context
from tests.unit.exporters.tiny_package import brightness_package


def test_the_stage_scores_what_the_request_names(tmp_path: Path) -> None:
    brightness = brightness_package(tmp_path / "package")
    Image.new("L", (20, 20), 240).save(tmp_path / "a.png")
    context = fake_context(tmp_path / "project", "predict", PredictSpec())
    request = {"package": str(brightness), "sources": [str(tmp_path / "a.png")], "output": str(tmp_path / "table.csv")}
    (context.private_dir / predict_stage.REQUEST).write_text(json.dumps(request))
    counted = predict_stage.run(PredictSpec(), context)
    assert counted == {"predicted": 1, "skipped": 0, "studies": 1, "patients": 1, "abstained": 0}
    with (tmp_path / "table.csv").open(encoding="utf-8", newline="") as stream:
        assert [row["label"] for row in csv.DictReader(stream)] == ["bright"]
    assert context.progress_reports[-1][:2] == (1, 1)


def test_the_stage_without_a_request_is_a_sentence(tmp_path: Path) -> None:
    context = fake_context(tmp_path, "predict", PredictSpec())
    with pytest.raises(SSLStudioError) as caught:
        predict_stage.run(PredictSpec(), context)
    assert caught.value.code == "no_source"
