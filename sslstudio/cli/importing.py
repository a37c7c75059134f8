"""Commands on what comes in: import, look for changes, tell patients apart, write the import list."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

from sslstudio.catalogue.rows import LedgerQuery
from sslstudio.cli.follow import carry_out, opened
from sslstudio.cli.output import Output, Result
from sslstudio.domain.specs import ImportSpec
from sslstudio.importers.chosen import ChosenSource
from sslstudio.session import import_words, workflow
from sslstudio.session import subjects as telling_apart
from sslstudio.session.import_table import write_import_list
from sslstudio.session.import_warnings import import_warnings
from sslstudio.session.looking import plan_look
from sslstudio.session.project import Project
from sslstudio.session.subjects import Identity

REASONS_SHOWN = 10


def import_images(options: argparse.Namespace, output: Output) -> Result:
    """`sslstudio import PROJECT SOURCE...`."""
    with opened(options.project) as project:
        sources = _sources(options, project, output)
        identity = _identity(options, project, output)
        spec = ImportSpec(
            subject_pattern=identity.pattern,
            order=identity.order,
            placeholders=identity.placeholders,
            image_column=identity.image_column,
            subject_column=identity.subject_column,
            preset=options.preset,
            dry_run=options.dry_run,
            relink_only=options.relink,
            **({"max_pixels": options.max_pixels} if options.max_pixels else {}),
        )
        run_id = workflow.prepare_import(project, sources, spec, identity.table)
        result = carry_out(project, run_id, output)
        counts = project.catalogue.counts()
        codes = project.catalogue.ledger_counts(trial=options.dry_run)
        skipped = project.catalogue.ledger_rows(LedgerQuery(status="skipped", trial=options.dry_run))
        reasons = Counter((one.code, one.reason) for one in skipped)
        trial = _trial(project, identity, output) if options.dry_run and codes else {}
    verb = "would be imported" if options.dry_run else "imported"
    output.say(f"{result.get('imported', 0)} files {verb}, {result.get('skipped', 0)} skipped")
    if options.changes or options.relink or any(result.get(name) for name in ("changed", "moved", "gone", "unchanged")):
        output.say(import_words.changes_line(result, dry_run=options.dry_run))
    for (_, reason), count in reasons.most_common(REASONS_SHOWN):
        output.say(f"  {count} x {reason}")
    output.say(f"The project holds {counts.images} images of {counts.subjects} patients")
    by_code: Counter[str] = Counter()
    for (code, _), count in reasons.items():
        by_code[code] += count
    summary = {"images_in_project": counts.images, "subjects": counts.subjects}
    return {**result, "skipped_by_reason": dict(sorted(by_code.items())), **summary, **trial}


def _sources(options: argparse.Namespace, project: Project, output: Output) -> Sequence[Path | ChosenSource]:
    """What was named, or with --changes all of earlier imports that is there now."""
    if options.sources or not options.changes:
        found: Sequence[Path] = options.sources
        return found
    look = plan_look(project)
    if look.left_alone:
        output.note(look.left_alone)
    return look.sources


def _identity(options: argparse.Namespace, project: Project, output: Output) -> Identity:
    """How patients are to be told apart: as asked, else as the project did it last."""
    asked = _asked(options)
    if asked == Identity():
        kept = telling_apart.kept_identity(project)
        if kept.get("table") and not (options.changes and _tables_chosen(project)):
            output.note("Patients were told apart by a table before; give it again with --table if it still holds.")
        asked = Identity(
            str(kept.get("pattern", "")), None, kept.get("order", "header"), tuple(kept.get("placeholders", ()))
        )
    if options.ignore_placeholders:
        trial = bool(project.catalogue.ledger_counts(trial=True))
        found = telling_apart.preview(project, Identity(), trial=trial).placeholders
        asked = replace(asked, placeholders=tuple({*asked.placeholders, *(one.subject for one in found)}))
    return asked


def _tables_chosen(project: Project) -> bool:
    """True when a table named files of an earlier import: it is read again with them."""
    return any(one.kind == "table" for one in project.catalogue.chosen_sources())


def _asked(options: argparse.Namespace) -> Identity:
    columns = {"image_column": options.image_column, "subject_column": options.subject_column}
    return Identity(options.subject_pattern, options.table, options.patients_by, **columns)


def _trial(project: Project, identity: Identity, output: Output) -> Result:
    """Say what a dry run found, whose the images would be, and which way of telling patients apart fits best."""
    summary = project.catalogue.trial_summary()
    grouping = telling_apart.preview(project, identity, trial=True)
    best = telling_apart.suggestion(project, trial=True)
    output.say(import_words.trial_line(summary, grouping))
    for doubt in import_words.doubts(grouping):
        output.say(f"  {doubt}")
    if best.reason:
        way = f"--subject-pattern '{best.pattern}'" if best.pattern else f"--patients-by {best.way}"
        way += " --ignore-placeholders" if best.ignore_placeholders else ""
        output.say(f"  Suggested: {way} ({best.reason})")
    return {
        "files": summary.files,
        "images": summary.images,
        "studies": summary.studies,
        "modalities": summary.modalities,
        "patients": {"count": grouping.subjects, "fewest": grouping.smallest, "most": grouping.largest},
        "doubts": import_words.doubts(grouping),
        "suggested": asdict(best),
    }


def subjects(options: argparse.Namespace, output: Output) -> Result:
    """`sslstudio subjects PROJECT`."""
    with opened(options.project) as project:
        if options.undo:
            moved = telling_apart.undo(project)
            output.say(f"Taken back: {moved} images" if moved else "There is nothing to take back.")
            return {"undone": moved, "subjects": project.catalogue.counts().subjects}
        asked = _asked(options)
        if options.ignore_placeholders:
            found = telling_apart.preview(project, Identity(), trial=False).placeholders
            asked = replace(asked, placeholders=tuple(one.subject for one in found))
        grouping = telling_apart.preview(project, asked, trial=False)
        effect = telling_apart.effect(project, asked) if options.dry_run else telling_apart.change(project, asked)
    output.say(import_words.effect_line(effect))
    output.say(import_words.patients_line(grouping))
    for doubt in import_words.doubts(grouping):
        output.say(f"  {doubt}")
    return {
        "images": effect.images,
        "moved": effect.moved,
        "labelled": effect.labelled,
        "before": effect.before,
        "after": effect.after,
        "re_dealt": effect.re_dealt,
        "unmatched": grouping.unmatched,
        "doubts": import_words.doubts(grouping),
        "changed": bool(effect.moved and not options.dry_run),
    }


def save_ledger(options: argparse.Namespace, output: Output) -> Result:
    """`sslstudio ledger PROJECT -o CSV`."""
    with opened(options.project, read_only=True) as project:
        query = LedgerQuery(trial=options.check)
        count = write_import_list(project, options.output, query, paths=options.paths)
        warned = import_warnings(project, trial=options.check)
    output.say(f"Wrote {count} files to {options.output}")
    for one in warned:
        output.say(f"  {one.run_id}: {one.message} {one.hint}".rstrip())
    told = [{"run": one.run_id, "code": one.code, "message": one.message, "hint": one.hint} for one in warned]
    return {"file": str(options.output), "files": count, "paths": options.paths, "warnings": told}
