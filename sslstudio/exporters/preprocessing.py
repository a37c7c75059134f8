"""The rules a package carries for getting pixels and window from a file: the ones the images were imported with."""

from __future__ import annotations

import json
from typing import Literal

from sslstudio import resources
from sslstudio.domain.specs import ImportSpec
from sslstudio.exporters.package import Preprocessing, WindowRule
from sslstudio.exporters.runtime import LUMA
from sslstudio.importers.decoding import WindowPolicy

INPUTS = {
    "pixels": "float32 (N, C, H, W): stored pixel values, any height and width",
    "window": "float32 (N, 2): the stored values shown as black and as white",
}
OUTPUTS = {
    "probabilities": "float32 (N, K): one column a class, in the order of labels.json",
    "embedding": "float32 (N, D): the image as the backbone describes it",
}
INSIDE = (
    "window to 0..1 in 8-bit steps: round(clip((v - low) / (high - low), 0, 1) * 255) / 255",
    "resize to a square: antialiased triangle filter, aspect kept, centred, black beyond the image",
    "normalisation by mean and standard deviation of each channel",
    "backbone, standardised embedding, linear head, temperature, softmax",
)


def describe(spec: ImportSpec, channels: Literal[1, 3], image_size: int) -> Preprocessing:
    """The rules of `preprocessing.json` for a backbone with `channels` and squares of `image_size` pixels."""
    policy = window_policy(spec.preset)
    return Preprocessing(
        preset=spec.preset,
        channels=channels,
        image_size=image_size,
        inputs=INPUTS,
        outputs=OUTPUTS,
        window_rule=_in_words(policy),
        window=WindowRule(
            file_window=policy.file_window,
            lower=policy.lower,
            upper=policy.upper,
            centre=policy.centre,
            width=policy.width,
            modality=policy.modality,
        ),
        max_side=spec.max_side,
        channel_rule=(
            "three equal channels count as one",
            "a grey image in a model for colour is repeated three times",
            f"a colour image in a model for grey becomes round({LUMA[0]} R + {LUMA[1]} G + {LUMA[2]} B)",
        ),
        inside_the_graph=INSIDE,
    )


def policy_of(rule: WindowRule) -> WindowPolicy:
    """The importers' form of a package's window rule."""
    return WindowPolicy(**rule.model_dump())


def window_policy(preset: str) -> WindowPolicy:
    """How an import with `preset` chooses windows."""
    return WindowPolicy(**json.loads(resources.text("presets/windows.json"))[preset])


def _in_words(policy: WindowPolicy) -> tuple[str, ...]:
    rules = ["8-bit raster files and 8-bit colour: (0, 255); 16-bit colour of DICOM: (0, 2^bits - 1)"]
    if policy.centre is not None and policy.width is not None:
        low, high = policy.centre - policy.width / 2, policy.centre + policy.width / 2
        rules.append(f"DICOM of modality {policy.modality}: {low:g} to {high:g} in the unit of the source")
    if policy.file_window:
        rules.append("DICOM with a window of its own: that window (PS3.3 C.11.2.1.2)")
    rules.append(f"all others: percentiles {policy.lower:g} and {policy.upper:g} of the stored values, without padding")
    rules.append("unit of the source = stored value * slope + intercept; MONOCHROME1 is turned so that bright is high")
    return tuple(rules)
