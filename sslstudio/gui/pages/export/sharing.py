"""What the sharing check and the report do: each a child process, so that the window never waits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

from PySide6.QtCore import QObject, SignalInstance
from PySide6.QtGui import QGuiApplication

from sslstudio.gui.pages.export import texts
from sslstudio.gui.pages.export.command_process import CommandProcess
from sslstudio.gui.pages.export.packages import Package
from sslstudio.gui.pages.page import Services
from sslstudio.session import sharing


class PassingOnView(Protocol):
    """The part of the Export view that is about passing on."""

    check_requested: SignalInstance
    anyway_requested: SignalInstance
    refused: SignalInstance
    report_requested: SignalInstance
    words_requested: SignalInstance

    def set_checked(self, words: str, role: str, findings: Any = ()) -> None: ...
    def set_question(self, asked: bool) -> None: ...
    def set_busy(self, busy: bool) -> None: ...
    def set_written(self, words: str, role: str) -> None: ...


class Sharing(QObject):
    """`package` answers what is in hand, `copy` saves a copy of it into a folder."""

    def __init__(
        self,
        services: Services,
        view: PassingOnView,
        package: Callable[[], Package | None],
        copy: Callable[[str], None],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._services, self._view, self._package, self._copy = services, view, package, copy
        self._process = CommandProcess(self)
        self._then: Callable[[dict[str, Any]], None] = lambda result: None
        self._failed: Callable[[str], None] = lambda words: None
        self._waiting = ""
        self._later: list[Path] = []
        self._process.ended.connect(self._ended)
        self._process.failed.connect(self._broke)
        view.check_requested.connect(self._check)
        view.anyway_requested.connect(self._anyway)
        view.refused.connect(self._refuse)
        view.report_requested.connect(self._report)
        view.words_requested.connect(self._copy_words)

    def close(self) -> None:
        """End what is under way."""
        self._process.stop()

    def show(self, package: Package) -> None:
        """Say what the check of a package found when it was exported."""
        self._waiting = ""
        self._view.set_question(False)
        if package.sharing is None:
            self._view.set_checked(texts.NOT_CHECKED, "muted")
        else:
            self._say(package.sharing)

    def send(self, folder: str) -> None:
        """Save a copy if nothing was found; else ask, after showing what it is."""
        package = self._package()
        if package is None or self._process.running:
            return
        if package.sharing is not None and sharing.is_clean(package.sharing):
            self._copy(folder)
        else:
            self._waiting = folder
            self._check()

    def look_at(self, paths: Sequence[Path]) -> None:
        """Search files that were just written where the user wanted them, once nothing else is under way."""
        self._waiting = ""
        self._later = list(paths)
        self._go_on()

    def _go_on(self) -> None:
        if self._later and not self._process.running:
            paths, self._later = self._later, []
            self._search(paths)

    def _check(self) -> None:
        package = self._package()
        if package is not None:
            self._search([package.folder, package.folder.with_name(f"{package.key}.zip")])

    def _search(self, paths: Sequence[Path]) -> None:
        project = str(self._services.session.project.path)
        roots = [str(path) for path in paths if path.exists()]
        self._view.set_checked(texts.CHECKING, "muted")
        self._start(["share-check", *roots, "--project", project], self._checked, self._not_checked)

    def _checked(self, result: dict[str, Any]) -> None:
        self._say(result)
        if self._waiting and not sharing.is_clean(result):
            self._view.set_question(True)
        elif self._waiting:
            self._anyway()

    def _not_checked(self, words: str) -> None:
        self._waiting = ""
        self._view.set_checked(words, "danger")

    def _say(self, counts: dict[str, Any]) -> None:
        clean = sharing.is_clean(counts)
        rows = [
            (one["file"], sharing.kind_in_words(one["kind"]), one["where"], one["masked"])
            for one in counts.get("findings", ())
        ]
        words = sharing.said(counts)
        if self._waiting and not clean:
            words = f"{words} {texts.ASK}"
        self._view.set_checked(words, "ok" if clean else "danger", rows)

    def _anyway(self) -> None:
        folder, self._waiting = self._waiting, ""
        self._view.set_question(False)
        if folder:
            self._copy(folder)

    def _refuse(self) -> None:
        self._waiting = ""
        self._view.set_question(False)
        self._services.notify.info(texts.REFUSED)

    def _report(self, file: str) -> None:
        self._view.set_written(texts.WRITING_REPORT, "muted")
        self._start(
            ["report", str(self._services.session.project.path), "-o", file],
            lambda result: self._view.set_written(
                f"Written: {Path(file).name}. {sharing.said(result['sharing'])}", "ok"
            ),
            lambda words: self._view.set_written(words, "danger"),
        )

    def _copy_words(self, key: str) -> None:
        def copy(result: dict[str, Any]) -> None:
            QGuiApplication.clipboard().setText(str(result[key]) + "\n")
            self._services.notify.info(texts.COPIED)

        project = str(self._services.session.project.path)
        self._start(["report", project], copy, lambda words: self._view.set_written(words, "danger"))

    def _start(
        self, arguments: list[str], then: Callable[[dict[str, Any]], None], failed: Callable[[str], None]
    ) -> None:
        if not self._process.running:
            self._then, self._failed = then, failed
            self._view.set_busy(True)
            self._process.start(arguments)

    def _ended(self, result: dict[str, Any]) -> None:
        self._view.set_busy(False)
        self._then(result)
        self._go_on()

    def _broke(self, words: str) -> None:
        self._view.set_busy(False)
        self._failed(words)
        self._go_on()
