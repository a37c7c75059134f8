"""Sections of the model card that need reckoning (subgroups, operating points, energy), apart from the page itself."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from sslstudio.domain.units import PLURAL, count

PROCESSOR_WATTS, GRAPHICS_WATTS = 65.0, 350.0
OVERHEAD = 1.3
"""Power drawn by the whole computer and its supply over that of the chip that computes."""
GRAMS_A_KWH = 480.0


def value(score: Any) -> str:
    """A score as text; scores come as {"value", "low", "high"} or as a bare number, and may be undefined."""
    number = score.get("value") if isinstance(score, Mapping) else score
    return "not defined" if number is None or number != number else f"{float(number):.3f}"


def interval(score: Any) -> str:
    """The interval of a score in brackets; empty where there is none."""
    if not isinstance(score, Mapping) or score.get("low") is None or score.get("high") is None:
        return ""
    low, high = float(score["low"]), float(score["high"])
    return f"({low:.3f}{'-' if low >= 0 else ' to '}{high:.3f})"


def cell(text: str) -> str:
    """Text safe in a Markdown table cell."""
    return " ".join(text.replace("|", "\\|").split())


def subgroups(rows: Sequence[Mapping[str, Any]]) -> str:
    """How the model does on parts of the test images: a table by column, whose values are numbered, not named."""
    if not rows:
        return (
            "Not known: no column of the data splits the test patients into groups that are large enough, or the test"
            " part was scored by an earlier version."
        )
    lines = [
        "Groups are numbered, because names of values may say where images come from. The difference is that of the"
        " mean sensitivity from all other test images; its interval holds 95 % for all differences together.",
        "",
        "| column | group | n | patients | balanced accuracy | difference from the rest | |",
        "|---|---:|---:|---:|---:|---:|---|",
    ]
    numbers: dict[str, int] = defaultdict(int)
    for row in rows:
        title = cell(str(row["column"]))
        numbers[title] += 1
        score, gap = row["balanced_accuracy"], row["difference"]
        difference = f"{value(gap)} {interval(gap)}" if gap else "not defined"
        verdict = row["verdict"] if row["verdict"] != "unclear" else ""
        lines.append(
            f"| {title} | {numbers[title]} | {row['n']:,} | {row['n_subjects']:,} | {value(score)} {interval(score)} |"
            f" {difference} | {verdict} |"
        )
    return "\n".join(lines)


def pooled(scores: Mapping[str, Any]) -> list[str]:
    """Scores by study or patient, as lines; none where only images were counted."""
    found = scores.get("pooled")
    if not found:
        return []
    unit = str(found["unit"])
    way = {"mean": "mean", "max": "highest of each class", "attention": "gated attention"}[found["pooling"]]
    notes = []
    if found.get("nothing"):
        notes.append(f" Images of {cell(found['nothing'])} show nothing and do not count beside a finding.")
    if found["differ"]:
        notes.append(f" Left out, because their images are of different classes: {found['differ']:,}.")
    return [
        f"By {unit}, images pooled by {way}: {found['n_cases']:,} {PLURAL[unit]} of"
        f" {count(found['n_subjects'], 'patient')}, {count(found['n_images'], 'image')}.{''.join(notes)}",
        "",
        "| score | value | 95 % interval |",
        "|---|---:|---:|",
        *(
            f"| {text} | {value(found.get(key))} | {interval(found.get(key))} |"
            for key, text in (("balanced_accuracy", "balanced accuracy"), ("macro_auc", "AUROC, mean of classes"))
        ),
        "",
    ]


def operating(content: Mapping[str, Any]) -> str:
    """Temperature, conformal limits and operating points of `operating.json`, as text and a table."""
    sets = content["conformal"]
    parts = []
    if sets["levels"]:
        limits = ", ".join(f"{level['coverage']:.0%}: {level['least']:.3f}" for level in sets["levels"])
        parts.append(
            f"A set of classes is given by taking all with a probability of at least a limit ({limits}); the limits"
            f" were fixed by cross-validation on {count(sets['n_images'], 'image')} of"
            f" {count(sets['n_subjects'], 'patient')} of the training part."
        )
    if content["operating_points"]:
        lines = ["| class | called from | sensitivity | n | specificity | n |", "|---|---:|---:|---:|---:|---:|"]
        for point in content["operating_points"]:
            up, down = point["sensitivity"], point["specificity"]
            lines.append(
                f"| {cell(point['class'])} | {point['threshold']:.3f} | {value(up)} {interval(up)} | {up['n']:,} |"
                f" {value(down)} {interval(down)} | {down['n']:,} |"
            )
        parts += [
            "Operating points that reach a sensitivity of 80, 90 and 95 % on the test part. They were chosen on the"
            " test images they are described on: expect somewhat less on new ones.",
            "\n".join(lines),
        ]
    return "\n\n".join(parts) or "No operating points: the model was not scored on a test part."


def energy(runs: Sequence[Mapping[str, Any]]) -> str:
    """An estimate of what training has used, with all that it assumes."""
    hours = sum(float(run["seconds"]) for run in runs) / 3600
    if not hours:
        return "Nothing to speak of was trained in this project beyond a linear classifier on stored embeddings."
    graphics = all(run["device"] == "cuda" for run in runs)
    processor = all(run["device"] == "cpu" for run in runs)
    kinds = [] if graphics else [("a processor", PROCESSOR_WATTS)]
    kinds += [] if processor else [("a graphics card", GRAPHICS_WATTS)]
    said = []
    for name, watts in kinds:
        used = hours * watts * OVERHEAD / 1000
        said.append(f"{used:.2g} kWh and {used * GRAMS_A_KWH / 1000:.2g} kg CO2e on {name} ({watts:.0f} W)")
    return (
        f"The trainings behind this model took {hours:.2g} hours in all. Estimated, not measured: {', or '.join(said)},"
        f" with {OVERHEAD:.1f} times the power of the chip for the whole computer and {GRAMS_A_KWH:.0f} g CO2e for each"
        " kWh (about the world's average). Trials that did not lead to this model are not counted."
    )
