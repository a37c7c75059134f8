"""What holds for every test: no screen, no touch of the user's settings, fixed seeds, and silence in the logs."""

from __future__ import annotations

import logging
import os
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from tests.fakes.orthanc import Orthanc

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("PYTEST_QT_API", "pyside6")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # idle threads sleep: the tests beside this one want the core
os.environ.setdefault("SSLSTUDIO_JOB_NICENESS", "0")  # a test waits for its job, which others would starve

ROOT = Path(__file__).resolve().parents[1]
SHARED_DATA = ROOT.parent / "shared" / "data"
USER_FOLDERS = ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "APPDATA", "LOCALAPPDATA")

settings.register_profile(
    "sslstudio", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
settings.load_profile("sslstudio")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with slow tests come first, those with few tests before others: none is left to run alone at the end."""
    tests = Counter(item.path for item in items)
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: (item.path not in slow, tests[item.path] if item.path in slow else 0))


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real images beside the checkout; a test that asks for it is skipped where there is none."""
    if not SHARED_DATA.is_dir():
        pytest.skip("needs the shared test data folder (../shared/data), which is not part of the product")
    return SHARED_DATA


@pytest.fixture(scope="session", autouse=True)
def _private_cache() -> Iterator[None]:
    """One cache folder for the whole run, so that no test reads or fills the user's."""
    with tempfile.TemporaryDirectory(prefix="sslstudio-tests-", ignore_cleanup_errors=True) as folder:
        patch = pytest.MonkeyPatch()
        patch.setenv("XDG_CACHE_HOME", folder)
        yield
        patch.undo()


@pytest.fixture(scope="session")
def orthanc(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Orthanc]:
    """A real archive on loopback that holds two invented patients and two compressed images; see tests/fakes."""
    from tests.fakes import orthanc as server

    if missing := server.missing():
        pytest.skip(missing)
    archive = server.Orthanc(tmp_path_factory.mktemp("orthanc")).start()
    server.fill(archive)
    yield archive
    archive.kill()


@pytest.fixture(autouse=True)
def _private_settings(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings and data folders of the user point to an empty place, for this process and its children."""
    folder = tmp_path_factory.mktemp("user")
    for name in USER_FOLDERS:
        monkeypatch.setenv(name, str(folder / name.lower()))


@pytest.fixture(autouse=True)
def _fixed_seeds() -> None:
    """The same random numbers in every run, for the libraries that are loaded."""
    random.seed(0)
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed(0)
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(0)


@pytest.fixture(autouse=True)
def _no_stray_logs(request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """A log record of WARNING or above fails the test, unless it is marked `logs_warnings` and looks at it itself."""
    yield
    if request.node.get_closest_marker("logs_warnings"):
        return
    records = [record for when in ("setup", "call") for record in caplog.get_records(when)]
    stray = [f"{record.name}: {record.getMessage()}" for record in records if record.levelno >= logging.WARNING]
    if stray:
        pytest.fail("stray log records: " + "; ".join(stray), pytrace=False)
