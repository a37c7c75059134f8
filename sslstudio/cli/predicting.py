"""Commands that score new files with a model package; they need neither a project nor torch."""

from __future__ import annotations

import argparse

from sslstudio.cli.output import Output, Result
from sslstudio.domain.units import PLURAL

NO_DISTANCE = "The package does not say which images are unlike those it was trained on; export it again for that."


def predict(options: argparse.Namespace, output: Output) -> Result:
    """`sslstudio predict PACKAGE SOURCE... [--pool WAY] -o FILE`."""
    from sslstudio.exporters import predictor
    from sslstudio.exporters.cases import COUNTED, table_of

    summary: Result = dict(
        predictor.predict(
            options.package,
            options.sources,
            options.output,
            lambda done, total: output.progress(done, total, "files"),
            asked=predictor.Asked(options.pool, options.subject_pattern, options.patients_by),
        )
    )
    say(summary, output)
    tables = {PLURAL[unit]: str(table_of(options.output, unit)) for unit in COUNTED}
    output.say(f"Wrote {options.output}, {tables['studies']} and {tables['patients']}")
    return {**summary, "file": str(options.output), "tables": tables}


def say(summary: Result, output: Output) -> None:
    """What was scored, for a person."""
    output.say(
        f"{summary['predicted']} images of {summary['patients']} patients in {summary['studies']} studies scored, "
        f"{summary['skipped']} files skipped"
    )
    output.say(f"abstained for {summary['abstained']} images")
    if "unlike" in summary:
        output.say(f"{summary['unlike']} images are unlike those it was trained on: do not rely on their answers")
    else:
        output.say(NO_DISTANCE)
