"""Trains and tests classifiers off the window's thread: one, or one for each network so that they can be compared."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal

from sslstudio.errors import SSLStudioError
from sslstudio.gui.pages.page import Services
from sslstudio.session import workflow


@dataclass(frozen=True)
class Trained:
    """What came of it: the new model, and why it could not be tested ("" when it was)."""

    model_id: str
    not_tested: str = ""


class Trainer(QObject):
    """``trained(list of Trained)`` when all are done; ``busy_changed`` when work starts or ends."""

    trained = Signal(object)
    busy_changed = Signal()

    def __init__(self, services: Services, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._services = services
        self.busy = False

    def train(self, embeddings: Sequence[str]) -> None:
        """Train one classifier on each of these embeddings, with the same labels and patients."""
        if self.busy or not embeddings:
            return
        self._set_busy(True)
        self._services.background.run(self._work(list(embeddings)), done=self._done, failed=self._failed)

    def _work(self, embeddings: list[str]) -> Callable[[], tuple[list[Trained], bool]]:
        project, compute = self._services.session.project, self._services.compute

        def work() -> tuple[list[Trained], bool]:
            dealt_before = all(project.catalogue.parts().values())
            made = []
            for embedding in embeddings:
                model_id = workflow.fit_linear(project, embedding, compute=compute)
                try:
                    workflow.evaluate(project, model_id, compute)
                    made.append(Trained(model_id))
                except SSLStudioError as error:
                    if error.code != "no_test_labels":
                        raise
                    made.append(Trained(model_id, error.message))
            return made, not dealt_before

        return work

    def _done(self, result: tuple[list[Trained], bool]) -> None:
        made, newly_dealt = result
        self._set_busy(False)
        if newly_dealt:
            self._services.session.images_were_changed()
        self.trained.emit(made)

    def _failed(self, error: SSLStudioError) -> None:
        self._set_busy(False)
        self._services.notify.error(error)

    def _set_busy(self, busy: bool) -> None:
        self.busy = busy
        self.busy_changed.emit()
