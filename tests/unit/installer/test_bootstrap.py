"""The set-up's own logic, installing nothing: old Pythons, missing libraries, failures, the order of the checks."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from installer import bootstrap, checks, console, environment, journey, pacs_server, system_libraries
from installer.console import SetupError


def test_every_file_is_readable_by_the_pythons_it_may_meet(root: Path) -> None:
    for path in (root / "installer").glob("*.py"):
        oldest = (3, 6) if path.name == "bootstrap.py" else (3, 8)
        ast.parse(path.read_text(encoding="utf-8"), feature_version=oldest)


def test_nothing_but_the_standard_library_is_needed(root: Path) -> None:
    program = "import sys; sys.path.insert(0, sys.argv[1]); import installer.journey; print(*sys.modules)"
    command = [sys.executable, "-I", "-S", "-c", program, str(root)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    top = {name.split(".")[0] for name in done.stdout.split()}
    assert top - set(sys.stdlib_module_names) <= {"installer", "__main__"}


def test_help_and_wrong_calls(capsys: pytest.CaptureFixture[str]) -> None:
    assert bootstrap.main(["--help"]) == 0
    assert bootstrap.main([]) == 2
    assert bootstrap.main(["fly"]) == 2
    captured = capsys.readouterr()
    assert captured.out.count("bootstrap.py test") == 1
    assert captured.err.count("bootstrap.py test") == 2


def test_an_old_python_is_told_what_to_do(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(bootstrap.sys, "version_info", (3, 7, 0))
    assert bootstrap.main(["demo"]) == 1
    assert "3.11, 3.12 or 3.13" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("command", "arguments", "window"),
    [
        ("demo", [], True),
        ("demo", ["--headless"], False),
        ("demo", ["--help"], False),
        ("run", [], True),
        ("run", ["open", "x.sslproj"], True),
        ("run", ["import", "x.sslproj", "images"], False),
    ],
)
def test_the_desktops_libraries_are_asked_for_only_where_a_window_opens(
    command: str, arguments: list[str], window: bool
) -> None:
    assert journey.opens_window(command, arguments) is window


def test_a_set_up_that_cannot_go_on_says_why_and_what_to_do(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> None:
        raise SetupError("The disk is full.", "Free some space.")

    monkeypatch.setattr(environment, "ensure", fail)
    assert journey.travel("run", ["doctor"]) == 1
    captured = capsys.readouterr()
    assert captured.err == "Set-up stopped: The disk is full.\nFree some space.\n"
    assert captured.out == ""


def test_each_command_runs_what_it_names(monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[list[str]] = []

    def remember(command: Sequence[console.Argument]) -> int:
        ran.append([str(part) for part in command[1:]])
        return 7

    monkeypatch.setattr(environment, "ensure", lambda: None)
    monkeypatch.setattr(journey, "run", remember)
    assert journey.travel("demo", ["--headless"]) == 7
    assert journey.travel("run", ["doctor", "--json"]) == 7
    assert ran == [["-m", "sslstudio", "demo", "--headless"], ["-m", "sslstudio", "doctor", "--json"]]


class Missing:
    """A machine that lacks some libraries until its administrator installs their packages."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, may_install: bool) -> None:
        self.installed: list[str] = []
        monkeypatch.setattr(sys, "platform", "linux")
        monkeypatch.setattr(system_libraries, "_loads", self.loads)
        monkeypatch.setattr(system_libraries, "_has_fonts", lambda: True)
        monkeypatch.setattr(system_libraries.shutil, "which", lambda name: f"/usr/bin/{name}")
        monkeypatch.setattr(system_libraries, "administrator", lambda: [] if may_install else None)
        monkeypatch.setattr(system_libraries, "run", self.run)

    def loads(self, soname: str) -> bool:
        return soname not in ("libEGL.so.1", "libxcb-cursor.so.0") or bool(self.installed)

    def run(self, command: Sequence[console.Argument], *_: object, **__: object) -> int:
        if "install" in command:
            self.installed += [str(part) for part in command[command.index("--no-install-recommends") + 1 :]]
        return 0


def test_missing_libraries_are_installed_where_nobody_must_be_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Missing(monkeypatch, may_install=True)
    system_libraries.ensure(for_tests=False)
    assert machine.installed == ["libegl1", "libxcb-cursor0"]


def test_else_the_exact_packages_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    Missing(monkeypatch, may_install=False)
    with pytest.raises(SetupError) as problem:
        system_libraries.ensure(for_tests=False)
    assert "sudo apt-get install libegl1 libxcb-cursor0" in problem.value.hint


def test_an_unknown_machine_is_told_the_packages_of_each_known_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system_libraries.shutil, "which", lambda name: None)
    text = system_libraries.install_command([system_libraries.WINDOW[1], system_libraries.SCREEN])
    assert "apt-get install libegl1 xvfb" in text
    assert "dnf install mesa-libEGL xorg-x11-server-Xvfb" in text
    assert "pacman -S libglvnd xorg-server-xvfb" in text


def test_the_tests_need_a_virtual_screen_too(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Missing(monkeypatch, may_install=True)
    machine.installed.append("all libraries")
    monkeypatch.setattr(system_libraries.shutil, "which", lambda name: None)
    assert system_libraries.missing(for_tests=True) == [system_libraries.SCREEN]
    assert system_libraries.missing(for_tests=False) == []


class NoArchive:
    """A machine without Orthanc; `works` says whether its package manager has it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, folder: Path, *, works: bool, had_it: bool = False) -> None:
        self.installed: list[str] = []
        self.ran: list[str] = []
        self._works, self._had_it = works, had_it
        monkeypatch.setattr(sys, "platform", "linux")
        monkeypatch.setattr(pacs_server, "GAVE_UP", folder / ".setup" / "no-orthanc")
        monkeypatch.setattr(pacs_server, "SYSTEMD", str(folder))
        monkeypatch.setattr(pacs_server, "has_program", lambda: self._had_it or bool(self.installed))
        monkeypatch.setattr(pacs_server, "present", lambda: bool(self.installed))
        monkeypatch.setattr(pacs_server.shutil, "which", lambda name: f"/usr/bin/{name}")
        monkeypatch.setattr(pacs_server, "administrator", lambda: ["sudo", "-n"])
        monkeypatch.setattr(pacs_server, "apt_install", self.install)
        monkeypatch.setattr(pacs_server, "run", self.run)

    def install(self, packages: Sequence[str]) -> bool:
        self.ran.append("apt-get")
        self.installed += packages if self._works else ()
        return self._works

    def run(self, command: Sequence[console.Argument], *_: object, **__: object) -> int:
        self.ran.append(" ".join(map(str, command[2:])))
        return 0


def test_the_archive_of_the_tests_is_installed_but_never_a_service(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    machine = NoArchive(monkeypatch, tmp_path, works=True)
    pacs_server.ensure()
    pacs_server.ensure()
    assert machine.installed == ["orthanc", "orthanc-dicomweb"]
    assert machine.ran == [
        *("systemctl mask orthanc.service", "apt-get", "systemctl unmask orthanc.service"),
        *("systemctl disable --now orthanc.service", "update-rc.d orthanc disable"),
    ]


def test_an_archive_somebody_had_before_stays_as_it_was(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    machine = NoArchive(monkeypatch, tmp_path, works=True, had_it=True)
    pacs_server.ensure()
    assert machine.ran == ["apt-get"]


def test_a_machine_without_such_packages_is_not_asked_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    machine = NoArchive(monkeypatch, tmp_path, works=False)
    pacs_server.ensure()
    pacs_server.ensure()
    assert machine.ran.count("apt-get") == 1 and machine.ran[-1] == "systemctl unmask orthanc.service"
    assert "PACS tests will be skipped" in capsys.readouterr().err
    monkeypatch.setattr(pacs_server, "GAVE_UP", tmp_path / "none")
    monkeypatch.setattr(pacs_server, "administrator", lambda: None)
    pacs_server.ensure()
    assert "orthanc and orthanc-dicomweb" in capsys.readouterr().err


@pytest.mark.parametrize(("text", "fits"), [("uv 0.13.9 (x)", True), ("uv 0.5.0", False), ("", False), (None, False)])
def test_an_old_uv_is_passed_over(monkeypatch: pytest.MonkeyPatch, text: str | None, fits: bool) -> None:
    monkeypatch.setattr(environment, "output_of", lambda command: text)
    assert environment._uv_fits(Path("uv")) is fits


def test_a_complete_environment_is_left_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    record = tmp_path / "record.json"
    monkeypatch.setattr(environment, "RECORD", record)
    monkeypatch.setattr(environment, "_python_version", lambda interpreter: "3.12.1")
    state = {"inputs": environment._inputs("locked"), "torch": "locked", "python": "3.12.1"}
    record.write_text(json.dumps(state), encoding="utf-8")
    monkeypatch.setattr(environment, "torch_backend", lambda: "locked")
    monkeypatch.setattr(environment, "find_uv", lambda: pytest.fail("looked for uv"))
    environment.ensure()


def test_another_lock_python_or_build_is_installed_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    installed = []
    monkeypatch.setattr(environment, "RECORD", tmp_path / "record.json")
    monkeypatch.setattr(environment, "_python_version", lambda interpreter: "3.12.1")
    monkeypatch.setattr(environment, "find_uv", lambda: Path("uv"))
    monkeypatch.setattr(environment, "_install", lambda uv, backend: installed.append(backend))
    for backend in ("locked", "locked", "auto"):
        monkeypatch.setattr(environment, "torch_backend", lambda found=backend: found)
        environment.ensure()
    assert installed == ["locked", "auto"]


def test_a_mirror_set_for_pip_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "mirror")
    monkeypatch.setenv("VIRTUAL_ENV", "elsewhere")
    monkeypatch.delenv("UV_INDEX_URL", raising=False)
    monkeypatch.delenv("UV_DEFAULT_INDEX", raising=False)
    env = console.installer_environment()
    assert env["UV_DEFAULT_INDEX"] == "mirror"
    assert "VIRTUAL_ENV" not in env


def test_all_checks_run_and_any_failure_fails_the_whole(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    ran: list[str] = []
    failing: set[str] = set()

    def pretend(command: Sequence[console.Argument], *_: object) -> int:
        words = [Path(part).name if isinstance(part, Path) else part for part in command]
        ran.append(" ".join(words))
        return int(any(name in ran[-1] for name in failing))

    monkeypatch.setattr(checks, "run", pretend)
    monkeypatch.chdir(tmp_path)
    assert checks.run_all(["-k", "x"]) == 0
    assert [line.split(" -")[0] for line in ran] == ["ruff check .", "ruff format", "lint-imports", "python", "python"]
    assert ran[-1].endswith("--dist loadfile --no-loadscope-reorder -k x")
    for name in ("ruff check", "mypy", "pytest"):
        ran.clear()
        failing = {name}
        assert checks.run_all([]) == 1
        assert len(ran) == 5


def test_test_processes_share_the_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    for cores, workers, threads in ((1, 1, "1"), (2, 2, "1"), (16, 4, "4")):
        monkeypatch.setattr(checks.os, "cpu_count", lambda found=cores: found)
        monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
        assert checks.workers() == workers
        assert checks.test_environment()["OMP_NUM_THREADS"] == threads
