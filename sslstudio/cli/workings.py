"""Commands on the machinery itself: carry out a run directory, look at plugins, look at this computer."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from sslstudio.cli import checkup
from sslstudio.cli.output import Output, Result
from sslstudio.errors import SSLStudioError
from sslstudio.jobs.launcher import environment

if TYPE_CHECKING:
    from sslstudio.extensions.host import PluginInfo

CHECK_SECONDS = 300


def run(options: argparse.Namespace, output: Output) -> Result:
    """`sslstudio run RUN_DIR`: the worker's work in this process."""
    from sslstudio.jobs import worker
    from sslstudio.jobs.run_directory import RunDirectory

    directory = RunDirectory(options.run_dir.resolve())
    directory.job()
    exit_code = worker.main(directory.path)
    state = directory.state().value
    output.say(f"{directory.run_id}: {state}")
    return {"run": directory.run_id, "state": state, "result": directory.result(), "exit_code": 1 if exit_code else 0}


def list_plugins(_options: argparse.Namespace, output: Output) -> Result:
    """`sslstudio plugin list`: what was found in the three places; no plugin's code is run."""
    from sslstudio.extensions import host

    found = host.discover()
    output.say(f"plugin folder: {host.user_folder()}")
    output.table(
        ("plugin", "from", "state", "pretext tasks"),
        [(info.id, info.source, info.state.value, ", ".join(_tasks(info)) or info.reason) for info in found],
    )
    return {
        "plugins": [
            {
                **info.record,
                "source": info.source,
                "state": info.state.value,
                "reason": info.reason,
                "tasks": _tasks(info),
            }
            for info in found
        ]
    }


def _tasks(info: PluginInfo) -> list[str]:
    return [entry.id for entry in info.manifest.pretext_tasks] if info.manifest else []


def new_plugin(options: argparse.Namespace, output: Output) -> Result:
    """`sslstudio plugin new FOLDER`: a plugin that keeps the contract, as a place to begin."""
    from sslstudio.extensions import template

    files = template.write(options.path.absolute(), options.title)
    for file in files:
        output.say(str(file))
    output.say(f"Next: change {files[3].name}, then sslstudio plugin check {options.path}")
    return {"plugin": files[3].parent.name, "files": [str(file) for file in files]}


def check_plugin(options: argparse.Namespace, output: Output) -> Result:
    """`sslstudio plugin check PATH`: the contract suite in a throw-away process, since it runs the plugin's code."""
    found = contract_results(options.path)
    for one in found:
        output.say(f"{'ok  ' if one['ok'] else 'FAIL'}  {one['task']}, {one['check']}: {one['detail']}".rstrip(": "))
    kept = all(one["ok"] for one in found)
    return {"ok": kept, "checks": found, "exit_code": 0 if kept else 1}


def contract_results(folder: Path) -> list[Result]:
    """The clauses of the contract for every task of a plugin; raises SSLStudioError when it cannot be checked."""
    with tempfile.TemporaryDirectory(prefix="plugin-check-") as private:
        answer = Path(private) / "result.json"
        command = [sys.executable, "-m", "sslstudio.training.contract", str(folder.resolve()), str(answer)]
        try:
            subprocess.run(
                command, timeout=CHECK_SECONDS, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL, env=environment(), check=False,
            )  # fmt: skip
            content = json.loads(answer.read_text(encoding="utf-8"))
        except subprocess.TimeoutExpired:
            raise SSLStudioError(
                f"The plugin did not finish its checks in {CHECK_SECONDS} s.", "Ask its author.", code="plugin_hangs"
            ) from None
        except (OSError, ValueError):
            raise SSLStudioError(
                "The plugin ended the process that checked it.", "Ask its author.", code="plugin_crashes"
            ) from None
    if "error" in content:
        raise SSLStudioError(content["error"], content["hint"], code=content["code"])
    found: list[Result] = content["checks"]
    return found


def enable_plugin(options: argparse.Namespace, output: Output) -> Result:
    """`sslstudio plugin enable ID`: the consent holds for the plugin's files as they are now."""
    from sslstudio.extensions import host

    return _tell_state(host.enable(options.plugin), output)


def disable_plugin(options: argparse.Namespace, output: Output) -> Result:
    """`sslstudio plugin disable ID`."""
    from sslstudio.extensions import host

    return _tell_state(host.disable(options.plugin), output)


def _tell_state(info: PluginInfo, output: Output) -> Result:
    output.say(f"{info.id} is {info.state.value}")
    return {**info.record, "state": info.state.value}


def doctor(options: argparse.Namespace, output: Output) -> Result:
    """`sslstudio doctor`: what this computer has and what is missing; exit code 1 when something needed is."""
    findings = []
    for finding in checkup.examine():
        findings.append(finding)
        output.say(f"{'ok  ' if finding.ok else 'FAIL'}  {finding.name}: {finding.detail}")
        if finding.hint:
            output.say(f"      {finding.hint}")
    healthy = all(finding.ok for finding in findings)
    return {
        "ok": healthy,
        "checks": [{"name": f.name, "ok": f.ok, "detail": f.detail, "hint": f.hint} for f in findings],
        "exit_code": 0 if healthy else 1,
    }
