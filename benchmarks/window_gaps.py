"""Measures how long the window's event loop is away while a real training uses every core and somebody works.

    python benchmarks/window_gaps.py [--seconds 60] [--patients 60] [--folder DIR]

Makes a project of synthetic studies, imports them and starts a training through the window, then walks through the
pages, selects, scrolls, filters and types. A timer of 5 ms in the window's thread notes every gap; the same timer in
an otherwise idle process beside it shows what the machine itself does to any program. Prints both, the step that was
under way at each of the longest gaps, and how much of a gap the window's thread computed itself, which hardly depends
on what else the machine does; exits 1 when a gap passes the limit and the machine is not the reason.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
TICK = 0.005
LIMIT_MS = 100.0
PAUSE_MS = 120


def idle_gaps(stop: Connection) -> None:
    """What the same timer shows in a process that does nothing: the longest gap in milliseconds."""
    stop.send(0.0)  # its own start, on a machine without a free core, would be taken for a gap of the window
    longest, last = 0.0, time.perf_counter()
    while not stop.poll(TICK):
        now = time.perf_counter()
        longest, last = max(longest, now - last), now
    stop.send(longest * 1000)


class Probe:
    """Notes the gaps between 5 ms ticks in the window's thread, and what was being done."""

    def __init__(self) -> None:
        from PySide6.QtCore import Qt, QTimer

        self.gaps: list[tuple[float, float, str]] = []
        """(milliseconds, those in which this thread computed, step)"""
        self.doing = "start"
        self._last = self._computed = 0.0
        self._timer = QTimer()
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(round(TICK * 1000))
        self._timer.timeout.connect(self._tick)

    def start(self) -> None:
        """Begin to measure."""
        self._last, self._computed = time.perf_counter(), time.thread_time()
        self._timer.start()

    def stop(self) -> None:
        """End."""
        self._timer.stop()

    def _tick(self) -> None:
        now, computed = time.perf_counter(), time.thread_time()
        self.gaps.append(((now - self._last) * 1000, (computed - self._computed) * 1000, self.doing))
        self._last, self._computed = now, computed


def use(window: Any) -> Iterator[tuple[str, Callable[[], object]]]:
    """What a person does, again and again: (what, how)."""
    from PySide6.QtCore import Qt
    from PySide6.QtTest import QTest
    from PySide6.QtWidgets import QAbstractScrollArea

    workspace = window.workspace
    ids = workspace.project.catalogue.image_ids()
    turn = 0
    while True:
        for page in ("data", "pretrain", "explore", "label", "classify", "export"):
            yield f"go to {page}", lambda page=page: window.show_page(page)
            for step in range(4):
                areas = [area for area in window.findChildren(QAbstractScrollArea) if area.isVisible()]
                for area in areas[:3]:
                    bar = area.verticalScrollBar()
                    value = bar.maximum() * (step + 1) // 4
                    yield f"scroll on {page}", lambda bar=bar, value=value: bar.setValue(value)
        chosen = ids[turn % len(ids)]
        yield "select an image", lambda chosen=chosen: workspace.session.select([chosen])
        yield "select many images", lambda every=1 + turn % 3: workspace.session.select(ids[::every])
        yield "open the palette", window.commands.show_palette
        palette = window.commands._palette
        yield "type in the palette", lambda palette=palette: QTest.keyClicks(palette.line, "go to d")
        yield "choose in the palette", lambda palette=palette: QTest.keyClick(palette.line, Qt.Key.Key_Return)
        yield "switch the detail", window.commands.toggle_expert
        yield "fold the inspector", window.commands.toggle_inspector
        turn += 1


def wait_until(app: Any, condition: Callable[[], bool], seconds: float) -> None:
    """Run the event loop until something holds; raises TimeoutError."""
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            raise TimeoutError("the window did not get there in time")
        app.processEvents()
        time.sleep(0.002)


def start_training(app: Any, view: Any) -> None:
    """Start a long training on the Pretrain page and wait for its first epoch."""
    wait_until(app, lambda: view.setup.start.reason == "", 60)
    view.setup.common.set_values({"epochs": 1000})
    view.setup.start_requested.emit()
    wait_until(app, lambda: view.run.head.state.text().startswith("Epoch"), 300)


def measure(folder: Path, seconds: float, patients: int) -> tuple[Probe, float]:
    """Set everything up, work for `seconds`, and return the gaps and those of an idle process."""
    from PySide6.QtCore import QEventLoop, QTimer

    from sslstudio.domain.specs import ImportSpec
    from sslstudio.gui import app as application
    from sslstudio.gui import theme
    from sslstudio.gui.preferences import Preferences
    from sslstudio.gui.window import MainWindow
    from sslstudio.session import workflow
    from sslstudio.session.project import Project
    from sslstudio.settings import Settings

    with multiprocessing.get_context("spawn").Pool(1) as pool:
        from sslstudio.importers.synthetic import write_studies

        pool.apply(write_studies, (folder / "studies",), {"patients": patients})
    app = application.create_application()
    theme.apply(app, "dark")
    window = MainWindow(Preferences(Settings(), folder / "settings.json"))
    window.show()
    window.attach(Project.create(folder / "gaps"))
    workspace = window.workspace
    assert workspace is not None
    project = workspace.project
    workspace.jobs.launch(lambda: workflow.prepare_import(project, [folder / "studies"], ImportSpec()))
    wait_until(app, lambda: project.catalogue.counts().images > 0 and not workspace.jobs.active(), 300)
    wait_until(app, lambda: len(workspace.made()) == 6, 60)
    window.show_page("pretrain")
    start_training(app, workspace.page("pretrain").widget)
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    idle = multiprocessing.get_context("spawn").Process(target=idle_gaps, args=(theirs,), daemon=True)
    idle.start()
    wait_until(app, ours.poll, 60)
    ours.recv()
    probe, steps = Probe(), use(window)

    def act() -> None:
        what, how = next(steps)
        probe.doing = what
        how()

    actor = QTimer()
    actor.timeout.connect(act)
    loop = QEventLoop()  # quitting the application would close the window
    QTimer.singleShot(round(seconds * 1000), loop.quit)
    probe.start()
    actor.start(PAUSE_MS)
    loop.exec()
    actor.stop()
    probe.stop()
    ours.send(True)
    quiet: float = ours.recv()
    for status in workspace.jobs.active():
        workspace.jobs.kill(status.run_id)
    wait_until(app, lambda: not workspace.jobs.active(), 60)
    window.close()
    return probe, quiet


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--patients", type=int, default=60)
    parser.add_argument("--folder", type=Path, help="keep the project here")
    options = parser.parse_args()
    if sys.platform == "linux" and "DISPLAY" not in os.environ and "WAYLAND_DISPLAY" not in os.environ:
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME"):
            os.environ[name] = home
        probe, quiet = measure(options.folder or Path(home), options.seconds, options.patients)
    ordered = sorted(probe.gaps, reverse=True)
    late = sum(gap > 50 for gap, _, _ in ordered)
    print(f"{len(ordered):,} ticks; longest gap {ordered[0][0]:.0f} ms, {late} over 50 ms")
    print(f"an idle process beside it: longest gap {quiet:.0f} ms; load {os.getloadavg()[0]:.1f}")
    print(f"the window's thread itself: at most {max(own for _, own, _ in ordered):.0f} ms between two ticks")
    for gap, own, doing in ordered[:12]:
        print(f"  {gap:6.0f} ms, {own:4.0f} ms of them its own, while: {doing}")
    return 0 if ordered[0][0] <= max(LIMIT_MS, 2 * quiet) else 1


if __name__ == "__main__":
    sys.exit(main())
