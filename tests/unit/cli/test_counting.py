"""Scores by study or patient on the command line: what is asked for is kept, counted and told."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pytest

from sslstudio.classifiers import pooled
from sslstudio.classifiers.pooled import Said
from sslstudio.cli import counting, parser
from sslstudio.cli.classifying import interval
from sslstudio.cli.output import Output
from sslstudio.errors import SSLStudioError
from sslstudio.session import Project, Session, attending


def test_the_figures_are_told_with_what_is_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    patients = np.repeat(np.arange(12), 3).astype(str)
    y = np.repeat(np.arange(12) % 2, 3)
    y[0] = 1
    said = Said(y, np.eye(2)[y] * 0.8 + 0.1, patients, patients, {})
    found = {**pooled.describe(said, ["none", "mass"], "patient", "max"), "nothing": "", "further": 7}
    reason = "Attention is learned from training patients: it needs 20."
    scores = {"pooled": found, "units": pooled.facts(said), "attention": {"patient": reason, "study": reason}}
    counting.show_pooled(scores, Output(as_json=False), interval)
    told = capsys.readouterr()
    words = told.out + told.err
    assert "By patient, pooled by highest: 11 test patients of 11 patients, 33 images" in words
    assert "left out: 1 patients whose images are of different classes" in words
    assert "not pooled: 7 further images" in words and reason in words
    assert "difference from the mean" in words and "unclear" in words
    counting.show_pooled({}, Output(as_json=False), interval)
    assert capsys.readouterr().out == ""


def test_the_class_of_nothing_is_kept_taken_back_and_must_exist(tmp_path: Path) -> None:
    with Project.create(tmp_path / "p.sslproj") as project:
        none = Session(project).add_class("none")
        counting.say_nothing_class(project, argparse.Namespace(nothing="none"))
        assert attending.nothing_class(project) == none.class_id
        counting.say_nothing_class(project, argparse.Namespace(nothing=None))
        assert attending.nothing_class(project) == none.class_id
        with pytest.raises(SSLStudioError, match="There is no class other"):
            counting.say_nothing_class(project, argparse.Namespace(nothing="other"))
        counting.say_nothing_class(project, argparse.Namespace(nothing=""))
        assert attending.nothing_class(project) is None


def test_the_options_are_those_of_evaluate_classify_and_predict() -> None:
    read = parser.build_parser().parse_args
    asked = read(["evaluate", "p.sslproj", "linear-1", "--by", "study", "--pool", "attention", "--nothing", "none"])
    assert (asked.by, asked.pool, asked.nothing) == ("study", "attention", "none")
    assert read(["classify", "p.sslproj", "random"]).by is None
    predicted = read(["predict", "package", "new", "-o", "t.csv", "--pool", "max", "--patients-by", "path"])
    assert (predicted.pool, predicted.patients_by, predicted.subject_pattern) == ("max", "path", "")
