"""The rules a package carries for getting pixels and windows from a file: the ones its model was trained with."""

from __future__ import annotations

from typing import Literal

from sslstudio.domain.rendering import Channel, Rendering
from sslstudio.exporters.package import Preprocessing
from sslstudio.exporters.runtime import LUMA
from sslstudio.importers.rendering import rule_in_words

INPUTS = {
    "pixels": "float32 (N, C, H, W): stored pixel values, any height and width",
    "window": "float32 (N, C, 2): for each channel the stored values shown as black and as white",
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


def describe(rendering: Rendering, channels: Literal[1, 3], image_size: int, max_side: int) -> Preprocessing:
    """The rules of `preprocessing.json` for a backbone with `channels` and squares of `image_size` pixels."""
    return Preprocessing(
        channels=channels,
        image_size=image_size,
        inputs=INPUTS,
        outputs=OUTPUTS,
        window_rule=_in_words(rendering),
        rendering=rendering,
        max_side=max_side,
        channel_rule=(
            "three equal channels count as one",
            "a grey image in a model with three channels is repeated three times, each with its own window",
            f"a colour image in a model for grey becomes round({LUMA[0]} R + {LUMA[1]} G + {LUMA[2]} B)",
        ),
        inside_the_graph=INSIDE,
    )


def _in_words(rendering: Rendering) -> tuple[str, ...]:
    rules = ["8-bit raster files and colour of DICOM are finished: (0, 255) or (0, 2^bits - 1), whatever follows"]
    rules += [f"channel {number + 1}: {_channel(one)}" for number, one in enumerate(rendering.channels)]
    rules.append("percentiles are of the stored values without padding, interpolated linearly")
    rules.append("the window of the file is its centre and width (PS3.3 C.11.2.1.2), unless no value lies in it")
    rules.append("unit of the source = stored value * slope + intercept; MONOCHROME1 is turned so that bright is high")
    return tuple(rules)


def _channel(channel: Channel) -> str:
    """The rules of a channel in their order."""
    said = []
    for rule in channel.rules:
        images = " and ".join(filter(None, (", ".join(rule.modalities), f"in {rule.unit}" if rule.unit else "")))
        said.append(f"{images or 'all others'}: {rule_in_words(rule)}")
    return "; ".join(said)
