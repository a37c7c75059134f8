"""The methods that can be chosen, read from plugin manifests; no plugin code is imported here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sslstudio.extensions.host import PluginState, discover
from sslstudio.extensions.manifest import Parameter, PretextTaskEntry, Requires
from sslstudio.gui.pages.pretrain import texts
from sslstudio.session import offering
from sslstudio.session.offering import DataFacts
from sslstudio.session.recommending import best_task

FIRST = ("simclr", "micle", "mae")


@dataclass(frozen=True)
class Method:
    """One pretext task.

    `problem` says why it cannot be chosen whatever the data are, "" when it can; `plugin` is the id to enable where
    consent is all that is missing, else "". `foreign` marks what did not come with SSL Studio.
    """

    entry: PretextTaskEntry
    problem: str = ""
    foreign: bool = False
    plugin: str = ""

    @property
    def id(self) -> str:
        """The task's id, as `PretrainSpec.task` has it."""
        return self.entry.id

    @property
    def title(self) -> str:
        """Its proper name."""
        return self.entry.title

    @property
    def requires(self) -> Requires:
        """What it needs to mean anything."""
        return self.entry.requires

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """Its own parameters."""
        return self.entry.parameters


@dataclass(frozen=True)
class Found:
    """What plugins bring: methods in the order of their cards, and (name, reason) of plugins that cannot be read."""

    methods: tuple[Method, ...] = ()
    broken: tuple[tuple[str, str], ...] = ()

    def method(self, method_id: str) -> Method | None:
        """A method that can be chosen, by its id."""
        return next((one for one in self.methods if one.id == method_id and not one.problem), None)


@dataclass(frozen=True)
class MethodCard:
    """What a card shows: `reason` says why it cannot be chosen, `praise` recommends it, `caution` is no hindrance.

    A plugin that cannot be read has a card without `method`.
    """

    title: str
    method: Method | None
    reason: str = ""
    praise: str = ""
    caution: str = ""


@dataclass(frozen=True)
class MethodGroup:
    """Cards under one heading; `about` is a sentence below it."""

    title: str
    about: str
    cards: tuple[MethodCard, ...]


@dataclass(frozen=True)
class Advice:
    """What the data say of the methods: reasons against and cautions by id, the one recommended, and why."""

    reasons: Mapping[str, str]
    cautions: Mapping[str, str]
    best: str = ""
    praise: str = ""


def read_methods() -> Found:
    """The pretext tasks of all plugins, the best known first; those that cannot be used come last, with the reason."""
    methods: list[Method] = []
    broken: list[tuple[str, str]] = []
    for info in discover():
        foreign = info.source != "bundled"
        if info.manifest is None:
            broken.append((info.id, texts.broken_plugin(info.reason)))
            continue
        waits = info.state is PluginState.VALID
        problem = "" if info.state is PluginState.ENABLED else texts.not_enabled(info.reason)
        methods += [Method(entry, problem, foreign, info.id if waits else "") for entry in info.manifest.pretext_tasks]

    def order(method: Method) -> tuple[bool, bool, int, str]:
        place = FIRST.index(method.id) if method.id in FIRST else len(FIRST)
        return bool(method.problem), method.foreign, place, method.title

    return Found(tuple(sorted(methods, key=order)), tuple(broken))


def arrange(found: Found, advice: Advice) -> list[MethodGroup]:
    """The cards under their headings: what to begin with, the rest by what they learn from, plugins of others last."""
    groups: dict[str, list[MethodCard]] = {key: [] for key in texts.GROUPS}
    for method in found.methods:
        if method.foreign:
            key = "foreign"
        elif method.id in FIRST:
            key = "first"
        else:
            key = method.entry.kind if method.entry.kind in groups else "other"
        groups[key].append(_card(method, advice))
    groups["foreign"] += [MethodCard(name, None, reason) for name, reason in found.broken]
    return [MethodGroup(*texts.GROUPS[key], tuple(cards)) for key, cards in groups.items() if cards]


def _card(method: Method, advice: Advice) -> MethodCard:
    reason = method.problem or advice.reasons.get(method.id, "")
    if reason:
        return MethodCard(method.title, method, reason)
    praise = advice.praise if method.id == advice.best else ""
    return MethodCard(method.title, method, "", praise, advice.cautions.get(method.id, ""))


def advise(found: Found, facts: DataFacts | None, images: int, patients: int, volumes_by: str = "") -> Advice:
    """What speaks for and against each method on these images; nothing while there are none.

    With `volumes_by`, a network that sees series as volumes is chosen.
    """
    if facts is None or not images:
        return Advice({}, {})
    reasons = {
        method.id: offering.reason(method.requires, facts) or _flat(method.requires, volumes_by)
        for method in found.methods
    }
    cautions = {method.id: offering.caution(method.entry, facts, volumes=bool(volumes_by)) for method in found.methods}
    usable = [method.entry for method in found.methods if not method.problem and not reasons[method.id]]
    best = best_task(usable, facts)[0].id if usable else ""
    seen = (facts.volumes, patients, best, "volumes") if volumes_by else (images, patients, best)
    return Advice(reasons, cautions, best, texts.recommended(*seen))


def _flat(requires: Requires, volumes_by: str) -> str:
    """Why a method cannot be used with a network that sees volumes, or ""."""
    why = offering.backbone_reason(requires, volumes_by) if volumes_by else ""
    return texts.choose_images(why) if why else ""
