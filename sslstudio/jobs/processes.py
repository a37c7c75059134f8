"""Which process is that: start times, liveness and ending of process groups; apart because each system differs.

A process id alone names nobody: the system hands it out again. A pid with the start time of its process does.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

NICENESS = 10
"""Of a job: beside a window that is used it gets about a tenth of a core it shares with it, else everything."""
NICENESS_VARIABLE = "SSLSTUDIO_JOB_NICENESS"
"""Another niceness, 0 to 19, for a machine whose other users would leave a job nothing."""


def start_time(pid: int) -> str:
    """When the process `pid` started, as an opaque text to compare; "" when there is no such process.

    A process that has ended and waits to be reaped counts as gone.
    """
    if pid <= 0:
        return ""
    if sys.platform == "win32":
        return _start_time_windows(pid)
    if sys.platform.startswith("linux"):
        return _start_time_linux(pid)
    return _start_time_ps(pid)


def same_process(pid: int, started: str) -> bool:
    """True when process `pid` runs and is the one that started at `started`."""
    return bool(started) and start_time(pid) == started


def terminate_group(pid: int, *, force: bool) -> None:
    """Ask the process group led by `pid` to end, or end it (`force`). Nothing happens when it is gone already.

    The caller has made sure with `same_process` that `pid` is who it thinks.
    """
    if sys.platform == "win32":
        # There is no polite way on Windows: the cancel file is the polite way. /T takes the children too.
        if force:
            system = Path(os.environ.get("SYSTEMROOT", r"C:\Windows")) / "System32" / "taskkill.exe"
            subprocess.run([system, "/PID", str(pid), "/T", "/F"], capture_output=True, check=False)
        return
    chosen = signal.SIGKILL if force else signal.SIGTERM
    with contextlib.suppress(ProcessLookupError, PermissionError):
        # Only a worker that leads its own group takes its children along; never the group of our caller.
        if os.getpgid(pid) == pid and force:
            os.killpg(pid, chosen)
        else:
            os.kill(pid, chosen)


def yield_to_the_window(pid: int) -> None:
    """Let the process `pid`, which leads a session of its own, and its children to come give way to what the user sees.

    Linux schedules sessions against each other where it groups them (sched(7), "The autogroup feature"): there the
    niceness of a process counts within its session alone, and the session has one of its own. On Windows the launcher
    says the priority when it starts the process. What the system forbids stays as it is.
    """
    if sys.platform == "win32":
        return
    wanted = os.environ.get(NICENESS_VARIABLE, "")
    niceness = min(int(wanted), 19) if wanted.isascii() and wanted.isdigit() else NICENESS
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, pid, max(niceness, os.getpriority(os.PRIO_PROCESS, pid)))
    with contextlib.suppress(OSError):
        Path(f"/proc/{pid}/autogroup").write_text(str(niceness), encoding="ascii")


def _start_time_linux(pid: int) -> str:
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    fields = text.rpartition(")")[2].split()  # the name before ")" may hold anything
    return "" if fields[0] in "ZX" else f"ticks:{fields[19]}"


def _start_time_ps(pid: int) -> str:
    command = ["/bin/ps", "-o", "stat=,lstart=", "-p", str(pid)]
    found = subprocess.run(command, capture_output=True, text=True, check=False, env={"LC_ALL": "C"})
    status, _, started = found.stdout.strip().partition(" ")
    return "" if not started or status.startswith("Z") else " ".join(started.split())


def _start_time_windows(pid: int) -> str:
    if sys.platform != "win32":
        return ""
    import ctypes
    from ctypes import wintypes

    kernel = ctypes.WinDLL("kernel32", use_last_error=True)
    kernel.OpenProcess.restype = wintypes.HANDLE
    handle = kernel.OpenProcess(0x1000, False, pid)  # PROCESS_QUERY_LIMITED_INFORMATION
    if not handle:
        return ""
    try:
        code = wintypes.DWORD()
        created, ended, in_kernel, in_user = (wintypes.FILETIME() for _ in range(4))
        still_active = 259
        if not kernel.GetExitCodeProcess(wintypes.HANDLE(handle), ctypes.byref(code)) or code.value != still_active:
            return ""
        times = [ctypes.byref(value) for value in (created, ended, in_kernel, in_user)]
        if not kernel.GetProcessTimes(wintypes.HANDLE(handle), *times):
            return ""
        return f"filetime:{(created.dwHighDateTime << 32) + created.dwLowDateTime}"
    finally:
        kernel.CloseHandle(wintypes.HANDLE(handle))
