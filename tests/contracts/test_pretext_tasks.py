"""Every bundled pretext task keeps the contract, and the suite finds each way of breaking it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from sslstudio.__main__ import main
from sslstudio.cli.workings import contract_results
from sslstudio.errors import SSLStudioError
from sslstudio.extensions import template
from sslstudio.extensions.host import bundled_folder
from sslstudio.training.contract import check_plugin

MANIFEST = """
id = "sample"
name = "Sample"
version = "1.0.0"
api = 1
licence = "MIT"
description = "A sample."
authors = ["A test"]

[[pretext_tasks]]
id = "sample"
title = "Sample"
code = "sample:Sample"
summary = "A sample."
needs = "Nothing."
helps_when = "Never."
reference = "None"
recommended_batch = 8
least_images = 2
"""

CODE = """
import os, torch
from torch import nn
from sslstudio.api import PretextTask, StepResult, ViewPlan

class Sample(PretextTask):
    def __init__(self, context):
        super().__init__(context)
        self.backbone = context.backbone
        self.count = 0

    def views(self):
        return ViewPlan(views=1)

    def training_step(self, batch):
        {step}

    def encoder(self):
        return {encoder}
"""
HONEST = "return StepResult(self.backbone(batch.views[0]).square().mean())"


def sample(folder: Path, step: str = HONEST, encoder: str = "self.backbone") -> Path:
    """A plugin folder with one task whose step and encoder are given as source."""
    (folder / "plugin.toml").write_text(MANIFEST, encoding="utf-8")
    (folder / "sample.py").write_text(CODE.format(step=step, encoder=encoder), encoding="utf-8")
    return folder


BUNDLED = sorted(path.parent for path in bundled_folder().glob("*/plugin.toml"))


@pytest.mark.slow
@pytest.mark.parametrize("folder", BUNDLED, ids=lambda path: path.name)
def test_every_bundled_plugin_keeps_the_contract(folder: Path) -> None:
    """In this process: loading torch anew for each plugin would take longer than the checks."""
    torch.set_num_threads(1)
    results = check_plugin(folder)
    assert [one for one in results if not one.ok] == []
    assert len(results) >= 12


@pytest.mark.slow
def test_a_new_plugin_keeps_the_contract_in_a_process_of_its_own(tmp_path: Path) -> None:
    template.write(tmp_path / "simsiam", "SimSiam")
    results = contract_results(tmp_path / "simsiam")
    assert [one for one in results if not one["ok"]] == []
    assert len(results) >= 12


@pytest.mark.slow
def test_the_suite_finds_each_way_of_breaking_it(tmp_path: Path) -> None:
    """All samples are checked in one process, because loading torch is what takes the time."""
    broken = {
        "finite loss": "return StepResult(self.backbone(batch.views[0]).mean() * float('nan'))",
        "gradients reach the encoder": "return StepResult(torch.ones(1, requires_grad=True).sum())",
        "odd and small batches": f"assert len(batch.image_ids) == 8; {HONEST}",
        "colour images": f"assert batch.views[0].shape[1] == 1; {HONEST}",
        "same seed, same losses": (
            "return StepResult(self.backbone(batch.views[0]).square().mean() + int.from_bytes(os.urandom(2), 'big'))"
        ),
        "checkpoint": (
            "self.count += 1; return StepResult(self.backbone(batch.views[0]).square().mean() * self.count)"
        ),
        "throughput": f"import time; time.sleep(1.2 if self.count else 0); self.count += 1; {HONEST}",
    }
    folders = {}
    for clause, step in broken.items():
        folder = tmp_path / clause.replace(" ", "-").replace(",", "")
        folder.mkdir()
        folders[clause] = str(sample(folder, step))
    folder = tmp_path / "features"
    folder.mkdir()
    folders["features"] = str(sample(folder, encoder="torch.nn.Sequential(self.backbone, torch.nn.Linear(512, 3))"))
    program = (
        "import dataclasses, json, sys; from pathlib import Path; import sslstudio.training.contract as contract\n"
        "found = {}\n"
        "for clause, folder in json.loads(sys.argv[1]).items():\n"
        "    info = contract.host.inspect(Path(folder), 'bundled')\n"
        "    entry = info.manifest.pretext_tasks[0]\n"
        "    sys.modules.pop('sslstudio_plugin_sample', None)\n"
        "    task = contract.host.load_class(Path(folder), entry.code, info.id)\n"
        "    check = contract.TaskContract(task, entry, longest_step=1.0)\n"
        "    found[clause] = [r.check for r in check.results(only=(clause, 'view plan')) if not r.ok]\n"
        "print(json.dumps(found))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, json.dumps(folders)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {clause: [clause] for clause in folders}


def test_a_plugin_that_kills_its_process_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = sample(tmp_path)
    (folder / "sample.py").write_text("import os\nos._exit(9)\n", encoding="utf-8")
    assert main(["plugin", "check", str(folder), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["code"] == "plugin_crashes"


def test_a_folder_that_is_no_plugin_is_told(tmp_path: Path) -> None:
    with pytest.raises(SSLStudioError) as problem:
        contract_results(tmp_path)
    assert problem.value.code == "no_plugin"
