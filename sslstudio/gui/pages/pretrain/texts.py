"""The words of the Pretrain page."""

from __future__ import annotations

from collections.abc import Sequence

from sslstudio.augment.presets import AugmentationPreset
from sslstudio.backbones.table import ARCHITECTURES, sees_volumes
from sslstudio.domain.runs import RunState
from sslstudio.domain.stacks import LEAST_SLICES
from sslstudio.domain.units import count
from sslstudio.domain.words import percent
from sslstudio.gui.texts import duration

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
STARTING = "The training is being prepared."
QUEUE = "Train after the one that runs"
TRYING = "The training is being tried out. Wait for it, or stop the trial."
LOOKING = "Looking at the project..."
NO_METHOD = "No method is installed. See Help."
NO_WEIGHTS = "Choose a weights file first."
FEW_IMAGES = (
    "With fewer than about 1,000 images a network trained from nothing rarely beats one that has already seen "
    "photographs. If its weights are at hand, start from ImageNet."
)
RESET = "Reset this panel"
NO_METHOD_YET = "No method"
ALL_METHODS = "All methods"
ALL_METHODS_HELP = "Shows every method with what it needs and when it helps."
WHY = "What suits these images, and why"
WHY_NAMES = {
    "task": "Method",
    "backbone": "Network",
    "init": "Start from",
    "image_size": "Image size",
    "depth": "Slices",
    "epochs": "Epochs",
    "batch_size": "Batch",
}
WHY_STARTS = {"random": "nothing", "imagenet": "ImageNet"}
TAKE_ALL, TAKE_ALL_HELP = "Take all of this", "Puts the recommended settings into the panel."
TAKEN_ALREADY = "These settings stand in the panel already."
NEEDS, HELPS, EVIDENCE, MIND, REFERENCE = "Needs", "Helps", "Evidence", "Mind", "Source"
NO_EVIDENCE = "Not measured with this program, and its author gives no figure."
WRONG_FAMILY = "The method chosen does not work with this kind of network."

SEES = "What the network looks at"
SEE_IMAGES, SEE_VOLUMES = "Single images", "Whole series"
SEES_HELP = "Single images or slices one by one, or each complete series as one volume."

METHODS_TAB = "Methods"
METHODS_HELP = "Every way to learn from images without labels: what it needs, when it helps, what is known of it."
RUNS_TAB = "Runs"
RUNS_HELP = "Trainings under way and ended: how they go, and what can be done with them."

VIEWS_TAB = "Changes to the images"
VIEWS_HELP = "What training does to the images, shown on your own: each original beside views as the network gets them."
VIEWS_NAME = "Four images, each with four views as training makes them"
LOOK_AT_VIEWS = "Look at 16 views"
ORIGINAL, CHANGED = "As it is", "As training changes it"
DRAW_AGAIN, DRAW_AGAIN_HELP = "New draw", "The same images with other changes."
OTHER_IMAGES, OTHER_IMAGES_HELP = "Other images", "Four other images of this project."
DRAWING = "The views are being drawn."
VIEWS_WAIT_TITLE = "The views are being drawn"
VIEWS_WAIT = "The first time takes some seconds, because the training code is loaded in a process of its own."
NO_VIEWS_TITLE = "No views to show"
MIDDLE_SLICES = (
    "Of each volume and of each of its views the middle slice is shown; crops are made along the series too, so that "
    "it may be another slice."
)
FEWER_CHANGES = ("reconstruction", "prediction", "hybrid")

GROUPS = {
    "first": ("Begin here", "The three that most sets of images are served well by."),
    "contrastive": ("Telling images apart", "Two views of one image are drawn together, those of others pushed away."),
    "teacher": ("Following a slow copy of itself", "No image is pushed away, so that small batches do."),
    "clusters": ("Sorting into groups", "The images are sorted into groups that nobody has named."),
    "redundancy": ("Using all of what it has", "Views agree, and no two numbers may say the same."),
    "reconstruction": ("Rebuilding what is missing", "For fine-tuning later, rather than for a map of alike images."),
    "prediction": ("Answering a question about the image", "The answer is known without a label."),
    "hybrid": ("Comparing and rebuilding at once", ""),
    "other": ("Others", ""),
    "foreign": (
        "Plugins of others",
        "They did not come with SSL Studio, and each is off until you have agreed to it. See docs/plugins.md.",
    ),
}
ENABLE = "Look at it and enable..."
ENABLE_HELP = "Shows who wrote the plugin and where its code lies, before it may run."
ENABLE_IT = "Enable"
CANCEL = "Cancel"
CONSENT = (
    "A plugin is a program. It runs in a process of its own, which keeps the window safe from its faults, but it may "
    "do all that your account may: read the images, write files, use the network. Enable it only if you trust who "
    "wrote it. If one of its files changes, you are asked again."
)
PLUGIN_ABOUT, PLUGIN_AUTHORS, PLUGIN_VERSION = "What it is", "By", "Version, licence"
PLUGIN_FOLDER, PLUGIN_HASH = "Folder", "Fingerprint"
NOT_GIVEN = "not given"
LOOK_AT_SOURCE = "Open its folder"

EFFORTS = (("quick", "Quick"), ("balanced", "Balanced"), ("thorough", "Thorough"))
STARTS = (("random", "Nothing"), ("imagenet", "ImageNet"), ("earlier", "Earlier run"), ("file", "A file"))
START_HELP = {
    "random": "The network starts without knowing anything. Needs some thousand images to pay.",
    "imagenet": (
        "The network has already seen photographs. Weights that are not on this computer are downloaded once; "
        "nothing is sent."
    ),
    "earlier": "Goes on from what an earlier training of this project has learned, with the same network.",
    "file": "Weights from a file on this computer (.safetensors or .pth).",
}
EARLIER_RUN = "Earlier run to go on from"
NO_IMAGENET = "There are no ImageNet weights for networks that see volumes."
NO_EARLIER = "No training of this project with a network that suits the method has finished yet."
CHOOSE_FILE = "Choose a weights file..."

LABELS = {
    "backbone": ("Network", ""),
    "image_size": (
        "Image size",
        "Longest side in pixels as the network sees it. Larger shows finer detail and is slower.",
    ),
    "depth": (
        "Slices",
        "To how many slices every series is resampled, whatever it has; a multiple of 8. More is slower.",
    ),
    "epochs": ("Epochs", "How often every image or volume is seen."),
    "batch_size": ("Batch", "How many images or volumes are compared at a time."),
    "device": ("Compute on", ""),
    "preset": ("Kind of image", "Decides which changes are made to the images while training."),
    "learning_rate": ("Learning rate", ""),
    "weight_decay": ("Weight decay", ""),
    "warmup_fraction": ("Warm-up", "Share of the training in which the learning rate rises."),
    "precision": ("Arithmetic", ""),
    "accumulation": (
        "Parts of a batch",
        "Into how many parts each batch is cut to save memory. Methods that compare images then compare fewer.",
    ),
    "checkpointing": ("Save memory", "Computes parts of a transformer twice instead of keeping them. Slower."),
    "compile": (
        "Compile",
        "Compiles the network first, on Linux: a minute or more at the start. Can pay on graphics cards in long runs.",
    ),
    "keep": ("Hand on", "Which weights are used when the run has ended; the others are kept beside them."),
    "seed": ("Seed", "The same seed and settings give the same result on the same computer."),
}
CHOICES = {
    "auto": "Automatic",
    "cpu": "Processor",
    "cuda": "NVIDIA GPU",
    "mps": "Apple GPU",
    "float32": "32 bit",
    "last": "The last epoch",
    "best": "The best epoch",
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
DETAILS = "Details"

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


def estimate(seconds: float, measured: bool) -> str:
    """ "about 12 min on this computer", or that it is a rough guess."""
    about = duration(seconds)
    return f"about {about} on this computer" if measured else f"roughly {about} (not measured on this computer yet)"


def effort_line(size: int, epochs: int, batch: int, backbone: str, depth: int = 0) -> str:
    """What an effort means in numbers; with `depth` what is seen are volumes."""
    seen, slices = ("volumes", f", {depth} slices") if depth else ("images", "")
    return f"{backbone}, {size} px{slices}, {epochs} times through all {seen}, {batch} at a time"


def data_line(images: int, patients: int) -> str:
    """ "2,155 images, 233 patients, 9.2 images per patient"."""
    if not images:
        return NO_IMAGES
    each = images / max(1, patients)
    return f"{count(images, 'image')}, {count(patients, 'patient')}, {each:.1f} images per patient"


def sees_line(chosen: bool, volumes: int, reason: str) -> str:
    """How many volumes there are, and what looking at them means or why it cannot be."""
    there = f"{count(volumes, 'complete volume')}: unbroken series of {LEAST_SLICES} or more slices of one size."
    if reason:
        return f"{there} {reason}"
    return f"{there} Each gets one point in the map, under its middle slice." if chosen else there


def wrong_dimensions(method: str, dimensions: int) -> str:
    """Why a network that sees images (2) or volumes (3) is not offered with a method."""
    if dimensions == 3:
        return f"{method} learns from single images. Choose another method to look at whole series."
    return f"{method} learns from whole series as volumes alone."


def choose_images(reason: str) -> str:
    """Why a method is off while series are seen as volumes, and how it comes on."""
    return f"{reason} To use it, choose {SEE_IMAGES} at the left."


def automatic(preset: str) -> str:
    """What "automatic" stands for."""
    return f"Automatic: {CHOICES.get(preset, preset)}"


def preset_words(preset: AugmentationPreset, automatic: bool) -> tuple[str, str, str]:
    """Title of a preset, what it does to an image, and what it never does."""
    least, most = preset.crop
    done = [f"crops of {percent(least)} to {percent(most)} of the area"]
    if preset.rotation:
        done.append("any turn" if preset.rotation >= 180 else f"turns up to {preset.rotation:.0f}\N{DEGREE SIGN}")
    flips = [("left-right", preset.horizontal_flip), ("up-down", preset.vertical_flip)]
    done += [f"{name} flips" for name, share in flips if share]
    optional = (
        (preset.window_jitter, f"the window moved by up to {percent(preset.window_jitter)} of its width"),
        (preset.brightness, "brightness"),
        (preset.contrast, f"contrast by up to {percent(preset.contrast)}"),
        (preset.gamma != (1.0, 1.0), "gamma"),
        (preset.bias_field, "a smooth shade as of a coil"),
        (preset.saturation or preset.hue, "a little colour"),
        (preset.grayscale, "colour taken away"),
        (preset.noise, "noise"),
        (preset.speckle, "speckle"),
        (preset.blur, "blur"),
    )
    done += [words for used, words in optional if used]
    never = [f"{name} flips" for name, share in flips if not share]
    never += [] if preset.hue else ["colour"]
    words = f"Changed: {', '.join(done)}."
    kind = f"{preset.title}, as most of your images say" if automatic else preset.title
    return kind, words, f"Never: {', '.join(never)}." if never else ""


def fewer_changes(method: str) -> str:
    """A word on methods that change images less than shown."""
    return f"{method} may use fewer of these changes: it works with the image itself."


def labelled(label: str, words: str) -> str:
    """ "Needs: Some hundred images", or "" for no words."""
    return f"{label}: {words}" if words else ""


def consent_title(name: str) -> str:
    """Heading of the question whether a plugin may run."""
    return f"Enable the plugin {name}?"


def not_enabled(reason: str) -> str:
    """Why the method of a plugin is off, and how it comes on."""
    return f"{reason or 'Not enabled yet.'} A plugin may do all that you may, so look at it first."


def broken_plugin(reason: str) -> str:
    """Why a plugin cannot be read."""
    return f"This plugin cannot be used: {reason}"


def take(title: str) -> str:
    """The button that takes the recommended method."""
    return f"Take {title}" if title else ""


def instead(title: str, praise: str) -> str:
    """The praise, said of another method where `title` names one."""
    return f"{title} is {praise[:1].lower()}{praise[1:]}" if title and praise else praise


def family_note(method: str, families: Sequence[str], backbone: str) -> str:
    """A word on the network where a method works with one kind alone."""
    if set(families) == {"cnn", "vit"}:
        return ""
    kind = "vision transformers" if families == ("vit",) else "convolutional networks"
    return f"{method} works with {kind} alone: the network is {backbone_title(backbone)}."


def simclr_first(method: str) -> str:
    """What to do before a method that compares images of one patient."""
    return f"{method} was published as a second step: train SimCLR on these images first, then go on from it."


def continue_why(method: str) -> str:
    """Why to go on from an earlier run."""
    return f"{method} was published as a second step after SimCLR on the same images."


def start_misfit(init: str, trained: str, chosen: str) -> str:
    """Why a run cannot be gone on from with another network, or ""."""
    if not trained or trained == chosen:
        return ""
    run = init.partition(":")[2]
    return f"{run} trained {backbone_title(trained)}: choose this network, or another start."


def continue_from(run_id: str) -> str:
    """The button that goes on from a run."""
    return f"Continue from {run_id}"


def recommended(images: int, patients: int, method: str, seen: str = "images") -> str:
    """Why a method is marked as recommended for so many images, or volumes."""
    each = images / max(1, patients)
    if method == "micle":
        return f"Recommended: {each:.1f} {seen} per patient"
    if each < 1.5:
        return f"Recommended: {each:.1f} {seen} per patient, so each of them stands for itself"
    return "Recommended: the safest first choice"


def preparing_line(text: str, done: float, total: float, unit: str) -> str:
    """ "Preparing images, 1,204 of 2,155 images"."""
    return f"{text or 'Preparing'}, {done:,.0f} of {total:,.0f} {unit}".rstrip()


def running_line(epoch: float, epochs: float, left: str, rate: float, seen: str = "images") -> str:
    """ "Epoch 12 of 60, 3 min left, 168 images a second"."""
    parts = [f"Epoch {min(int(epoch) + 1, int(epochs))} of {int(epochs)}" if epochs else "Starting"]
    if left:
        parts.append(left)
    if rate > 0:
        parts.append(f"{rate:,.{1 if rate < 10 else 0}f} {seen} a second")
    return ", ".join(parts)


def backbone_title(name: str) -> str:
    """A network's proper name."""
    return ARCHITECTURES[name].title if name in ARCHITECTURES else name


def seen_by(backbone: str) -> str:
    """What a network sees: "images" or "volumes"."""
    return "volumes" if sees_volumes(backbone) else "images"


def method_title(task: str) -> str:
    """A method's proper name."""
    return {"simclr": "SimCLR", "micle": "MICLe", "mae": "MAE"}.get(task, task)
