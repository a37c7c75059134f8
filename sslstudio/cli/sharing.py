"""The commands about what leaves: the sharing check, and the report of a project."""

from __future__ import annotations

import argparse
from collections import Counter
from dataclasses import asdict

from sslstudio.cli.follow import opened
from sslstudio.cli.output import Output, Result
from sslstudio.errors import SSLStudioError
from sslstudio.exporters.sharing.words import RULES
from sslstudio.exporters.sharing.words_of_result import KINDS
from sslstudio.session import reporting, sharing

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


def report(options: argparse.Namespace, output: Output) -> Result:
    """`sslstudio report PROJECT -o FILE.pdf|FILE.html`; the sharing check searches it before it is there."""
    from sslstudio.exporters.report import bibtex, methods

    file = options.output
    if file is not None and file.suffix.casefold() not in (".pdf", ".html", ".htm"):
        raise SSLStudioError("A report is a PDF or HTML.", "End its name with .pdf or .html.", code="bad_suffix")
    with opened(options.project, read_only=True) as project:
        facts = reporting.gather(project)
        commands = "\n".join(facts.commands)
        result: Result = {"methods": methods(facts), "bibtex": bibtex(facts), "commands": commands}
        if file is not None:
            output.progress(1, 3, "steps", "Writing the report")
            checked = file.with_name(f".{file.stem}-unchecked{file.suffix}")
            try:
                reporting.write(project, checked)
                output.progress(2, 3, "steps", "Looking for names and paths in it")
                outcome = sharing.check(project, [checked])
                if not outcome.clean:
                    raise SSLStudioError(
                        outcome.sentence(), "Nothing was written; rename what gives somebody away.", code="would_leak"
                    )
                checked.replace(file)
            finally:
                checked.unlink(missing_ok=True)
            result |= {"file": str(file), "sharing": outcome.counts()}
    if file is None:
        output.say(f"{result['methods']}\n\n{result['bibtex']}\n\n{commands}")
    else:
        output.say(f"Wrote the report to {file}")
        output.say(outcome.sentence())
    return result
