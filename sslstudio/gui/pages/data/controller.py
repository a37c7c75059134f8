"""What the Data page does: starts imports, keeps counts, tree and ledger in step with the project, excludes images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from PySide6.QtCore import QObject

from sslstudio.catalogue.rows import Counts, LedgerEntry, TreeRow
from sslstudio.domain.specs import ImportSpec, Preset
from sslstudio.errors import SSLStudioError
from sslstudio.gui.jobs_bridge import RunStatus
from sslstudio.gui.pages.data import preview, texts
from sslstudio.gui.pages.data.view import DataView
from sslstudio.gui.pages.page import Services
from sslstudio.gui.texts import count, time_left
from sslstudio.session import workflow

STAGE = "import_images"
ALL, TAKEN, SKIPPED = "", "status:imported", "status:skipped"


@dataclass(frozen=True)
class _Overview:
    counts: Counts
    tree: Sequence[TreeRow]
    codes: dict[str, int]
    fewest: int
    most: int


class DataController(QObject):
    """Connects the Data view to one open project."""

    def __init__(self, services: Services, view: DataView) -> None:
        super().__init__(view)
        self._services, self._view = services, view
        self._catalogue = services.session.project.catalogue
        self._sources: list[Path] = []
        self._filter = ALL
        self._codes: dict[str, int] = {}
        self._images = 0
        self._series_ids: dict[str, list[int]] | None = None
        self._rate = _Rate()
        self._connect()
        self.refresh()
        self._show_run()

    def _connect(self) -> None:
        view, panel = self._view, self._view.panel
        panel.dropped.connect(self.add_sources)
        panel.folder_requested.connect(self._ask_folder)
        panel.files_requested.connect(lambda: self.add_sources(view.ask_files()))
        panel.table_requested.connect(self._ask_table)
        panel.source_removed.connect(self._remove_source)
        panel.options_changed.connect(self._preview)
        panel.import_requested.connect(lambda: self.start(dry_run=False))
        panel.check_requested.connect(lambda: self.start(dry_run=True))
        panel.stop_requested.connect(self._stop)
        view.ledger_filter_requested.connect(self._set_filter)
        view.ledger_page_requested.connect(self._read_page)
        view.series_selected.connect(self._select)
        view.exclude_requested.connect(self.exclude)
        view.include_requested.connect(lambda: self.exclude(None))
        self._services.jobs.changed.connect(self._show_run)
        self._services.session.images_changed.connect(self._forget_ids)

    def close(self) -> None:
        """Let go of the session."""
        self._services.session.images_changed.disconnect(self._forget_ids)

    def badge(self) -> str:
        """How many images there are."""
        return count(self._images, "image") if self._images else ""

    # -- what comes in ---------------------------------------------------------------------------------------

    def add_sources(self, paths: Sequence[Path]) -> None:
        """Folders and files to import; those inside a chosen folder are not taken twice."""
        for path in paths:
            if path not in self._sources:
                self._sources.append(path)
        self._view.panel.set_sources(self._sources)
        self._preview()

    def _remove_source(self, path: Path) -> None:
        self._sources = [source for source in self._sources if source != path]
        self._view.panel.set_sources(self._sources)
        self._preview()

    def _ask_folder(self) -> None:
        chosen = self._view.ask_folder()
        if chosen is not None:
            self.add_sources([chosen])

    def _ask_table(self) -> None:
        chosen = self._view.ask_table()
        if chosen is not None:
            self._view.panel.set_table(chosen)

    def _preview(self) -> None:
        self._show_reason()
        if not self._sources:
            self._view.panel.set_preview("")
            return
        pattern, table, _ = self._view.panel.options()
        self._view.panel.set_preview("Looking...")
        self._services.background.run(
            preview.look,
            tuple(self._sources),
            pattern,
            table,
            done=self._show_preview,
            failed=lambda error: self._view.panel.set_preview(str(error), "warning"),
            key="import preview",
        )

    def _show_preview(self, seen: preview.Preview) -> None:
        if seen.automatic:
            line = texts.automatic_line(seen.files, seen.patients, seen.more)
        else:
            line = texts.preview_line(seen.files, seen.matched, seen.patients, seen.examples, seen.more)
        self._view.panel.set_preview(line, "muted" if seen.matched else "warning")

    def _reason(self) -> str:
        if self._services.session.project.read_only:
            return texts.READ_ONLY
        if self._services.jobs.busy_with(STAGE) is not None:
            return texts.RUNNING
        return "" if self._sources else texts.NOTHING_CHOSEN

    def _show_reason(self) -> None:
        self._view.panel.set_reason(self._reason())

    def start(self, *, dry_run: bool) -> None:
        """Start an import of the chosen sources, or only look at them."""
        if self._reason():
            return
        pattern, table, preset = self._view.panel.options()
        project, sources = self._services.session.project, tuple(self._sources)
        spec = ImportSpec(subject_pattern=pattern, preset=cast(Preset, preset), dry_run=dry_run)
        self._rate = _Rate()
        self._view.panel.set_progress("Starting...", -1.0)
        self._services.jobs.launch(
            lambda: workflow.prepare_import(project, sources, spec, table), failed=self._not_started
        )
        if not dry_run:
            self._sources = []
            self._view.panel.set_sources(())

    def _not_started(self, error: SSLStudioError) -> None:
        self._view.panel.set_progress("", 0)
        self._services.notify.error(error)

    def _stop(self) -> None:
        running = self._services.jobs.busy_with(STAGE)
        if running is not None:
            self._services.jobs.cancel(running.run_id)

    def _show_run(self, run_id: str = "") -> None:
        running = self._services.jobs.busy_with(STAGE)
        if running is not None:
            self._show_progress(running)
        else:
            ended = self._services.jobs.status(run_id) if run_id else None
            if not run_id or (ended is not None and ended.stage == STAGE):
                self._view.panel.set_progress("", 0)
                self._show_reason()
            if ended is not None and ended.stage == STAGE and ended.adopted:
                self.refresh()

    def _show_progress(self, running: RunStatus) -> None:
        progress = running.progress
        if running.stopping:
            text, fraction = "Stopping; what was read so far is kept.", running.fraction
        elif progress is None:
            text, fraction = "Starting...", -1.0
        else:
            rate = self._rate.update(progress.at, progress.done)
            text = texts.progress_line(progress.done, progress.total, rate, time_left(progress))
            fraction = running.fraction if progress.total else -1.0
        self._view.panel.set_progress(text, fraction)

    # -- what is there ---------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Read counts, tree and ledger counts again."""
        self._services.background.run(self._read, done=self._show, key="data overview")

    def _read(self) -> _Overview:
        tree = self._catalogue.tree()
        images: dict[str, int] = {}
        for row in tree:
            images[row.subject] = images.get(row.subject, 0) + row.n_images
        sizes = images.values()
        return _Overview(
            self._catalogue.counts(),
            tree,
            self._catalogue.ledger_counts(),
            min(sizes, default=0),
            max(sizes, default=0),
        )

    def _show(self, overview: _Overview) -> None:
        view, counts = self._view, overview.counts
        fresh = counts.images != self._images or view.tree_model.rowCount() == 0
        self._images = counts.images
        view.set_counts(
            texts.counts_line(counts, overview.fewest, overview.most), texts.grouping_warning(counts, overview.most)
        )
        view.set_has_content(bool(counts.images or overview.codes))
        if fresh:
            view.set_tree(overview.tree)
        if overview.codes != self._codes:
            self._codes = overview.codes
            if self._filter.removeprefix("code:") not in (ALL, TAKEN, SKIPPED, *overview.codes):
                self._filter = ALL
            self._show_ledger()
            if not counts.images and overview.codes:
                view.show_ledger()

    def _show_ledger(self) -> None:
        taken = sum(number for code, number in self._codes.items() if code in texts.TAKEN)
        total = sum(self._codes.values())
        entries = [(ALL, "All", total), (TAKEN, "Imported", taken), (SKIPPED, "Skipped", total - taken)]
        entries += [
            (f"code:{code}", texts.short_reason(code), number)
            for code, number in sorted(self._codes.items(), key=lambda pair: -pair[1])
            if code not in texts.TAKEN
        ]
        self._view.set_ledger_filters(
            [(value, f"{text}  {number:,}", value == self._filter) for value, text, number in entries]
        )
        self._view.set_ledger_rows(next((number for value, _, number in entries if value == self._filter), total))

    def _set_filter(self, value: str) -> None:
        self._filter = value
        self._show_ledger()

    def _read_page(self, page: int, limit: int, offset: int) -> None:
        kind, _, value = self._filter.partition(":")
        asked = self._filter

        def read() -> list[LedgerEntry]:
            return self._catalogue.ledger(
                status=value if kind == "status" else None,
                code=value if kind == "code" else None,
                limit=limit,
                offset=offset,
            )

        def show(entries: list[LedgerEntry]) -> None:
            if asked == self._filter:
                self._view.set_ledger_page(page, entries)

        self._services.background.run(read, done=show)

    # -- selecting and excluding -----------------------------------------------------------------------------

    def _forget_ids(self) -> None:
        self._series_ids = None

    def _select(self, rows: Sequence[TreeRow]) -> None:
        self._view.set_selected(sum(row.n_images for row in rows), len({row.subject for row in rows}))
        wanted = [row.series for row in rows]
        self._services.background.run(self._ids_of, wanted, done=self._services.session.select, key="data selection")

    def _ids_of(self, series: Sequence[str]) -> list[int]:
        if self._series_ids is None:
            found: dict[str, list[int]] = {}
            for item in self._catalogue.items(include_excluded=True):
                found.setdefault(item.series, []).append(item.image_id)
            self._series_ids = found
        known = self._series_ids
        return [image_id for name in series for image_id in known.get(name, ())]

    def exclude(self, reason: str | None) -> None:
        """Leave the selected images out of training for a reason, or take them in again; can be undone."""
        chosen = tuple(self._services.session.selection)
        if not chosen:
            return
        images = count(len(chosen), "image")
        told = f"{images} left out of training." if reason else f"{images} taken in again."

        self._set_excluded(chosen, reason, told)

    def _set_excluded(self, chosen: tuple[int, ...], reason: str | None, told: str) -> None:
        def done(_: object) -> None:
            self._services.session.images_were_changed()
            self.refresh()
            if reason:
                self._services.notify.undoable(
                    told, lambda: self._set_excluded(chosen, None, "Taken back: the images are in training again.")
                )
            else:
                self._services.notify.info(told)

        self._services.background.run(self._catalogue.set_excluded, chosen, reason, done=done)


class _Rate:
    """Files a second, smoothed over some seconds."""

    def __init__(self) -> None:
        self._first: tuple[float, float] | None = None

    def update(self, at: float, done: float) -> float:
        """The rate after `done` files at time `at`."""
        if self._first is None or done < self._first[1]:
            self._first = (at, done)
        seconds = at - self._first[0]
        return (done - self._first[1]) / seconds if seconds > 0.5 else 0.0
