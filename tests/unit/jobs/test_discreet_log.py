"""What a worker writes to its log: kinds and places, never a library's own words."""

from __future__ import annotations

import importlib
import io
import logging
import sys
import threading
import warnings

import pytest

from sslstudio.errors import SSLStudioError
from sslstudio.jobs import discreet_log

SECRET = "CANARY^PATIENT"


def trip() -> None:
    try:
        int(SECRET)
    except ValueError as cause:
        raise KeyError(SECRET) from cause


def test_a_traceback_without_texts_and_paths() -> None:
    with pytest.raises(KeyError) as caught:
        trip()
    text = discreet_log.describe(caught.value)
    assert SECRET not in text
    assert text.startswith("KeyError\n") and "\ncaused by ValueError\n" in text
    assert "in trip: raise KeyError(SECRET) from cause" in text
    assert "/" not in text.replace("N/A", "")
    assert discreet_log.describe(SSLStudioError("a", code="moon")) == "SSLStudioError (moon)\n"


def test_a_circle_of_causes_ends() -> None:
    first, second = ValueError(), KeyError()
    first.__cause__, second.__cause__ = second, first
    assert discreet_log.describe(first) == "ValueError\n\ncaused by KeyError\n".replace("\n\n", "\n")


@pytest.mark.logs_warnings
def test_warnings_records_and_threads(recwarn: pytest.WarningsRecorder) -> None:
    for reader in ("sslstudio.importers.dicom", "sslstudio.pacs.dimse", "sslstudio.pacs.dicomweb"):
        importlib.import_module(reader)  # none of which may silence a library for the whole process
    stream = io.StringIO()
    hooks = warnings.showwarning, threading.excepthook, sys.excepthook
    with warnings.catch_warnings(), discreet_log.installed(stream):
        warnings.simplefilter("always")
        warnings.warn(SECRET, UserWarning, stacklevel=1)
        logging.getLogger("pydicom").warning("%s", SECRET)
        logging.getLogger("sslstudio.training").warning("Epoch %d repeated", 3)
        thread = threading.Thread(target=trip)
        thread.start()
        thread.join()
    assert (warnings.showwarning, threading.excepthook, sys.excepthook) == hooks
    text = stream.getvalue()
    assert SECRET not in text
    assert "warning UserWarning at line" in text
    assert "warning pydicom line" in text
    assert "sslstudio.training" in text and "Epoch 3 repeated" in text
    assert "error in a thread: KeyError" in text
