"""Measures a cold start: from starting the program to the first painted frame of its window, in a fresh process.

    python benchmarks/first_window.py [--runs 5] [--cold]

`--cold` also drops Python's compiled files (a first start ever). Works on a screen, under Xvfb and offscreen. Prints
one line a start and the median; exits 1 when the median passes the limit.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LIMIT_SECONDS = 2.0

CHILD = """
import sys, time
from PySide6.QtCore import QEvent, QObject, QTimer
from sslstudio.gui import app, window

class FirstFrame(QObject):
    def eventFilter(self, watched, event):
        if event.type() == QEvent.Type.Paint and not self.property("seen"):
            self.setProperty("seen", True)
            QTimer.singleShot(0, self.report)
        return False
    def report(self):
        heavy = [name for name in ("torch", "numpy", "pyqtgraph", "pydicom", "sklearn", "scipy") if name in sys.modules]
        print(time.time(), ",".join(heavy) or "none", flush=True)
        self.window.close()

make = window.MainWindow
def watched(*arguments):
    made = make(*arguments)
    watcher = FirstFrame(made)
    watcher.window = made
    made.centralWidget().installEventFilter(watcher)
    return made
app.MainWindow = watched
sys.exit(app.main(None, False))
"""


def start_once(environment: dict[str, str]) -> tuple[float, float, str]:
    """Seconds to the first frame, processor seconds of the whole start, and which heavy libraries were loaded."""
    begun, used = time.time(), os.times()
    done = subprocess.run(
        [sys.executable, "-c", CHILD], capture_output=True, text=True, cwd=ROOT, env=environment, timeout=60, check=True
    )
    at, heavy = done.stdout.split()[:2]
    after = os.times()
    work = after.children_user - used.children_user + after.children_system - used.children_system
    return float(at) - begun, work, heavy


def main() -> int:
    """Run the starts and print them."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--cold", action="store_true", help="without Python's compiled files")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        environment = {**os.environ, "XDG_CONFIG_HOME": home, "XDG_STATE_HOME": home, "XDG_DATA_HOME": home}
        if "DISPLAY" not in environment and "WAYLAND_DISPLAY" not in environment and sys.platform == "linux":
            environment.setdefault("QT_QPA_PLATFORM", "offscreen")
        times = []
        for number in range(options.runs):
            if options.cold:
                environment["PYTHONPYCACHEPREFIX"] = str(Path(home) / f"cache-{number}")
            seconds, work, heavy = start_once(environment)
            times.append(seconds)
            print(f"start {number + 1}: {seconds:.2f} s, of the processor {work:.2f} s (heavy libraries: {heavy})")
    median = statistics.median(times)
    print(f"median {median:.2f} s, slowest {max(times):.2f} s, limit {LIMIT_SECONDS:.1f} s")
    return 0 if median <= LIMIT_SECONDS else 1


if __name__ == "__main__":
    sys.exit(main())
