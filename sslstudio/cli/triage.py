"""The command that looks through the images of a project for what a person should see before a training."""

from __future__ import annotations

import argparse

from sslstudio.cli.follow import carry_out, opened
from sslstudio.cli.output import Output, Result
from sslstudio.domain.specs import TriageSpec
from sslstudio.errors import SSLStudioError
from sslstudio.session import workflow

WORDS = {
    "text": "burned-in text suspected",
    "duplicate": "near-duplicate",
    "blank": "blank",
    "inverted": "inverted",
    "localiser": "localiser",
    "screenshot": "screenshot",
    "phantom": "phantom",
    "marker": "side marker",
}


def triage(options: argparse.Namespace, output: Output) -> Result:
    """`sslstudio triage PROJECT`."""
    with opened(options.project) as project:
        try:
            run_id = workflow.prepare_triage(project, TriageSpec(again=options.again, embedding=options.embedding))
            result = carry_out(project, run_id, output)
        except SSLStudioError as nothing:
            if nothing.code != "nothing_new":
                raise
            output.say(nothing.message)
            result = {"looked": 0, "unreadable": 0, "groups": 0, "findings": {}}
        counts = {one.kind: one for one in project.catalogue.finding_counts()}
        quarantined = project.catalogue.quarantined()
    output.say(f"{result['looked']} images looked at")
    table = [
        (word, str(counts[kind].open), str(counts[kind].confirmed)) for kind, word in WORDS.items() if kind in counts
    ]
    if table:
        output.table(("finding", "to look at", "confirmed"), table)
    if quarantined:
        output.say(f"{quarantined} images are left out until somebody has looked at their burned-in text.")
    to_review = {kind: one.open for kind, one in sorted(counts.items()) if one.open}
    return {**result, "open": to_review, "quarantined": quarantined}
