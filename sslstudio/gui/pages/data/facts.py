"""What is known of an image, in groups and in words; pure, so that it is tested without a window."""

from __future__ import annotations

from collections.abc import Sequence

from sslstudio.catalogue.rows import ImageDetail
from sslstudio.domain.filters import FURTHER
from sslstudio.gui.pages.data.browse_texts import column_name
from sslstudio.session.columns import KINDS, LATERALITIES

Fact = tuple[str, str]
Group = tuple[str, tuple[Fact, ...]]

_PARTS = {"train": "training", "test": "test"}
_SYNTAX = {"uint8": "8-bit", "uint16": "16-bit"}


def groups(detail: ImageDetail, locations: Sequence[str] = ()) -> list[Group]:
    """Groups of (name, value), without what is not known. `locations` are local paths."""
    made = [
        ("To be noted", [("Note", note) for note in detail.notes]),
        ("Whose", _whose(detail)),
        ("What", _what(detail)),
        ("How it was made", [(column_name(FURTHER + name), value) for name, value in sorted(detail.columns.items())]),
        ("Pixels", _pixels(detail)),
        ("In this project", _project(detail)),
        ("On this computer", [("File" if n == 0 else "Also", path) for n, path in enumerate(locations)]),
    ]
    return [(title, kept) for title, facts in made if (kept := tuple(fact for fact in facts if fact[1]))]


def as_text(shown: Sequence[Group]) -> str:
    """Groups as text for the clipboard: a heading, then a tab between name and value."""
    lines: list[str] = []
    for title, facts in shown:
        lines += [title, *(f"{name}\t{value}" for name, value in facts)]
    return "\n".join(lines)


def search(shown: Sequence[Group], text: str) -> list[Group]:
    """The facts whose name or value holds `text`; large and small letters are alike."""
    wanted = text.strip().casefold()
    found = [
        (title, tuple(fact for fact in facts if wanted in fact[0].casefold() or wanted in fact[1].casefold()))
        for title, facts in shown
    ]
    return [(title, facts) for title, facts in found if facts]


def _whose(detail: ImageDetail) -> list[Fact]:
    return [
        ("Patient", detail.subject),
        ("Study", detail.study),
        ("Series", detail.series),
        ("Site", detail.site),
        ("Image", f"#{detail.image_id}"),
    ]


def _what(detail: ImageDetail) -> list[Fact]:
    return [
        ("Modality", detail.modality),
        ("Body part", detail.body_part),
        ("Side", LATERALITIES.get(detail.laterality, detail.laterality)),
        ("View", detail.view),
        ("Kind", KINDS.get(detail.kind, detail.kind) if detail.kind else ""),
        ("Scanner", detail.scanner),
    ]


def _pixels(detail: ImageDetail) -> list[Fact]:
    rows, columns = detail.row_spacing, detail.column_spacing
    spacing = size = ""
    if rows and columns:
        spacing = f"{columns:.4g} x {rows:.4g} mm" if rows != columns else f"{rows:.4g} mm"
        size = f"{detail.width * columns:.4g} x {detail.height * rows:.4g} mm"
    colour = "colour" if detail.channels == 3 else "grey"
    value = "" if (detail.slope, detail.intercept) == (1.0, 0.0) else f"{detail.slope:g} x stored {detail.intercept:+g}"
    low, high = (v * detail.slope + detail.intercept for v in detail.original)
    return [
        ("Size", f"{detail.width} x {detail.height}"),
        ("Depth", f"{detail.bits} bit, {colour}"),
        ("Kept as", _SYNTAX[detail.dtype]),
        ("Unit", detail.unit),
        ("Value", value),
        ("Window", f"{min(low, high):,.6g} to {max(low, high):,.6g} {detail.unit}".strip()),
        ("Pixel spacing", spacing),
        ("Field of view", size),
        ("Frame", str(detail.frame + 1) if detail.frame else ""),
        ("Number", "" if detail.instance_number is None else str(detail.instance_number)),
        ("Position", "" if detail.slice_position is None else f"{detail.slice_position:.6g} mm"),
        ("Pass", "" if detail.phase is None else str(detail.phase)),
    ]


def _project(detail: ImageDetail) -> list[Fact]:
    return [
        ("Label", detail.label),
        ("Part", _PARTS.get(detail.part, "")),
        ("Left out", detail.excluded or ""),
    ]
