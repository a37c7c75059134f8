"""The words of the window outside its pages: stages, run endings, times and counts, in a radiologist's words."""

from __future__ import annotations

from collections.abc import Mapping

from sslstudio.domain.runs import TRAININGS, Progress
from sslstudio.domain.units import count

APP = "SSL Studio"
RESEARCH_ONLY = "For research use only. Not a medical device."
OFFLINE = "Nothing leaves this computer"
OFFLINE_HELP = (
    "Your images, labels and results stay on this computer; nothing is ever sent. There are two kinds of download, "
    "each only when you ask for it: ImageNet weights, once, and studies from an archive (PACS) that you have set up."
)
CONNECTED_HELP = (
    "SSL Studio is in contact with {names} because you asked it to. What you look for, for example a patient's name, "
    "is sent there; your images, labels and results are not."
)

STAGE_TITLES = {
    "import_images": "Import",
    "triage": "Look-through",
    "preflight": "Trial",
    "pretrain": "Training",
    "finetune": "Fine-tuning",
    "embed": "Embedding",
    "map_embeddings": "Map",
    "export": "Export",
    "predict": "Prediction",
    "retrieve": "Retrieval",
}
STAGE_DOING = {
    "import_images": "Reading images",
    "triage": "Looking through the images",
    "preflight": "Trying the training out",
    "pretrain": "Training",
    "finetune": "Fine-tuning",
    "embed": "Embedding images",
    "map_embeddings": "Drawing the map",
    "export": "Exporting the model",
    "predict": "Predicting",
    "retrieve": "Receiving images",
}


def run_title(stage: str, run_id: str) -> str:
    """ "Training simclr-1"."""
    return f"{STAGE_TITLES.get(stage, stage)} {run_id}"


def duration(seconds: float | None) -> str:
    """A time a person can plan with: "less than a minute", "12 min", "2 h 5 min"; "" when not known."""
    if seconds is None:
        return ""
    if seconds < 45:
        return "less than a minute"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{max(1, minutes)} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def time_left(progress: Progress | None) -> str:
    """ "12 min left", or "" while nothing is known."""
    left = duration(progress.seconds_left) if progress is not None else ""
    return f"{left} left" if left else ""


def plain_ending(stage: str, result: Mapping[str, object]) -> str:
    """One sentence on what a successful run did."""
    if stage == "import_images":
        return _import_ending(result)
    if stage == "embed":
        return f"{count(_whole(result.get('count')), 'image')} embedded."
    if stage == "triage":
        findings = result.get("findings")
        total = sum(_whole(number) for number in findings.values()) if isinstance(findings, Mapping) else 0
        return f"{count(total, 'image')} to look at: see Data, Review." if total else "Nothing odd in the new images."
    return {
        "preflight": "The training was tried out: see Pretrain.",
        "pretrain": "Training finished.",
        "finetune": "Fine-tuning finished; it is tested and compared on Classify.",
        "map_embeddings": "The map is ready: see Explore.",
        "export": "The model package is ready.",
    }.get(stage, "Finished.")


def _import_ending(result: Mapping[str, object]) -> str:
    images, skipped = _whole(result.get("images")), _whole(result.get("skipped"))
    if result.get("dry_run"):
        rest = f", {count(skipped, 'file')} left out" if skipped else ""
        return f"Checked: {count(images, 'image')} would be imported{rest}. Nothing was imported yet."
    parts = [f"{count(images, 'image')} imported."]
    if copies := _whole(result.get("copies")):
        parts.append(f"{copies:,} more {'is' if copies == 1 else 'are'} in the project already, from another file.")
    names = (("moved", "found again elsewhere"), ("changed", "changed and left out"), ("gone", "not there any more"))
    found = [f"{_whole(result.get(name)):,} {words}" for name, words in names if _whole(result.get(name))]
    if known := _whole(result.get("unchanged")):
        found.append(f"{known:,} as they were")
    if found:
        parts.append(f"Known files: {', '.join(found)}.")
    if skipped:
        parts.append(f"{count(skipped, 'file was', 'files were')} skipped; the import list says why.")
    return " ".join(parts)


def lost_title(stage: str, title: str, progress: Progress | None) -> str:
    """What the user reads when a job has vanished."""
    if stage in TRAININGS and progress is not None and progress.unit.startswith("epoch"):
        return f"{title} stopped at epoch {int(progress.done)}."
    return f"{title} stopped unexpectedly."


def lost_hint(stage: str) -> str:
    """What to do about it."""
    if stage in TRAININGS:
        return "Nothing before the last saved epoch is lost. Resume goes on from there."
    if stage == "import_images":
        return "What was read so far is kept. Resume goes on with the rest."
    if stage == "retrieve":
        return "What has arrived is kept. Retrieve again to fetch the rest; nothing is fetched twice."
    if stage == "triage":
        return "What was seen so far is kept. Start it again in Data, Review; it goes on with the rest."
    return "Start it again; your images and labels are not affected."


def failed_title(title: str, message: str) -> str:
    """What the user reads when a job ended by an error."""
    return f"{title} could not finish. {message}".strip()


def warned_title(title: str, message: str) -> str:
    """A warning of a run that went on."""
    return f"{title}: {message}"


def _whole(value: object) -> int:
    return int(value) if isinstance(value, int | float) else 0
