"""The archive that the PACS tests talk to: Orthanc from Debian's or Ubuntu's packages, which is optional.

The tests start the program themselves, privately and on loopback. Its packages would also start it as a service of the
computer, now and at every boot: that is prevented, and an Orthanc that somebody had before is left alone.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Sequence

from installer.console import run, say
from installer.system_libraries import administrator, apt_install

PACKAGES = ("orthanc", "orthanc-dicomweb")
PROGRAMS = ("/usr/sbin/Orthanc", "/usr/bin/Orthanc")
PLUGIN = "/usr/share/orthanc/plugins/libOrthancDicomWeb.so"
SERVICE = "orthanc.service"
SYSTEMD = "/run/systemd/system"
GAVE_UP = Path(__file__).resolve().parents[1] / ".setup" / "no-orthanc"
"""Remembers that this computer has no such packages, so that later runs do not look for them again."""


def present() -> bool:
    """Whether the program and its DICOMweb plugin are there."""
    return has_program() and Path(PLUGIN).exists()


def has_program() -> bool:
    """Whether the program is there, with or without the plugin."""
    return shutil.which("Orthanc") is not None or any(Path(place).exists() for place in PROGRAMS)


def ensure() -> None:
    """Install it where nobody must be asked; else say that its tests will be skipped. Never stops the set-up."""
    if present() or GAVE_UP.exists() or not sys.platform.startswith("linux"):
        return
    prefix = administrator() if shutil.which("apt-get") else None
    if prefix is None:
        say("the PACS tests will be skipped: they need " + " and ".join(PACKAGES) + " (Debian, Ubuntu)")
        return
    ours = not has_program()
    masked = ours and Path(SYSTEMD).is_dir() and _quietly(prefix, "systemctl", "mask", SERVICE)
    try:
        installed = apt_install(PACKAGES)
    finally:
        if masked:
            _quietly(prefix, "systemctl", "unmask", SERVICE)
    if ours and installed:
        _leave_no_service(prefix)
    if not installed:
        say("the PACS tests will be skipped: the packages could not be installed")
        GAVE_UP.parent.mkdir(exist_ok=True)
        GAVE_UP.write_text("Remove this file to have them looked for again.\n", encoding="utf-8")


def _leave_no_service(prefix: Sequence[str]) -> None:
    """Neither running now nor started at boot."""
    if Path(SYSTEMD).is_dir():
        _quietly(prefix, "systemctl", "disable", "--now", SERVICE)
    else:
        _quietly(prefix, "invoke-rc.d", "orthanc", "stop")
    _quietly(prefix, "update-rc.d", "orthanc", "disable")


def _quietly(prefix: Sequence[str], *command: str) -> bool:
    """Run a command as administrator if there is one of that name; True when it went well."""
    return shutil.which(command[0]) is not None and run([*prefix, *command], aside=True) == 0
