"""The words of the panel that fine-tunes a network."""

from __future__ import annotations

from sslstudio.domain.units import count
from sslstudio.gui.texts import duration

TITLE = "Fine-tune the network"
ABOUT = (
    "The classifier above leaves the network as it is. Fine-tuning changes the network itself to fit your labels. It "
    "pays with hundreds of labels a class, and it is compared with the linear classifier on the same images."
)
START = "Fine-tune"
STOP = "Stop"
PAUSE = "Pause"
GO_ON = "Go on"
MODE = "What learns"
MODE_TIP = "How much of the network may change"
EPOCHS = "Passes at most"
EPOCHS_TIP = "How often it goes through the images; it ends earlier when nothing is gained"
MODES = (
    ("lpft", "Head first, then all (recommended)"),
    ("last", "Last stage only"),
    ("frozen", "Head only"),
    ("full", "All, under a new head"),
    ("lora", "Small matrices (LoRA)"),
)
CURVE = "Balanced accuracy on training patients held out"
START_LEVEL = "start"
READ_ONLY = "This project is open for reading only."
NO_EMBEDDING = "Make the map on Explore first."
RESUME_TIP = "Goes on from where it was stopped, as if it had not been"
RUNNING = "A fine-tuning is under way."
TESTING = "Testing it and comparing with the linear head ..."
LEAKS = "It is not tested yet: the two sides are not apart. Solve that above; then it is tested by itself."
NOT_TESTED = "It could not be tested: no image of a test patient has a label."
WAITS = "It waits for another training to end."


def offer(images: int, patients: int, seconds: float, measured: bool) -> str:
    """What it would learn from, and how long that takes."""
    time = duration(seconds)
    guess = "" if measured else " (a guess until a training was measured on this computer)"
    return (
        f"It learns from {count(images, 'labelled image')} of {count(patients, 'training patient')}, a fifth of which "
        f"is held out to choose the best pass, and takes {time} at most{guess}."
    )


def progress(epoch: float, epochs: float, left: str) -> str:
    """How far it is."""
    return f"Pass {min(int(epoch) + 1, int(epochs))} of {int(epochs)}. {left}".strip()


def resume(run_id: str) -> str:
    """On the button that goes on with a stopped run."""
    return f"Go on with {run_id}"
