"""Commands that score new files with a model package; they need neither a project nor torch."""

from __future__ import annotations

import argparse

from sslstudio.cli.output import Output, Result
from sslstudio.domain.units import PLURAL

NO_DISTANCE = "The package does not say which images are unlike those it was trained on; export it again for that."


def predict(options: argparse.Namespace, output: Output) -> Result:
    """`sslstudio predict PACKAGE SOURCE... [--pool WAY] [--sr FOLDER] [--capture FOLDER] -o FILE`."""
    from sslstudio.exporters import predictor
    from sslstudio.exporters.cases import COUNTED, table_of
    from sslstudio.exporters.returning import Folders

    summary: Result = dict(
        predictor.predict(
            options.package,
            options.sources,
            options.output,
            lambda done, total: output.progress(done, total, "files"),
            asked=predictor.Asked(options.pool, options.subject_pattern, options.patients_by),
            folders=Folders(options.sr, options.capture),
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
    if "reports" in summary:
        output.say(
            f"{summary['reports']} structured reports and {summary['captures']} pictures for the archive, unverified; "
            "they name the patient"
        )
        if summary["not_dicom"]:
            output.say(
                f"{summary['not_dicom']} studies are no DICOM studies with valid identifiers: nothing to send back"
            )
        if summary["not_reported"]:
            output.say(f"{summary['not_reported']} studies are of a kind that no report may refer to")
