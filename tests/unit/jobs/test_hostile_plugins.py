"""Twelve plugins that misbehave: each ends its own run with a reason, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sslstudio.domain.runs import Failed, RunState
from sslstudio.domain.specs import PretrainSpec
from sslstudio.extensions import host
from sslstudio.jobs import control, worker
from sslstudio.jobs.launcher import LocalLauncher
from sslstudio.jobs.run_directory import RunDirectory
from sslstudio.session import Project
from sslstudio.session.workflow import prepare_pretrain
from tests.fakes.project_runs import imported

MANIFEST = """
id = "{name}"
name = "{name}"
version = "1.0.0"
api = 1
licence = "MIT"

[[pretext_tasks]]
id = "{name}"
title = "{name}"
code = "{name}:Task"
"""
CODE = """
import os, subprocess, sys, time
import torch
from sslstudio.api import PretextTask, StepResult, ViewPlan

{imported}

class Task(PretextTask):
    def __init__(self, context):
        super().__init__(context)
        self.backbone = context.backbone
        {made}

    def views(self):
        return ViewPlan(views=1)

    def training_step(self, batch):
        loss = self.backbone(batch.views[0]).square().mean()
        {step}
        return StepResult(loss)

    def encoder(self):
        {encoder}
        return self.backbone
"""
IMPORTED, MADE, STEP, ENCODER = "imported", "made", "step", "encoder"
HOSTILE = {
    "raises_at_import": (IMPORTED, "raise ValueError('{}^Jane'.format('D' 'oe'))"),
    "leaves_at_import": (IMPORTED, "sys.exit(0)"),
    "hangs_at_import": (IMPORTED, "time.sleep(600)"),
    "raises_when_made": (MADE, "raise RuntimeError('{}^Jane'.format('D' 'oe'))"),
    "crashes": (STEP, "import ctypes; ctypes.string_at(0)"),
    "leaves_quietly": (STEP, "os._exit(0)"),
    "hangs": (STEP, "time.sleep(600)"),
    "diverges": (STEP, "loss = loss * float('nan')"),
    "prints_without_end": (STEP, "if not batch.step: print('Doe^Jane ' * 1_000_000); time.sleep(2.5)"),
    "wants_all_memory": (STEP, "torch.empty(1 << 50)"),
    "leaves_children": (STEP, "subprocess.Popen(['sleep', '600']); raise RuntimeError"),
    "keeps_nothing": (ENCODER, "return 'nothing'"),
}
HANGS = ("hangs_at_import", "hangs")
LIVES = ("prints_without_end",)


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    (tmp_path / "images").mkdir()
    with Project.create(tmp_path / "p") as made:
        imported(made, tmp_path / "images")
        yield made


def install(name: str) -> None:
    place, what = HOSTILE[name]
    folder = host.user_folder() / name
    folder.mkdir(parents=True)
    (folder / "plugin.toml").write_text(MANIFEST.format(name=name), encoding="utf-8")
    parts = {part: what if part == place else "pass" for part in (IMPORTED, MADE, STEP, ENCODER)}
    (folder / f"{name}.py").write_text(CODE.format(**parts), encoding="utf-8")
    host.enable(name)


def run(folder: Path) -> RunState:
    """Let the run end by itself, or stop it as a user would who sees that nothing moves."""
    LocalLauncher().start(folder)
    state = control.wait(folder, 12.0 if folder.name.startswith(HANGS) else 600.0)
    return state if state.final else control.stop(folder, 0.5)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_each_ends_its_own_run_with_a_reason_and_nothing_else(project: Project) -> None:
    folders = {}
    for name in HOSTILE:
        install(name)
        spec = PretrainSpec(task=name, image_size=32, epochs=1, batch_size=8)
        folders[name] = project.run_dir(prepare_pretrain(project, spec))
    with ThreadPoolExecutor(3) as pool:
        states = dict(zip(folders, pool.map(run, folders.values()), strict=True))
    expected = dict.fromkeys(HOSTILE, RunState.FAILED) | {"crashes": RunState.LOST}
    expected |= dict.fromkeys(HANGS, RunState.CANCELLED) | dict.fromkeys(LIVES, RunState.SUCCEEDED)
    assert states == expected
    codes = {}
    for name, folder in folders.items():
        log, last = RunDirectory(folder).log_file, RunDirectory(folder).last_event()
        assert log.stat().st_size < worker.LARGEST_LOG + worker.KEPT_LOG
        assert name in LIVES or "Doe" not in log.read_text(encoding="utf-8", errors="replace")
        if isinstance(last, Failed):
            codes[name] = last.code
            assert last.message.endswith(".") and "Doe" not in last.message
    assert {codes[name] for name in ("raises_at_import", "leaves_at_import")} == {"plugin_broken"}
    assert codes["diverges"] == "diverged" and codes["keeps_nothing"] == "plugin_broken"
    assert not control.kill(folders["leaves_children"])
    assert host.find_plugin("simclr").state is host.PluginState.ENABLED
    assert project.catalogue.counts().images == 24


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("id = " + "[" * 10_000, "valid TOML"),
        (MANIFEST.format(name="far").replace("far:Task", "..far:Task"), "code"),
        ("x = 1\n" * 400_000, "too large"),
        (MANIFEST.format(name="far") + 'surprise = "\\u0000"', "surprise"),
    ],
)
def test_a_hostile_manifest_is_listed_with_its_reason(text: str, reason: str) -> None:
    folder = host.user_folder() / "far"
    folder.mkdir(parents=True)
    (folder / "plugin.toml").write_text(text, encoding="utf-8")
    found = next(info for info in host.discover() if info.folder == folder)
    assert found.state is host.PluginState.FAILED and reason in found.reason
