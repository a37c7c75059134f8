"""Bringing images in: the chosen sources, the preview of how patients are told apart, and starting imports."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from sslstudio.domain.specs import ImportSpec
from sslstudio.errors import SSLStudioError
from sslstudio.gui.pages.data import identity_texts, ledger_texts, preview, texts
from sslstudio.gui.pages.data.preview import Seen
from sslstudio.gui.pages.data.view import DataView
from sslstudio.gui.pages.page import Services
from sslstudio.importers import tables
from sslstudio.importers.chosen import ChosenSource
from sslstudio.importers.path_text import from_text
from sslstudio.importers.tables import TableShape
from sslstudio.session import import_words, workflow
from sslstudio.session.subjects import Identity, kept_identity

STAGE = "import_images"
LARGER = 8


class ImportController(QObject):
    """Connects the import panel of a Data view to the jobs of one project. ``launched`` fires before a run starts."""

    launched = Signal()

    def __init__(self, services: Services, view: DataView) -> None:
        super().__init__(view)
        self._services, self._view, self._panel = services, view, view.panel
        self._project = services.session.project
        self._sources: list[Path] = []
        self._checked: tuple[Path, ...] = ()
        self._launching = False
        panel = view.panel
        panel.dropped.connect(self.add_sources)
        panel.folder_requested.connect(self._ask_folder)
        panel.files_requested.connect(lambda: self.add_sources(view.ask_files()))
        panel.table_requested.connect(self._ask_table)
        panel.source_removed.connect(self._remove_source)
        panel.options_changed.connect(self._preview)
        panel.import_requested.connect(lambda: self.start(dry_run=False))
        panel.check_requested.connect(lambda: self.start(dry_run=True))
        services.background.run(kept_identity, self._project, done=self._fill)
        self.show_reason()

    def _fill(self, kept: dict[str, object]) -> None:
        placeholders = kept.get("placeholders", ())
        self._panel.identity.set_identity(
            str(kept.get("pattern", "")),
            str(kept.get("order", "header")),
            [str(one) for one in placeholders] if isinstance(placeholders, list) else (),
        )

    def add_sources(self, paths: Sequence[Path]) -> None:
        """Folders and files to import; none is listed twice."""
        self._sources += [path for path in dict.fromkeys(paths) if path not in self._sources]
        self._sources_changed()
        table = next((path for path in paths if tables.is_table(path)), None)
        if table is None:
            return

        def look(regular: bool) -> None:
            if regular:
                take_table(self._services, table, read)

        def read(shape: TableShape) -> None:
            if table in self._sources:  # it may have been taken away meanwhile
                self._panel.identity.set_table(table, shape)

        self._services.background.run(table.is_file, done=look)

    def _remove_source(self, path: Path) -> None:
        self._sources = [source for source in self._sources if source != path]
        self._panel.identity.forget_table(path)
        self._sources_changed()

    def _sources_changed(self) -> None:
        self._panel.set_sources(self._sources)
        if self._checked != tuple(self._sources):
            self._panel.set_found("")
        self._preview()

    def _ask_folder(self) -> None:
        chosen = self._view.ask_folder()
        if chosen is not None:
            self.add_sources([chosen])

    def _ask_table(self) -> None:
        chosen = self._view.ask_table()
        if chosen is not None:
            take_table(self._services, chosen, lambda shape: self._panel.identity.set_table(chosen, shape))

    def _preview(self) -> None:
        form = self._panel.identity
        self.show_reason()
        if not self._sources:
            form.set_message("")
            return
        form.set_message(identity_texts.LOOKING)
        identity, sources = form.identity(), tuple(self._sources)
        checked = sources == self._checked

        def look() -> tuple[Seen, str]:
            if checked:
                seen = preview.of_project(self._project, identity, trial=True)
                return seen, import_words.trial_line(self._project.catalogue.trial_summary(), seen.grouping)
            return preview.of_sources(sources, identity, self._project.pseudonym_key), ""

        def show(found: tuple[Seen, str]) -> None:
            form.set_seen(found[0])
            self._panel.set_found(found[1])

        self._services.background.run(
            look,
            done=show,
            failed=lambda error: form.set_message(str(error), "warning"),
            key="import preview",
        )

    def check_ended(self) -> None:
        """A check of the sources has been stored: say what it found, and preview from its rows."""
        if not self._sources:
            return
        self._checked = tuple(self._sources)
        self._preview()

    # -- starting --------------------------------------------------------------------------------------------

    def reason(self, *, with_sources: bool = True) -> str:
        """Why nothing can be imported now, or ""."""
        if self._project.read_only:
            return texts.READ_ONLY
        if self._launching or self._services.jobs.busy_with(STAGE) is not None:
            return texts.RUNNING
        return "" if self._sources or not with_sources else texts.NOTHING_CHOSEN

    def show_reason(self) -> None:
        """Say in the panel and in the list why nothing can be imported now."""
        self._panel.set_reason(self.reason())
        self._view.ledger.set_looking(self.reason(with_sources=False))

    def started(self) -> None:
        """The run that was launched is under way."""
        self._launching = False
        self.show_reason()

    def start(self, *, dry_run: bool) -> None:
        """Start an import of the chosen sources, or only look at them."""
        if self.reason():
            return
        identity, sources = self._panel.identity.identity(), tuple(self._sources)
        spec = replace_identity(ImportSpec(preset=self._panel.chosen_preset(), dry_run=dry_run), identity)
        self.launch(sources, spec, identity.table)
        if not dry_run:
            self._sources = []
            self._sources_changed()

    def locate(self) -> None:
        """Ask where a moved folder is now, and find the known images in it."""
        if self.reason(with_sources=False):
            return
        chosen = self._view.ask_folder()
        if chosen is not None:
            self.launch([chosen], ImportSpec(relink_only=True))

    def read_again(self, action: str, trial: bool, numbers: Sequence[int]) -> None:
        """Carry out an action of the import list on some of its rows."""
        catalogue = self._project.catalogue
        if action == ledger_texts.LOCATE:
            self.locate()
        elif action == ledger_texts.KEEP:
            self._services.background.run(catalogue.keep_changed, numbers, done=lambda _: self._kept(len(numbers)))
        elif not self.reason(with_sources=False):
            only = catalogue.chosen_files(numbers, trial=trial)
            sources = [Path(from_text(source)) for source in dict.fromkeys(source for source, _ in only if source)]
            spec = self.as_before(ImportSpec(again=True))
            if action == ledger_texts.BIGGER:
                spec = spec.model_copy(update={"max_pixels": spec.max_pixels * LARGER})
            self.launch(sources, spec, only=only)

    def _kept(self, files: int) -> None:
        self._services.notify.info(ledger_texts.kept(files))
        self._services.session.images_were_changed()

    def as_before(self, spec: ImportSpec) -> ImportSpec:
        """`spec` with patients told apart as they were last."""
        kept = kept_identity(self._project)
        order = kept.get("order", "header")
        identity = Identity(str(kept.get("pattern", "")), None, order, tuple(kept.get("placeholders", ())))
        return replace_identity(spec, identity)

    def launch(
        self,
        sources: Sequence[Path | ChosenSource],
        spec: ImportSpec,
        table: Path | None = None,
        only: Sequence[tuple[str, str]] | None = None,
    ) -> None:
        """Start a run that reads `sources`, new ones or those of earlier imports, or `only` these files of the list."""
        project = self._project
        self._launching = True
        self.launched.emit()
        self.show_reason()
        self._services.jobs.launch(
            lambda: workflow.prepare_import(project, sources, spec, table, only=only), failed=self._not_started
        )

    def _not_started(self, error: SSLStudioError) -> None:
        self._launching = False
        self._panel.set_progress("", 0)
        self.show_reason()
        self._services.notify.error(error)


def take_table(services: Services, table: Path, done: Callable[[TableShape], None]) -> None:
    """Read the columns of a table in the compute process, so that no table can harm the window."""
    services.background.wait_for(
        services.compute.submit("sslstudio.importers.tables:look", table),
        done=done,
        failed=services.notify.error,
        key="import table",
    )


def replace_identity(spec: ImportSpec, identity: Identity) -> ImportSpec:
    """`spec` with this way of telling patients apart; a table goes beside it."""
    return spec.model_copy(
        update={
            "subject_pattern": identity.pattern,
            "order": identity.order,
            "placeholders": identity.placeholders,
            "image_column": identity.image_column,
            "subject_column": identity.subject_column,
        }
    )
