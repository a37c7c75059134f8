"""Starts and follows the pre-flight, says what it found, and puts settings that fit into the panel."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QObject

from sslstudio.domain.runs import RunState
from sslstudio.domain.specs import PretrainSpec
from sslstudio.errors import SSLStudioError
from sslstudio.gui.pages.page import Services
from sslstudio.gui.pages.pretrain import trial_texts as texts
from sslstudio.gui.pages.pretrain.setting_up import SettingUp
from sslstudio.gui.pages.pretrain.texts import seen_by
from sslstudio.gui.pages.pretrain.trial_panel import TrialPanel
from sslstudio.session import workflow

STAGE = "preflight"


class TrialPresenter(QObject):
    """Keeps a `TrialPanel` in step with its runs; `changed` is for settings that are others now."""

    def __init__(self, services: Services, panel: TrialPanel, setting_up: SettingUp) -> None:
        super().__init__(panel)
        self._services, self._panel, self._setting_up = services, panel, setting_up
        self._run = ""
        self._launching = False
        self._tried: PretrainSpec | None = None
        self._result: dict[str, Any] = {}
        panel.try_requested.connect(self._try)
        panel.stop_requested.connect(lambda: services.jobs.cancel(self._run))
        panel.take_requested.connect(self._take)
        services.jobs.followed.connect(self._followed)
        services.jobs.changed.connect(self._changed)

    @property
    def running(self) -> bool:
        """Whether a trial is under way."""
        return self._launching or self._services.jobs.busy_with(STAGE) is not None

    def changed(self, reason: str) -> None:
        """Settings may be others now; `reason` says why none can be tried, or ""."""
        self._panel.set_reason(reason)
        if self._result and not self.running:
            self._show()

    def _try(self, fit: bool) -> None:
        project, spec = self._services.session.project, self._setting_up.specification()
        self._launching, self._tried, self._result = True, spec, {}
        self._panel.set_running(True)
        self._services.jobs.launch(lambda: workflow.prepare_preflight(project, spec, fit=fit), failed=self._not_started)

    def _not_started(self, error: SSLStudioError) -> None:
        self._launching = False
        self._panel.set_running(False)
        self._panel.set_result("warning", error.message, (error.hint,) if error.hint else ())

    def _followed(self, run_id: str) -> None:
        status = self._services.jobs.status(run_id)
        if status is not None and status.stage == STAGE:
            self._run, self._launching = run_id, False
            self._panel.set_running(True)

    def _changed(self, run_id: str) -> None:
        status = self._services.jobs.status(run_id)
        if (
            run_id != self._run
            or status is None
            or not status.state.final
            or not self._panel.bar.isVisibleTo(self._panel)
        ):
            return
        if status.state == RunState.SUCCEEDED and not status.adopted:
            return
        self._panel.set_running(False)
        if status.state == RunState.SUCCEEDED:
            self._result = dict(status.result)
            self._show()
        elif status.state == RunState.CANCELLED:
            self._panel.set_result("muted", texts.STOPPED, ())
        else:
            failed = status.failure
            words = f"{failed.message} {failed.hint}".strip() if failed is not None else texts.ENDED
            self._panel.set_result("warning", words, ())

    def _show(self) -> None:
        found = self._result
        fits, changed = bool(found.get("fits")), dict(found.get("changed") or {})
        stale = self._tried != self._setting_up.specification()
        if not fits:
            role, title = "warning", texts.FITS_NOT
        elif not found.get("disk_suffices", True):
            role, title = "warning", texts.NO_DISK
        else:
            role, title = "ok", texts.CHANGED if changed else texts.FITS
        if stale:
            role, title = "muted", f"{texts.OTHERS}{title[:1].lower()}{title[1:]}"
        lines = [str(sentence) for sentence in found.get("sentences", ())]
        if rate := found.get("images_per_second"):
            tried = dict(found.get("spec") or {})
            lines.append(texts.speed_line(float(rate), seen_by(str(tried.get("backbone", "")))))
        lines += filter(None, (texts.changed_line(changed),))
        self._panel.set_result(role, title, lines, fit=not fits and not stale, take=bool(changed) and not stale)

    def _take(self) -> None:
        changed = dict(self._result.get("changed") or {})
        self._setting_up.take(changed)
        self._tried = self._setting_up.specification()
        self._result = {**self._result, "changed": {}}
        self._show()
