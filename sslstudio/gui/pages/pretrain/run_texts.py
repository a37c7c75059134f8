"""The words of the Runs section: lights, pictures, stopping and what is kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sslstudio.backbones.kept import epoch_of
from sslstudio.domain.words import percent

CURVES, PICTURES = "Curves", "Pictures"
SHOWN = "What is shown of the run"
PICTURES_NAME = "What the method makes of a few fixed images"
NO_PICTURES = "This method shows no pictures, or its first epoch has not ended yet."

PAUSE, PAUSE_HELP = "Pause", "Holds the training and frees the processor, without ending it."
GO_ON, GO_ON_HELP = "Go on", "The training goes on where it was held."
PAUSED = "held, press Go on to continue"
STOP_HOW = "How to stop"
STOP_LAST = "Stop and keep what it has learned"
STOP_BEST = "Stop and keep the best epoch"
STOP_DISCARD = "Stop and throw its weights away"
STOP_HELP = "Stops at the next safe point and keeps what it has learned; it can be resumed."
SOONER, SOONER_HELP = "Next in the queue", "Starts as soon as the training under way has ended."
WITHDRAW, WITHDRAW_HELP = "Take out of the queue", "Does not start by itself; it can be started later with Resume."
ENOUGH = "Stop here and keep it"
KEPT_HELP = "Which weights embedding and later runs take."
HAND_ON = {"last": "Use the last epoch", "best": "Use the best epoch", "discard": "Throw the weights away"}
DISCARDED = "its weights were thrown away"
THROWN_AWAY = "Its weights were thrown away. Going on with it begins again at its start."
NOT_IN_USE = "None of its weights are in use: choose which, or go on with it."
NO_WEIGHTS = "It ended before it had learned anything, so it has no weights."
MEASURES = {"probe": "by your labels", "view_retrieval": "by finding altered images again"}


def waiting(place: int) -> str:
    """The state of a run in the queue; `place` from 0."""
    return "Waiting, next" if place == 0 else f"Waiting, {place + 1} in the queue"


def kept_line(offered: Mapping[str, Mapping[str, Any]], chosen: str, *, discarded: bool = False) -> str:
    """ "Last epoch (60) in use; the best was epoch 41, by your labels", or that none are in use."""
    if chosen not in offered:
        return THROWN_AWAY if discarded else NOT_IN_USE if offered else ""
    line = f"{chosen} epoch{_number(offered[chosen])} in use"
    other = "best" if chosen == "last" else "last"
    if other in offered and _number(offered[other]) != _number(offered[chosen]):
        how = MEASURES.get(str(offered[other].get("measure", "")), "")
        where = _number(offered[other]).strip(" ()")
        line += f"; the {other} was epoch {where}, {how}".rstrip(", ") if where else ""
    return line[:1].upper() + line[1:]


def _number(known: Mapping[str, Any]) -> str:
    where = epoch_of(known)
    return f" ({where})" if where else ""


COLLAPSE, LEARNING, START = "Not collapsed", "Still learning", "Better than at the start"
NOT_YET = "Measured at the end of the first epoch."
DEAD = "All images look the same to the network. Try a larger batch or a warm start."
LESS_ALIKE = "Images still look rather alike to the network, but less and less so."
MORE_ALIKE = "Images look more and more alike to the network. If this lasts, try a larger batch or a warm start."
APART = "The network tells the images apart."
FEW_EPOCHS = "Known after a few epochs."
GUESSING = "No better than guessing so far. If it stays so, lower the learning rate."
FALLING = "The loss is still falling. Training longer will help."
LEVEL = "The loss has levelled off. More epochs will change little."
SETTLED = "What lies next to what hardly changes any more. A run may stop here: more epochs change little."
NO_START = "Compared with the first measurement, after the second epoch."
GO_BACK = "The start would serve you better: embed with the start."
NO_GAIN = "No clear gain yet."


def by_labels(first: float, now: float, images: float) -> str:
    """How a probe on the user's labels did at the start and does now."""
    before = f"at its start it was in {percent(first)}"
    return f"With {images:,.0f} of your labels it is right in {percent(now)} of cases; {before}."


def found_again(first: float, now: float) -> str:
    """How altered images were found at the start and are now."""
    return f"It finds an altered image again in {percent(now)} of cases; it began with {percent(first)}."


BYTES = "bytes"
PERCENT, FINE_PERCENT = "percent", "percent with a digit"
NUMBERS = {
    "loss": ("Loss", "{:.3f}"),
    "chance": ("Loss when guessing", "{:.3f}"),
    "collapse": ("Spread", "{:.2f}"),
    "rank_me": ("Effective dimensions", "{:.1f}"),
    "alpha_req": ("Slope of the spectrum", "{:.2f}"),
    "view_retrieval": ("Finds the same image again", FINE_PERCENT),
    "neighbours_kept": ("Neighbours that stayed", PERCENT),
    "probe": ("Right by your labels", FINE_PERCENT),
    "probe_chance": ("Right when guessing", FINE_PERCENT),
    "patient_purity": ("Neighbours of the same patient", PERCENT),
    "patient_purity_chance": ("... by chance", PERCENT),
    "scanner_purity": ("Neighbours of the same scanner", PERCENT),
    "scanner_purity_chance": ("... by chance", PERCENT),
    "site_purity": ("Neighbours of the same site", PERCENT),
    "site_purity_chance": ("... by chance", PERCENT),
    "learning_rate": ("Learning rate", "{:.2e}"),
    "images_per_second": ("Images or volumes a second", "{:,.0f}"),
    "data_wait": ("Time spent waiting for images", PERCENT),
    "memory_bytes": ("Memory in use", BYTES),
    "memory_peak_bytes": ("Memory at its highest", BYTES),
    "memory_free_bytes": ("Memory still free", BYTES),
}


def number(name: str, value: float) -> str:
    """A number of `NUMBERS` as it is shown."""
    form = NUMBERS[name][1]
    if form in (PERCENT, FINE_PERCENT):
        return percent(value, int(form == FINE_PERCENT))
    return size(value) if form == BYTES else form.format(value)


def size(count: float) -> str:
    """ "840 MB" or "1.4 GB"."""
    return f"{count / 2**20:,.0f} MB" if count < 1000 * 2**20 else f"{count / 2**30:,.1f} GB"
