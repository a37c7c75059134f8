"""The words of the Pretrain page."""

from __future__ import annotations

from sslstudio.backbones.table import ARCHITECTURES
from sslstudio.domain.runs import RunState
from sslstudio.gui.texts import count, duration

TITLE = "Pretrain"
SUBTITLE = "A network learns what your images look like. No labels are needed."
METHOD = "Method"
EFFORT = "How thoroughly"
START_FROM = "Start from"
SETTINGS = "Settings"
THEN = "Then embed the images and draw the map"
THEN_HELP = "Goes on by itself when training has succeeded, so that you find a map in Explore."
START = "Start training"
NO_IMAGES = "Import images first: 0 images."
READ_ONLY = "This project is open read-only."
RUNNING = "A training is running. Wait for it, or stop it."
LOOKING = "Looking at the project..."
NO_METHOD = "No method is installed. See Help."
NO_WEIGHTS = "Choose a weights file first."
FEW_IMAGES = (
    "With fewer than about 1,000 images a network trained from nothing rarely beats one that has already seen "
    "photographs. If its weights are at hand, start from ImageNet."
)
RESET = "Reset this panel"

EFFORTS = (("quick", "Quick"), ("balanced", "Balanced"), ("thorough", "Thorough"))
STARTS = (("random", "Nothing"), ("imagenet", "ImageNet"), ("file", "A file..."))
START_HELP = {
    "random": "The network starts without knowing anything. Needs some thousand images to pay.",
    "imagenet": (
        "The network has already seen photographs. Weights that are not on this computer are downloaded once; "
        "nothing is sent."
    ),
    "file": "Weights from a file on this computer (.safetensors or .pth).",
}
CHOOSE_FILE = "Choose a weights file..."

LABELS = {
    "backbone": ("Network", ""),
    "image_size": (
        "Image size",
        "Longest side in pixels as the network sees it. Larger shows finer detail and is slower.",
    ),
    "epochs": ("Epochs", "How often every image is seen."),
    "batch_size": ("Batch", "How many images are compared at a time."),
    "device": ("Compute on", ""),
    "preset": ("Kind of image", "Decides which changes are made to the images while training."),
    "learning_rate": ("Learning rate", ""),
    "weight_decay": ("Weight decay", ""),
    "warmup_fraction": ("Warm-up", "Share of the training in which the learning rate rises."),
    "precision": ("Arithmetic", ""),
    "seed": ("Seed", "The same seed and settings give the same result on the same computer."),
}
CHOICES = {
    "auto": "Automatic",
    "cpu": "Processor",
    "cuda": "NVIDIA GPU",
    "mps": "Apple GPU",
    "float32": "32 bit",
    "bfloat16": "16 bit (bfloat16)",
    "plain": "Other",
    "xray": "X-ray",
    "ct": "CT",
    "mr": "MR",
    "ultrasound": "Ultrasound",
    "histology": "Histology, blood smear",
    "dermoscopy": "Dermoscopy",
    "fundus": "Fundus, OCT",
    "natural": "Photographs",
}

NO_RUNS_TITLE = "No training yet"
NO_RUNS = (
    "Choose how thoroughly at the left and press Start training. You can go on working meanwhile, and close the "
    "window: the training goes on."
)
STOP = "Stop"
RESUME = "Resume"
EXTEND = "Train longer"
EMBED = "Embed these images"
DETAILS = "Numbers"

STATES = {
    RunState.PREPARED: "Starting",
    RunState.RUNNING: "Running",
    RunState.SUCCEEDED: "Finished",
    RunState.FAILED: "Failed",
    RunState.CANCELLED: "Stopped",
    RunState.LOST: "Stopped unexpectedly",
}

LOSS = "Loss: how hard the task still is"
CHANCE = "guessing"
SPREAD = "Spread: how different the images look to the network"
ALARM = "collapsed below"

NUMBERS = {
    "loss": ("Loss", "{:.3f}"),
    "chance": ("Loss when guessing", "{:.3f}"),
    "collapse": ("Spread", "{:.2f}"),
    "rank_me": ("Effective dimensions", "{:.1f}"),
    "view_retrieval": ("Finds the same image again", "{:.1%}"),
    "learning_rate": ("Learning rate", "{:.2e}"),
    "images_per_second": ("Images a second", "{:,.0f}"),
    "data_wait": ("Time spent waiting for images", "{:.0%}"),
}


def estimate(seconds: float, measured: bool) -> str:
    """ "about 12 min on this computer", or that it is a rough guess."""
    about = duration(seconds)
    return f"about {about} on this computer" if measured else f"roughly {about} (not measured on this computer yet)"


def effort_line(size: int, epochs: int, batch: int, backbone: str) -> str:
    """What an effort means in numbers."""
    return f"{backbone}, {size} px, {epochs} times through all images, {batch} at a time"


def data_line(images: int, patients: int) -> str:
    """ "2,155 images, 233 patients, 9.2 images per patient"."""
    if not images:
        return NO_IMAGES
    each = images / max(1, patients)
    return f"{count(images, 'image')}, {count(patients, 'patient')}, {each:.1f} images per patient"


def recommended(images: int, patients: int, method: str) -> str:
    """Why a method is marked as recommended for this data."""
    each = images / max(1, patients)
    if method == "micle":
        return f"Recommended: {each:.1f} images per patient"
    if each < 1.5:
        return f"Recommended: {each:.1f} images per patient, so each image stands for itself"
    return "Recommended: the safest first choice"


def preparing_line(text: str, done: float, total: float, unit: str) -> str:
    """ "Preparing images, 1,204 of 2,155 images"."""
    return f"{text or 'Preparing'}, {done:,.0f} of {total:,.0f} {unit}".rstrip()


def running_line(epoch: float, epochs: float, left: str, rate: float) -> str:
    """ "Epoch 12 of 60, 3 min left, 168 images a second"."""
    parts = [f"Epoch {min(int(epoch) + 1, int(epochs))} of {int(epochs)}" if epochs else "Starting"]
    if left:
        parts.append(left)
    if rate > 0:
        parts.append(f"{rate:,.0f} images a second")
    return ", ".join(parts)


def backbone_title(name: str) -> str:
    """A network's proper name."""
    return ARCHITECTURES[name].title if name in ARCHITECTURES else name


def method_title(task: str) -> str:
    """A method's proper name."""
    return {"simclr": "SimCLR", "micle": "MICLe", "mae": "MAE"}.get(task, task)
