"""Commands on the machinery itself: carry out a run directory, look at plugins, look at this computer."""

from __future__ import annotations

import argparse

from sslstudio.cli import checkup
from sslstudio.cli.output import Output, Result


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
