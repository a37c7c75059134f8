"""What holds for tests that decode in this process: pydicom says as little as in a decode worker."""

from __future__ import annotations

import logging

import pytest


@pytest.fixture(autouse=True)
def _pydicom_is_quiet(caplog: pytest.LogCaptureFixture) -> None:
    """As `decode_worker` has it; set back when the test ends."""
    caplog.set_level(logging.CRITICAL + 1, "pydicom")
