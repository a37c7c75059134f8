"""Trains and tests classifiers off the window's thread: one, or one for each network so that they can be compared."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal

from sslstudio.domain.split_plans import SplitPlan
from sslstudio.errors import SSLStudioError
from sslstudio.gui.pages.page import Services
from sslstudio.session import judging, leaks
from sslstudio.session.leaks import Leaks


@dataclass(frozen=True)
class Trained:
    """What came of it: the new model, and why it could not be tested ("" when it was)."""

    model_id: str
    not_tested: str = ""


class Trainer(QObject):
    """``trained(list of Trained)`` when all are done, ``blocked(Leaks)`` when the split leaks and nothing was trained;
    ``busy_changed`` when work starts or ends, ``progressed(done, total)`` with each classifier."""

    trained = Signal(object)
    blocked = Signal(object)
    busy_changed = Signal()
    progressed = Signal(int, int)

    def __init__(self, services: Services, parent: QObject | None, plan: Callable[[], SplitPlan]) -> None:
        super().__init__(parent)
        self._services, self._plan = services, plan
        self.busy = False
        self._stopped = threading.Event()

    def train(self, embeddings: Sequence[str]) -> None:
        """Train one classifier on each of these embeddings, with the same labels and patients."""
        if self.busy or not embeddings:
            return
        self._stopped.clear()
        self._set_busy(True)
        self._services.background.run(self._work(list(embeddings), self._plan()), done=self._done, failed=self._failed)

    def stop(self) -> None:
        """Train no further classifier; nothing half done is kept."""
        self._stopped.set()

    def _work(self, embeddings: list[str], plan: SplitPlan) -> Callable[[], tuple[list[Trained], bool, Leaks]]:
        project, compute = self._services.session.project, self._services.compute

        def check() -> None:
            if self._stopped.is_set():
                raise SSLStudioError("The training was stopped.", code="cancelled")

        def told(done: int, total: int) -> None:
            check()
            self.progressed.emit(done, total)

        def work() -> tuple[list[Trained], bool, Leaks]:
            dealt_before = all(project.catalogue.parts().values())
            made: list[Trained] = []
            for embedding in embeddings:
                found = leaks.look(project, embedding, plan, compute=compute, check=check)
                if found.found:
                    return made, not dealt_before, found
                model_id = judging.fit(project, embedding, plan, compute=compute, progress=told)
                try:
                    if plan.way == "hold_out":
                        judging.evaluate(project, model_id, compute)
                    made.append(Trained(model_id))
                except SSLStudioError as error:
                    if error.code != "no_test_labels":
                        raise
                    made.append(Trained(model_id, error.message))
            return made, not dealt_before, Leaks()

        return work

    def _done(self, result: tuple[list[Trained], bool, Leaks]) -> None:
        made, newly_dealt, found = result
        self._set_busy(False)
        if newly_dealt:
            self._services.session.images_were_changed()
        self.blocked.emit(found)
        if made:
            self.trained.emit(made)

    def _failed(self, error: SSLStudioError) -> None:
        self._set_busy(False)
        if error.code == "cancelled":
            self._services.notify.info(error.message)
        else:
            self._services.notify.error(error)

    def _set_busy(self, busy: bool) -> None:
        self.busy = busy
        self.busy_changed.emit()
