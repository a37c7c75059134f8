"""The words of the map as a projection: how faithful it is, how it grows, what making it anew does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

ANEW = "Make anew"
ANEW_HELP = (
    "Arrange all images anew. They will lie elsewhere than now; names stay with groups that are mostly the same. "
    "Update keeps every image where it is and places only the new ones."
)
ARRANGING = "Stop keeps this layout."
BUSY = "The map is being made."


def quality(figures: Mapping[str, Any]) -> str:
    """How far the map may be trusted, in a sentence; "" where that was not measured."""
    trust, kept = figures.get("trustworthiness"), figures.get("neighbours_kept")
    if trust is None or kept is None:
        return ""
    how = "are alike" if trust >= 0.95 else "are mostly alike" if trust >= 0.85 else "are often not alike"
    said = f"Images side by side {how}; of the 15 most like an image, {round(15 * float(kept))} lie next to it."
    return f"{said} Stopped early." if figures.get("stopped") else said


def quality_help(figures: Mapping[str, Any]) -> str:
    """The figures behind the sentence, and what the map is made of."""
    trust, kept, sample = (figures.get(name) for name in ("trustworthiness", "neighbours_kept", "sample"))
    if trust is None or kept is None:
        return ""
    lines = [f"Trustworthiness {trust:.3f}, neighbours kept {kept:.3f}, measured on {sample:,} images."]
    if figures.get("arranged"):
        lines.append(f"{figures['arranged']:,} images were arranged, the others placed among their neighbours there.")
    if figures.get("placed"):
        lines.append(f"{figures['placed']:,} images were placed on an earlier map of {figures.get('kept', 0):,}.")
    lines.append(
        "Distances between far groups mean little. What matters is looked up in the embeddings, never on the map."
    )
    return "\n".join(lines)
