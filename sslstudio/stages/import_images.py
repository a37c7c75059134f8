"""The import stage: folders and files in, pixel cache, thumbnails and a ledger with a row for every file out.

Decoding happens in worker processes; this module decides what is a duplicate, whose an image is, and what is written
when. It can be killed at any moment and started again: nothing is lost that stood in the ledger, nothing comes twice.
"""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sslstudio import resources
from sslstudio.domain.ledger import FoundImage, LedgerRow
from sslstudio.domain.specs import ImportSpec
from sslstudio.importers.decode_pool import COMMAND, Answer, DecodePool
from sslstudio.importers.decoding import DecodeSettings, WindowPolicy
from sslstudio.importers.discovery import Discovery, FoundFile
from sslstudio.importers.identity import IdentityRules, SubjectTable, compile_pattern, pseudonym
from sslstudio.importers.ledger import ImportStore
from sslstudio.importers.reasons import IMPORTED, READY, reason
from sslstudio.stages.context import StageContext

CHUNK_FILES = 200
_CHUNK_SECONDS = 2.0
_CHECK_SECONDS = 0.1
_SHARE = 0.3
_SHARE_FROM = 50


def run(
    spec: ImportSpec, context: StageContext, *, command: Sequence[str] = COMMAND, workers: int = 0
) -> dict[str, Any]:
    """Import what `private/sources.json` names; returns counts.

    `command` starts a decode worker, `workers` is their number (0: one for each core). Raises SSLStudioError for a bad
    pattern or table, and Cancelled; what was decoded until then stands in the ledger.
    """
    started = time.monotonic()
    private = json.loads((context.private_dir / "sources.json").read_text(encoding="utf-8"))
    table = SubjectTable.read(Path(private["table"])) if private.get("table") else None
    rules = IdentityRules(bytes.fromhex(private["key"]), table, compile_pattern(spec.subject_pattern))
    check = _throttled(context)
    discovery = Discovery([Path(source) for source in private["sources"]])
    files = _discover(discovery, context, check)
    patients = _Patients(rules, files)
    with _open_store(spec, context, patients) as store:
        importing = _Import(spec, rules, store, patients)
        todo = [file for file in files if _display(file.path) not in store.written]
        progress = _Progress(context, total=len(files), done=len(files) - len(todo))
        settings = _settings(spec, private["key"])
        with DecodePool[FoundFile](settings, workers=workers, command=command) as pool:
            try:
                for file in (file for file in todo if file.problem):
                    importing.refuse(file, file.problem)
                    progress.step()
                for file, answer in pool.map((f for f in todo if not f.problem), lambda f: f.path, check):
                    importing.take(file, answer)
                    progress.step()
            finally:
                store.commit()
        if not spec.dry_run:
            patients.warn(context)
        context.artifact("ledger", context.artifact_path("ledger.jsonl"))
        return {
            **importing.result(),
            "hidden": discovery.hidden,
            "seconds": round(time.monotonic() - started, 3),
        }


class _Import:
    """Turns answers of the decoders into ledger rows."""

    def __init__(self, spec: ImportSpec, rules: IdentityRules, store: ImportStore, patients: _Patients) -> None:
        self._spec = spec
        self._patients = patients
        self._rules = rules
        self._store = store
        self._ready_images = 0
        self._committed = time.monotonic()

    def refuse(self, file: FoundFile, code: str, **detail: str) -> None:
        """Add a skipped row."""
        self._add(_row(file, code, **detail))

    def take(self, file: FoundFile, answer: Answer) -> None:
        """Add the row of one decoded (or refused) file."""
        if answer.code:
            self.refuse(file, answer.code, **answer.detail)
        elif self._spec.dry_run:
            self._ready_images += answer.count
            self._add(LedgerRow(**_place(file), **_told(answer), status="imported", code=READY))
        elif not answer.frames:
            self.refuse(file, "no_pixels")
        else:
            self._take_frames(file, answer)

    def _take_frames(self, file: FoundFile, answer: Answer) -> None:
        facts = answer.frames[0].facts
        subject = self._rules.subject(file.relative, answer.digest, facts.subject, facts.study)
        first = self._store.find(answer.digest, (frame.pixel_digest for frame in answer.frames))
        if first is not None:
            plain = all(frame.plain for frame in answer.frames)
            self._patients.of_two += not plain and first.images[0].subject != subject
            self._add(_row(file, "duplicate").model_copy(update={"images": first.images}))
            return
        fallback = self._rules.of_folder(file.relative) or subject
        images = []
        for frame in answer.frames:
            known = asdict(frame.facts)
            study = known["study"] or fallback
            known.update(subject=subject, study=study, series=known["series"] or self._series(answer) or study)
            location = self._store.put(frame.pixels, frame.jpeg)
            images.append(
                FoundImage.model_validate(
                    {
                        **known,
                        "digest": answer.digest,
                        "pixel_digest": frame.pixel_digest,
                        "frame": frame.index,
                        "pixels": location,
                    }
                )
            )
        self._add(LedgerRow(**_place(file), **_told(answer), status="imported", images=tuple(images)))

    def _series(self, answer: Answer) -> str:
        """A file of several frames that names no series is one."""
        return pseudonym(self._rules.key, "series", answer.digest) if answer.count > 1 else ""

    def _add(self, row: LedgerRow) -> None:
        self._store.add(row)
        now = time.monotonic()
        if self._store.pending >= CHUNK_FILES or now - self._committed > _CHUNK_SECONDS:
            self._store.commit()
            self._committed = now

    def result(self) -> dict[str, Any]:
        """The counts of the whole import, an earlier attempt included."""
        counts = self._store.counts
        imported = counts[IMPORTED] + counts[READY]
        return {
            "imported": imported,
            "skipped": counts.total() - imported,
            "images": self._patients.images.total() + self._ready_images,
            "subjects": len(self._patients.images),
            "duplicates": counts["duplicate"],
        }


class _Patients:
    """Counts images by patient, and by how the patient was found, to say what could leak between training and test."""

    def __init__(self, rules: IdentityRules, files: Sequence[FoundFile]) -> None:
        folders = {file.relative.rpartition("/")[0] + "/" for file in files}
        self._rules = rules
        self._folders = {rules.of_folder(folder) for folder in folders} - {""}
        self.images: Counter[str] = Counter()
        self._unknown = 0
        self._by_folder = 0
        self.of_two = 0

    def note(self, row: LedgerRow) -> None:
        """Count one row of the ledger."""
        if row.status != "imported" or not row.images:
            return
        subject, count = row.images[0].subject, len(row.images)
        self.images[subject] += count
        if subject in self._folders:
            self._by_folder += count
        elif subject == self._rules.of_file(row.images[0].digest):
            self._unknown += count

    def warn(self, context: StageContext) -> None:
        """Tell the user, once for each kind of doubt."""
        images, warn = self.images.total(), context.warn
        if not images:
            warn("no_images", "No image was imported.", "The list of files says why each one was skipped.")
            return
        if self._unknown:
            warn(
                "patients_unknown",
                f"Patients unknown: each of {self._unknown:,} images counts as a patient of its own.",
                "Scores can be too good if patients have several images. Give a patient pattern or table if you can.",
            )
        if self._by_folder:
            warn(
                "folders_as_patients",
                f"For {self._by_folder:,} images the folder was taken for the patient.",
                "If your folders are classes or sites, give a patient pattern or table and import again.",
            )
        largest = max(self.images.values())
        if images > _SHARE_FROM and largest > _SHARE * images:
            warn(
                "one_patient_dominates",
                f"One patient has {largest:,} of {images:,} images.",
                "The patient id may be a placeholder. Check the list, or give a patient table.",
            )
        if self.of_two:
            warn(
                "same_image_two_patients",
                f"{self.of_two:,} files show a picture that another patient has too; each was kept once.",
                "Check whether these patients are the same person.",
            )


class _Progress:
    """Reports files done and their rate."""

    def __init__(self, context: StageContext, total: int, done: int) -> None:
        self._context = context
        self._total = total
        self._done = self._before = done
        self._started = time.monotonic()
        self._reported = 0.0
        self._report()

    def step(self) -> None:
        self._done += 1
        if self._done == self._total or time.monotonic() - self._reported >= _CHECK_SECONDS:
            self._report()

    def _report(self) -> None:
        self._reported = time.monotonic()
        seconds = self._reported - self._started
        rate = (self._done - self._before) / seconds if seconds > 0.5 else 0.0
        text = f"{rate:,.0f} files/s" if rate else ""
        self._context.progress(self._done, self._total, "files", text)


def _discover(discovery: Discovery, context: StageContext, check: Callable[[], None]) -> list[FoundFile]:
    files: list[FoundFile] = []
    for file in discovery:
        files.append(file)
        if len(files) % 256 == 0:
            check()
        if len(files) % 4096 == 0:
            context.progress(0, len(files), "files", f"Looking for files: {len(files):,}")
    check()
    return files


def _throttled(context: StageContext) -> Callable[[], None]:
    """`context.check_cancelled`, at most ten times a second."""
    last = 0.0

    def check() -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= _CHECK_SECONDS:
            last = now
            context.check_cancelled()

    return check


def _open_store(spec: ImportSpec, context: StageContext, patients: _Patients) -> ImportStore:
    name = context.job.run_id
    return ImportStore(
        context.artifact_path("ledger.jsonl"),
        context.pixels_dir / f"{name}.bin",
        context.pixels_dir.parent / "thumbnails" / f"{name}.sqlite",
        pixels=not spec.dry_run,
        note=patients.note,
    )


def _settings(spec: ImportSpec, key: str) -> DecodeSettings:
    policies = json.loads(resources.text("presets/windows.json"))
    return DecodeSettings(
        key=key,
        max_side=spec.max_side,
        max_pixels=spec.max_pixels,
        seconds=spec.decode_seconds,
        headers_only=spec.dry_run,
        window=WindowPolicy(**policies[spec.preset]),
    )


def _row(file: FoundFile, code: str, **detail: str) -> LedgerRow:
    why = reason(code, **detail)
    return LedgerRow(**_place(file), status="skipped", code=code, reason=why.sentence, hint=why.hint)


def _told(answer: Answer) -> dict[str, Any]:
    """What is to be told of a file that is imported, as the fields of its row."""
    if answer.note is None:
        return {}
    told = reason(answer.note.code, **answer.note.detail)
    return {"reason": told.sentence, "hint": told.hint}


def _place(file: FoundFile) -> dict[str, Any]:
    return {"path": _display(file.path), "size": file.size, "modified_ns": file.modified_ns}


def _display(path: str) -> str:
    """The path as text; bytes that are no text stand escaped."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")
