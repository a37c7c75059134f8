"""The command about what the model sees: show it, say what would suit the images, set it, take a change back."""

from __future__ import annotations

import argparse

from pydantic import ValidationError

from sslstudio.catalogue.catalogue import Catalogue
from sslstudio.cli.follow import opened
from sslstudio.cli.output import Output, Result
from sslstudio.domain.rendering import Rendering, sentences
from sslstudio.errors import SSLStudioError
from sslstudio.importers.rendering import in_words, of_windows, preset, presets, suggest


def rendering(options: argparse.Namespace, output: Output) -> Result:
    """`sslstudio rendering PROJECT`."""
    changing = bool(options.preset or options.windows or options.undo)
    with opened(options.project, read_only=not changing) as project:
        catalogue = project.catalogue
        changed = _change(catalogue, options) if changing else 0
        seen, groups = catalogue.rendering(), catalogue.rendering_groups()
        chosen = catalogue.chosen_rendering() is not None
    suggestion = suggest(groups)
    output.say(f"The model sees: {seen.title}{'' if chosen else ' (nothing was chosen yet)'}")
    kinds = sorted({(group.modality, group.unit) for group in groups if group.channels == 1})
    words = {" ".join(filter(None, kind)) or "no modality": in_words(seen, *kind) for kind in kinds}
    for kind, said in words.items():
        output.say(f"  {kind}: {', '.join(dict.fromkeys(said))}")
    if changing:
        output.say(f"{changed:,} images are seen another way now")
    if suggestion is not None and suggestion.preset != seen.preset:
        output.say(f"Suggested: --preset {suggestion.preset}. {suggestion.reason}")
        for line in suggestion.others:
            output.say(f"  {line}")
    return {
        "rendering": seen.model_dump(mode="json"),
        "chosen": chosen,
        "changed": changed,
        "in_words": {kind: list(said) for kind, said in words.items()},
        "suggestion": None
        if suggestion is None
        else {"preset": suggestion.preset, "reason": suggestion.reason, "others": list(suggestion.others)},
        "presets": {name: entry.title for name, entry in presets().items()},
    }


def _change(catalogue: Catalogue, options: argparse.Namespace) -> int:
    """Set or take back; returns how many images are seen another way. Raises SSLStudioError."""
    if options.undo:
        if options.preset or options.windows:
            raise SSLStudioError(
                "A change is either made or taken back.", "Give --undo alone.", code="undo_with_a_change"
            )
        after, before = catalogue.former_rendering(), catalogue.rendering()
        if after is None:
            raise SSLStudioError("There is no change to take back.", code="nothing_to_undo")
        catalogue.undo_rendering()
        return catalogue.changed_by(after, before)
    wanted = preset(options.preset) if options.preset else catalogue.rendering()
    if options.windows:
        wanted = _with_windows(wanted, options.windows)
    return catalogue.changed_by(wanted, catalogue.set_rendering(wanted))


def _with_windows(base: Rendering, windows: list[tuple[float, float]]) -> Rendering:
    try:
        return of_windows(tuple(windows), base)
    except ValidationError as problem:
        raise SSLStudioError(
            " ".join(sentences(problem)), "Give --window=CENTRE,WIDTH once, or three times.", code="bad_window"
        ) from None
