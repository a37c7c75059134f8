"""The import stage: folders and files in, pixel cache, thumbnails and a ledger with a row for every file out.

Decoding happens in worker processes; this module decides what is a duplicate, whose an image is, and what is written
when. It can be killed at any moment and started again: nothing is lost that stood in the ledger, nothing comes twice.
"""

from __future__ import annotations

import json
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from sslstudio.domain.ledger import LedgerRow
from sslstudio.domain.specs import ImportSpec
from sslstudio.importers.comparing import Comparing, Verdict
from sslstudio.importers.decode_pool import COMMAND, Answer, DecodePool
from sslstudio.importers.decoding import DecodeSettings, FrameFacts
from sslstudio.importers.discovery import Discovery, FoundFile
from sslstudio.importers.file_list import FileList, Roots, chosen_files
from sslstudio.importers.identity import IdentityRules, compile_pattern
from sslstudio.importers.known import Known
from sslstudio.importers.ledger import ImportStore
from sslstudio.importers.path_text import to_text
from sslstudio.importers.patience import Patience
from sslstudio.importers.patients import Patients
from sslstudio.importers.reasons import (
    CHANGED,
    DROPPED,
    DUPLICATE,
    GONE,
    IMPORTED,
    MOVED,
    READY,
    TAKEN,
    UNCHANGED,
)
from sslstudio.importers.rendering import AUTO, Finder, look_of, preset
from sslstudio.stages.context import StageContext
from sslstudio.stages.import_drive import Drive
from sslstudio.stages.import_progress import ImportProgress, throttled
from sslstudio.stages.import_rows import drawn, image, row, told
from sslstudio.stages.import_tables import ImportTables

CHUNK_FILES = 200
_CHUNK_SECONDS = 1.0
_MOST_CHUNKS = 5
"""So many chunks may gather while the disk is slow with the one before."""
_AT_ONCE = 1000
_LOST = frozenset({"missing", "unreadable", "decoder_timeout"})


def run(
    spec: ImportSpec, context: StageContext, *, command: Sequence[str] = COMMAND, workers: int = 0
) -> dict[str, Any]:
    """Import what `private/sources.json` names; returns counts.

    `command` starts a decode worker, `workers` is their number (0: one for each core). Raises SSLStudioError for a bad
    pattern or table and for a drive that does not come back, and Cancelled; what was read until then stands in the
    ledger.
    """
    started = time.monotonic()
    private = json.loads((context.private_dir / "sources.json").read_text(encoding="utf-8"))
    check = throttled(context)
    patience = Patience(check)
    tables = ImportTables(spec, private, context.warn, patience)
    pattern = compile_pattern(spec.subject_pattern)
    key, placeholders = bytes.fromhex(private["key"]), frozenset(spec.placeholders)
    rules = IdentityRules(key, tables.chosen, pattern, spec.order, placeholders)
    patients = Patients(rules)
    known = Known(context.private_dir / "known.sqlite")
    try:
        with (
            _open_store(spec, context, patients) as store,
            _open_pool(spec, context, private["key"], workers, command) as pool,
        ):
            comparing = Comparing(known, patience, spec.decode_seconds, again=spec.again)
            reading = _Import(spec, context, rules, tables, store, patients, comparing)
            drive = Drive(spec, context, patience, reading.progress)
            try:
                while _pass(private.get("only"), context, reading, drive, pool, check):
                    drive.came_back = False
                if not (spec.again or spec.relink_only):
                    reading.note_gone([to_text(str(source.absolute())) for source in tables.sources])
            finally:
                store.commit()
            reading.progress.finish()
            reading.warn()
            context.artifact("ledger", context.artifact_path("ledger.jsonl"))
            return {**reading.result(), "seconds": round(time.monotonic() - started, 3)}
    finally:
        patience.close()
        known.close()


def _pass(
    only: Sequence[Sequence[str]] | None,
    context: StageContext,
    reading: _Import,
    drive: Drive,
    pool: DecodePool[FoundFile],
    check: Callable[[], None],
) -> bool:
    """Go through all files once; True when a drive was gone for a while, so that it must be done again."""
    tables = reading.tables
    discovery = Discovery(
        tables.sources, image_column=reading.image_column, tables=tables.naming, seconds=reading.seconds
    )
    found = discovery if only is None else chosen_files(only)
    reading.progress.restart()
    with FileList(found, context.private_dir / "files.tmp") as files:
        reading.read(files, drive, pool, check)
    reading.hidden = discovery.hidden
    return drive.came_back


class _Import:
    """Turns found files and answers of the decoders into ledger rows."""

    def __init__(
        self,
        spec: ImportSpec,
        context: StageContext,
        rules: IdentityRules,
        tables: ImportTables,
        store: ImportStore,
        patients: Patients,
        comparing: Comparing,
    ) -> None:
        self._spec, self._context = spec, context
        self._rules, self._store, self._patients = rules, store, patients
        self._comparing, self._roots = comparing, Roots(tables.sources)
        self._finder = Finder(context.job.rendering or preset(AUTO))
        self._committed = time.monotonic()
        self._unread: list[str] = []
        self._silent: Counter[str] = Counter()
        self.image_column, self.tables, self.seconds = spec.image_column, tables, spec.drive_seconds
        self.hidden = 0
        self.progress = ImportProgress(context, self._numbers)

    def read(self, files: FileList, drive: Drive, pool: DecodePool[FoundFile], check: Callable[[], None]) -> None:
        """Judge every file and decode those that need it; rows are added in the order of the files."""
        later: deque[tuple[int, Callable[[], None]]] = deque()
        asked = answered = 0

        def wait() -> None:
            check()
            self.progress.found(files)
            drive.mind(files)

        def requests() -> Iterator[FoundFile]:
            nonlocal asked
            for file in files.read(wait):
                self.progress.found(files)
                act = self._judge(file, drive)
                if act is None:
                    asked += 1
                    yield file
                elif asked == answered or len(later) >= _AT_ONCE:
                    check()
                    act()
                else:
                    later.append((asked, act))

        for file, answer in pool.map(requests(), lambda one: one.path, check):
            while later and later[0][0] <= answered:
                later.popleft()[1]()
            answered += 1
            if answer.code in _LOST and drive.was_gone(self._root(file)):
                continue
            self.take(file, answer)
        for _, act in later:
            act()

    def _judge(self, file: FoundFile, drive: Drive) -> Callable[[], None] | None:
        """What to do with a file that need not be decoded, or None."""
        text = to_text(file.path)
        root = self._root(file, text)
        if not file.problem:
            self._comparing.meet(root)
        self._patients.meet(file.relative)
        verdict = self._comparing.judge(file, text)
        if self._store.has(text):
            return self.progress.step
        if file.problem in _LOST and drive.was_gone(root):
            return self.progress.step
        if file.problem in ("permission", "unreadable"):
            self._unread.append(text)
        if verdict.code:
            return lambda: self._tell(file, verdict)
        if file.problem:
            return lambda: self.refuse(file, file.problem)
        if self._spec.relink_only:
            return self.progress.step
        return None

    def _root(self, file: FoundFile, text: str = "") -> str:
        return self._roots.of(text or to_text(file.path), file.relative)

    def _tell(self, file: FoundFile, verdict: Verdict) -> None:
        """Add the row of a file that is known; one whose row stands as it is gets none, except in a dry run."""
        if verdict.silent and not self._spec.dry_run:
            self._silent[verdict.code] += 1
            self.progress.step()
            return
        known = row(self._place(file), verdict.code)
        self._add(known.model_copy(update={"digest": verdict.digest, "moved_from": verdict.moved_from}))

    def refuse(self, file: FoundFile, code: str, **detail: str) -> None:
        """Add a skipped row."""
        self._add(row(self._place(file), code, **detail))

    def take(self, file: FoundFile, answer: Answer) -> None:
        """Add the row of one decoded (or refused) file."""
        if answer.code:
            self.refuse(file, answer.code, **answer.detail)
        elif self._spec.dry_run:
            facts = answer.facts or FrameFacts()
            facts = facts.model_copy(update={"modality": facts.modality or self._comparing.sidecar(file)})
            said = self.tables.rules(self._rules, file).said(file.relative, facts.model_dump())
            self._add(
                LedgerRow(
                    **self._place(file),
                    **told(answer),
                    status="imported",
                    code=READY,
                    frames=answer.count,
                    modality=said["modality"],
                    patient=facts.subject,
                    study=said.get("study", facts.study),
                    series=facts.series,
                )
            )
        elif not answer.frames:
            self.refuse(file, "no_pixels")
        elif self._comparing.differs(to_text(file.path), answer.digest):
            self._tell(file, Verdict(CHANGED, digest=answer.digest))
        else:
            self._take_frames(file, answer)

    def _take_frames(self, file: FoundFile, answer: Answer) -> None:
        facts = answer.frames[0].facts
        rules = self.tables.rules(self._rules, file)
        found = rules.find(file.relative, answer.digest, facts.subject, facts.study)
        place = self._place(file) | {
            "digest": answer.digest,
            "modality": facts.modality,
            "patient": facts.subject,
            "study": facts.study,
            "series": facts.series,
            "told_by": found.source,
            "frames": len(answer.frames),
        }
        first = self._store.find(answer.digest, (frame.pixel_digest for frame in answer.frames))
        plain = first is not None and all(frame.plain for frame in answer.frames)
        if first is not None and not (plain and _are_other_instances(first, answer)):
            self._patients.of_two += not plain and first.images[0].subject != found.subject
            self._add(row(place, DUPLICATE).model_copy(update={"images": first.images}))
            return
        images = []
        sidecar = self._comparing.sidecar(file)
        for frame in answer.frames:
            known = image(rules, file, found.subject, answer, frame, sidecar)
            pixels = self._store.put(frame.pixels, drawn(known, frame, self._finder))
            images.append(known.model_copy(update={"pixels": pixels}))
        self._add(LedgerRow(**place, **told(answer), status="imported", images=tuple(images)))

    def note_gone(self, roots: Sequence[str]) -> None:
        """Add a row for each known file that is not there any more, now that all files were met."""
        for known in self._comparing.gone(roots, self._unread):
            place = {"path": known.path, "size": known.size, "modified_ns": known.modified_ns}
            if not self._store.has(known.path):
                kept = known.status == "imported" or known.code == CHANGED
                self._add(row(place, GONE if kept else DROPPED), step=False)

    def _add(self, row: LedgerRow, *, step: bool = True) -> None:
        self._store.add(row)
        now = time.monotonic()
        due = self._store.pending >= CHUNK_FILES or now - self._committed > _CHUNK_SECONDS
        if due and (not self._store.busy or self._store.pending >= _MOST_CHUNKS * CHUNK_FILES):
            self._store.start_commit()
            self._committed = now
        if step:
            self.progress.step()

    def _place(self, file: FoundFile) -> dict[str, Any]:
        text = to_text(file.path)
        return {
            "path": text,
            "size": file.size,
            "modified_ns": file.modified_ns,
            "source": self._root(file, text),
        }

    def warn(self) -> None:
        """Tell the user what is doubtful about the import as a whole."""
        warn = self._context.warn
        if self._comparing.empty_roots:
            warn(
                "folder_empty",
                "A folder that was imported before is empty or its drive is not connected; nothing was changed for it.",
                "Connect the drive and look again, or say where the folder is now with Locate folder.",
            )
        self._patients.warn_of_table(warn)
        if self._spec.dry_run:
            return
        known = sum(self._silent.values()) + sum(self._store.counts[code] for code in (UNCHANGED, MOVED, CHANGED, GONE))
        nothing = not self._patients.images and not known and not self._comparing.empty_roots
        if nothing and not self._store.counts[DUPLICATE]:
            warn("no_images", "No image was imported.", "The list of files says why each one was skipped.")
        if changed := self._store.counts[CHANGED]:
            files = "One file has" if changed == 1 else f"{changed:,} files have"
            warn(
                "files_changed",
                f"{files} changed since the import. The images were left out of training; labels stay as they were.",
                "The import list shows them: take in the new content, or keep the images as they were.",
            )
        self._patients.warn(warn)

    def result(self) -> dict[str, Any]:
        """The counts of the whole import, an earlier attempt included."""
        counts = self._store.counts
        imported = sum(counts[code] for code in (IMPORTED, READY))
        known = Counter({code: counts[code] for code in (UNCHANGED, CHANGED, MOVED, GONE)}) + self._silent
        return {
            "imported": imported,
            "skipped": sum(number for code, number in counts.items() if code not in TAKEN),
            "images": self._patients.images.total(),
            "subjects": len(self._patients.images),
            "duplicates": counts[DUPLICATE],
            **{code: known[code] for code in (UNCHANGED, CHANGED, MOVED, GONE)},
            "hidden": self.hidden,
            "dry_run": self._spec.dry_run,
        }

    def _numbers(self) -> dict[str, float]:
        """What the window shows while the import runs; `ledger_bytes` of the ledger are on the disk."""
        counts = self._store.counts + self._silent
        return {
            "ledger_bytes": self._store.size,
            "images": self._patients.images.total(),
            **{f"code:{code}": number for code, number in counts.items()},
        }


def _are_other_instances(first: LedgerRow, answer: Answer) -> bool:
    """True if two files with pictures of one value are two DICOM instances: both are slices, the second no copy."""
    sop = answer.frames[0].facts.sop
    return bool(sop) and first.images[0].digest != answer.digest and first.images[0].sop != sop


def _open_store(spec: ImportSpec, context: StageContext, patients: Patients) -> ImportStore:
    name = context.job.run_id
    return ImportStore(
        context.artifact_path("ledger.jsonl"),
        context.pixels_dir / f"{name}.bin",
        context.pixels_dir.parent / "thumbnails" / f"{name}.sqlite",
        pixels=not spec.dry_run,
        note=patients.note,
        look=look_of(context.job.rendering or preset(AUTO)),
    )


def _open_pool(
    spec: ImportSpec, context: StageContext, key: str, workers: int, command: Sequence[str]
) -> DecodePool[FoundFile]:
    """The decoders; frames of very long files wait on the project's own disk."""
    settings = _settings(spec, context, key)
    return DecodePool[FoundFile](settings, workers=workers, command=command, scratch=context.pixels_dir)


def _settings(spec: ImportSpec, context: StageContext, key: str) -> DecodeSettings:
    return DecodeSettings(
        key=key,
        max_side=spec.max_side,
        max_pixels=spec.max_pixels,
        seconds=spec.decode_seconds,
        headers_only=spec.dry_run,
        rendering=(context.job.rendering or preset(AUTO)).model_dump_json(),
    )
