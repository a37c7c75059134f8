"""Compares two trainings while they are looked at: curves of their stories, maps and neighbours of their embeddings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer

from sslstudio.catalogue.rows import RunRow
from sslstudio.domain.runs import RunState
from sslstudio.domain.specs import PretrainSpec
from sslstudio.errors import SSLStudioError
from sslstudio.gui.pages.page import Services
from sslstudio.gui.pages.pretrain import compare_texts as texts
from sslstudio.gui.pages.pretrain.compare_pane import ComparePane
from sslstudio.gui.pages.pretrain.progress import RunStory
from sslstudio.gui.pages.pretrain.run_presenter import what
from sslstudio.jobs.run_directory import RunDirectory
from sslstudio.session.results import resolve_embedding
from sslstudio.session.run_comparing import comparison_files

if TYPE_CHECKING:
    from sslstudio.embeddings.comparing import Comparison

COMPARE = "sslstudio.embeddings.comparing:compare"
MOST_MOVED = 20


class ComparePresenter(QObject):
    """Keeps a `ComparePane` in step with the runs of the project."""

    def __init__(self, services: Services, pane: ComparePane) -> None:
        super().__init__(pane)
        self._services, self._pane = services, pane
        self._project = services.session.project
        self._rows: Mapping[str, RunRow] = {}
        self._starts: tuple[str, ...] = ()
        self._choice = ("", "")
        self._compared: list[tuple[str, str, str]] = []
        self._found: Comparison | None = None
        self._later = QTimer(self, singleShot=True, interval=150)
        self._later.timeout.connect(self.show)
        pane.chosen.connect(self._chosen)
        pane.moved_requested.connect(self._select_moved)
        pane.maps.image_chosen.connect(lambda image_id: services.session.select([image_id]))
        services.session.selection_changed.connect(self._ring)

    def close(self) -> None:
        """Stop comparing."""
        self._later.stop()
        self._services.session.selection_changed.disconnect(self._ring)

    def set_rows(self, rows: Sequence[RunRow]) -> None:
        """The trainings of the project, newest first."""
        self._rows = {row.run_id: row for row in rows if row.state == RunState.SUCCEEDED}
        self._later.start()

    def changed(self) -> None:
        """Another section is in front."""
        self._later.start()

    def show(self) -> None:
        """Compare, if it is looked at."""
        if not self._pane.isVisible():
            return
        names = [*self._rows, *self._starts]
        self._choice = _settled(self._choice, names)
        titles = [(name, self._title(name)) for name in names]
        self._pane.set_sources(titles, *self._choice)
        self._services.background.run(self._read, self._choice, done=self._take, key="compare runs")

    def _title(self, name: str) -> str:
        row = self._rows.get(name)
        if row is None:
            return texts.STARTS.get(name, name)
        return f"{name}: {what(PretrainSpec.model_validate_json(row.spec_json))}"

    def _read(self, choice: tuple[str, str]) -> tuple[Any, ...]:
        """Stories and files of both, and which starts have embeddings; in a thread."""
        starts = tuple(name for name in texts.STARTS if self._embedded(name))
        stories = [self._story(name) for name in choice]
        try:
            files = [comparison_files(self._project, name) for name in choice] if all(choice) else []
        except SSLStudioError as error:
            return choice, starts, stories, [], f"{error.message} {texts.NOT_YET}"
        return choice, starts, stories, files, ""

    def _embedded(self, name: str) -> bool:
        try:
            resolve_embedding(self._project, name)
        except SSLStudioError:
            return False
        return True

    def _story(self, name: str) -> RunStory:
        story = RunStory()
        if name in self._rows:
            story.take(RunDirectory(self._project.run_dir(name)).events().events)
        return story

    def _take(self, read: tuple[Any, ...]) -> None:
        choice, starts, stories, files, problem = read
        if starts != self._starts:
            self._starts = starts
            self._later.start()
        self._show_curves(choice, stories)
        if files and files == self._compared:
            return  # compared already, or being compared
        self._compared, self._found = files, None
        if not files:
            self._pane.set_message(problem or texts.TWO_NEEDED)
            return
        self._pane.set_message(texts.WAITING)
        future: Future[Any] = self._services.compute.submit(COMPARE, *files)
        self._services.background.wait_for(
            future, done=lambda found: self._show_maps(choice, found), failed=self._failed, key="compare maps"
        )

    def _show_curves(self, choice: tuple[str, str], stories: Sequence[RunStory]) -> None:
        one, other = stories
        specs = [PretrainSpec.model_validate_json(self._rows[name].spec_json) for name in choice if name in self._rows]
        alike = len(specs) == 2 and (specs[0].task, specs[0].batch_size) == (specs[1].task, specs[1].batch_size)
        loss = (one.epoch_loss, other.epoch_loss) if alike else None
        epochs = max([story.retrieval[-1][0] for story in stories if story.retrieval], default=1.0)
        self._pane.set_curves(choice, (one.retrieval, other.retrieval), loss, epochs)

    def _show_maps(self, choice: tuple[str, str], found: Comparison) -> None:
        self._found = found
        share = float(found.kept.mean()) if len(found.kept) else 0.0
        self._pane.maps.set_maps(choice, found.ids, (found.first, found.second), found.groups)
        self._pane.set_message("", texts.kept(share, found.by_chance, found.images))
        self._ring(self._services.session.selection)

    def _failed(self, error: SSLStudioError) -> None:
        self._compared = []
        self._pane.set_message(f"{error.message} {error.hint}".strip())

    def _chosen(self, first: str, second: str) -> None:
        self._choice = (first, second)
        self.show()

    def _select_moved(self) -> None:
        if self._found is not None:
            order = self._found.kept.argsort(kind="stable")[:MOST_MOVED]
            self._services.session.select(self._found.ids[order].tolist())

    def _ring(self, selection: Set[int]) -> None:
        self._pane.maps.set_ringed(selection)


def _settled(choice: tuple[str, str], names: Sequence[str]) -> tuple[str, str]:
    """The choice while there is such, else the newest two; the older one first."""
    first, second = choice
    if first in names and second in names and first and second:
        return choice
    if len(names) < 2:
        return names[0] if names else "", ""
    return names[1], names[0]
