"""The command that searches what is about to leave."""

from __future__ import annotations

import argparse
from collections import Counter
from dataclasses import asdict

from sslstudio.cli.follow import opened
from sslstudio.cli.output import Output, Result
from sslstudio.exporters.sharing.words import KINDS, RULES
from sslstudio.session import sharing

EMBEDDINGS = (
    "What no search can find: a network and its embeddings can identify people (chest radiographs: AUC 0.994,"
    " Packhäuser et al. 2022). Share them under the rules for the images themselves."
)


def share_check(options: argparse.Namespace, output: Output) -> Result:
    """`sslstudio share-check FOLDER_OR_FILE... --project PROJECT`; exit code 1 unless all is searched and clean."""
    with opened(options.project, read_only=True) as project:
        outcome = sharing.check(project, options.roots, told=lambda share: output.progress(share * 100, 100, "%"))
    output.say(outcome.sentence())
    output.say(RULES)
    if outcome.findings:
        rows = Counter(outcome.findings)
        output.table(("file", "what", "where", "it begins"), [(f.file, KINDS[f.kind], f.where, f.masked) for f in rows])
    for name in outcome.not_searched:
        output.say(f"not searched, too large: {name}")
    output.say(EMBEDDINGS)
    return {
        **outcome.counts(),
        "findings": [asdict(one) for one in outcome.findings],
        "large": outcome.not_searched,
        "exit_code": 0 if outcome.clean else 1,
    }
