"""The methods that can be chosen, read from plugin manifests; no plugin code is imported here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sslstudio.extensions.host import PluginState, discover
from sslstudio.extensions.manifest import Parameter, PretextTaskEntry

FIRST = ("simclr", "micle", "mae")


@dataclass(frozen=True)
class Method:
    """One pretext task with its card's words. `problem` says why it cannot be chosen, "" when it can."""

    id: str
    title: str
    summary: str
    needs: str
    helps_when: str
    reference: str
    recommended_batch: int
    least_images: int
    parameters: tuple[Parameter, ...]
    problem: str = ""


def read_methods() -> list[Method]:
    """The pretext tasks of all plugins, the best known first; those that cannot be used come last, with the reason."""
    found = [
        _method(entry, "" if info.state == PluginState.ENABLED else info.reason or "Not enabled")
        for info in discover()
        if info.manifest is not None
        for entry in info.manifest.pretext_tasks
    ]

    def order(method: Method) -> tuple[bool, int, str]:
        return bool(method.problem), FIRST.index(method.id) if method.id in FIRST else len(FIRST), method.title

    return sorted(found, key=order)


def _method(entry: PretextTaskEntry, problem: str) -> Method:
    return Method(
        entry.id,
        entry.title,
        entry.summary,
        entry.needs,
        entry.helps_when,
        entry.reference,
        entry.recommended_batch,
        entry.least_images,
        tuple(entry.parameters),
        problem,
    )


def recommend(methods: Sequence[Method], images: int, patients: int) -> str:
    """The id of the method to mark for this data: bags where patients have several images, else single images."""
    usable = [method.id for method in methods if not method.problem]
    if "micle" in usable and patients and images / patients >= 2:
        return "micle"
    return "simclr" if "simclr" in usable else (usable[0] if usable else "")
