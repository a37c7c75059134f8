"""Commands that advise: what to train with on these images, and whether training was worth it."""

from __future__ import annotations

import argparse
import shutil
import sys
from platform import machine

from sslstudio.backbones import at_hand
from sslstudio.backbones.table import ARCHITECTURES
from sslstudio.cli.follow import opened
from sslstudio.cli.output import Output, Result
from sslstudio.errors import SSLStudioError
from sslstudio.extensions.host import PluginState, discover
from sslstudio.session import offering, recommending


def recommend(options: argparse.Namespace, output: Output) -> Result:
    """`sslstudio recommend PROJECT [--effort quick|balanced|thorough]`."""
    with opened(options.project, read_only=True) as project:
        facts, speeds = offering.data_facts(project), recommending.measured_speeds(project)
    methods = [
        entry
        for info in discover()
        if info.manifest is not None and info.state is PluginState.ENABLED
        for entry in info.manifest.pretext_tasks
    ]
    here = {name: at_hand.imagenet(name) for name in ARCHITECTURES}
    found = recommending.recommend(facts, methods, gpu=_gpu(), at_hand=here, speeds=speeds, effort=options.effort)
    if found is None:
        raise SSLStudioError("There is nothing to learn from yet.", "Import images first.", code="no_images")
    for choice in found.choices:
        output.say(f"{choice.name} {choice.value}: {choice.reason} ({choice.evidence})")
    rows = [
        (
            one.effort,
            one.spec.image_size,
            one.spec.epochs,
            max(1, round(one.seconds / 60)),
            "yes" if one.measured else "no",
        )
        for one in found.amounts
    ]
    output.say("")
    output.table(("effort", "pixels", "epochs", "minutes", "measured here"), rows)
    return {
        "spec": found.spec.model_dump(mode="json"),
        "choices": [vars(choice) for choice in found.choices],
        "efforts": [
            {
                "effort": one.effort,
                "spec": one.spec.model_dump(mode="json"),
                "seconds": round(one.seconds, 1),
                "measured": one.measured,
            }
            for one in found.amounts
        ],
    }


def _gpu() -> bool:
    """Whether this computer seems to have a graphics card that training can use; `doctor` makes sure."""
    return shutil.which("nvidia-smi") is not None or (sys.platform == "darwin" and machine() == "arm64")
