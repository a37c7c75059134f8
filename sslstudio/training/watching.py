"""The watch over a run: the encoder measured on fixed images before the first step and after every epoch.

It says what only a look at the features shows: collapse, a shortcut (the scanner instead of the anatomy), that nothing
changes any more, that the start was better; and it holds the weights of the best epoch.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

import torch
from torch import Tensor, nn

from sslstudio.domain.items import Item
from sslstudio.domain.record import Record
from sslstudio.domain.words import percent
from sslstudio.training import monitors, neighbourhood, probe
from sslstudio.training.batches import BatchMaker
from sslstudio.training.devices import laid_out
from sslstudio.training.feature_log import FeatureLog
from sslstudio.training.keeping import BestWeights
from sslstudio.training.reporter import Reporter
from sslstudio.training.sampling import generator_for

START = -1
"""The epoch under which the measures of the weights before the first step are told."""
SETTLED, SETTLED_EPOCHS = 0.9, 3
SHORTCUT = 0.5
LEAST_GROUP_PATIENTS = 5
_SAMPLE, _LABELLED, _BATCH = 4, 5, 256
_TIE = 0.005  # values this near to the best one count as equal: then the later epoch is kept
_STRIDES = 20
_NEAR_CHANCE = 0.97
_NO_CHOICE = 0.99  # by chance already all neighbours are of one group: each modality has its own scanner

Autocast = Callable[[], AbstractContextManager[None]]


class WatchState(Record):
    """What the watch must remember across a resume; part of the checkpoint.

    `start` holds the measures before the first step. `best` is the value of `measure` in epoch `best_epoch`; `best_low`
    says that its features lay close together, as those of any other epoch so far. `settled` and `shortcut` count epochs
    in a row; `told` names warnings that are not given twice.
    """

    start: dict[str, float] = {}
    measure: str = ""
    best: float | None = None
    best_epoch: int = START
    best_low: bool = False
    settled: int = 0
    shortcut: int = 0
    told: tuple[str, ...] = ()


class Watch(Protocol):
    """What the loop asks of a watch; `state` is saved and restored with the run."""

    state: WatchState

    @property
    def ended(self) -> bool:
        """Whether the run shall end before its last epoch."""

    def start(self, encoder: nn.Module, autocast: Autocast) -> None:
        """Measure the weights that a run starts from."""

    def look(self, encoder: nn.Module, autocast: Autocast, epoch: int, loss: float, chance: float | None) -> float:
        """Measure `encoder` after `epoch`, tell it; returns the collapse measure, 1 where it means nothing."""

    def collapse(self, encoder: nn.Module, autocast: Autocast) -> float:
        """The collapse measure alone."""


class Watcher:
    """Measures encoders on the sample of `items`; see `monitors`, `neighbourhood` and `probe` for the measures.

    `state` is read by whoever saves a checkpoint and set by whoever resumes from one.
    """

    def __init__(
        self,
        batches: BatchMaker,
        items: Sequence[Item],
        epochs: int,
        seed: int,
        report: Reporter,
        keeper: BestWeights | None = None,
        log: FeatureLog | None = None,
    ) -> None:
        self.state = WatchState()
        self._batches = batches
        self._epochs = epochs
        self._report = report
        self._keeper = keeper
        self._log = log
        self._collapse_watch = monitors.CollapseWatch(epochs)
        cpu = torch.device("cpu")
        self._sample = monitors.sample_rows(len(items), generator_for(cpu, seed, _SAMPLE))
        labels, parts = [item.label for item in items], [item.part for item in items]
        subjects = [item.subject for item in items]
        self._probed = probe.choose_rows(labels, subjects, parts, generator_for(cpu, seed, _LABELLED))
        self._classes = neighbourhood.codes([labels[row] for row in self._probed.tolist()])
        self._probed_patients = neighbourhood.codes([subjects[row] for row in self._probed.tolist()])
        chosen = [items[row] for row in self._sample.tolist()]
        self._sampled = [item.image_id for item in chosen]
        self._patients = neighbourhood.codes([item.subject for item in chosen])
        self._modalities = neighbourhood.codes([item.modality or "-" for item in chosen])
        self._places = {
            name: codes
            for name, codes in (
                ("scanner", neighbourhood.codes([item.scanner for item in chosen])),
                ("site", neighbourhood.codes([item.site for item in chosen])),
            )
            if len(codes[codes >= 0].unique()) > 1
        }
        self._before: deque[Tensor] = deque(maxlen=max(1, epochs // _STRIDES))

    @property
    def ended(self) -> bool:
        """Whether the run shall end early: never, that is for the user to say."""
        return False

    def start(self, encoder: nn.Module, autocast: Autocast) -> None:
        """Measure the weights that a run starts from."""
        values, near = self._measure(encoder, autocast, START)
        self._before.append(near)
        self.state = self.state.model_copy(update={"start": values})
        self._report.monitor(START, **values)

    def look(self, encoder: nn.Module, autocast: Autocast, epoch: int, loss: float, chance: float | None) -> float:
        """Measure `encoder` after `epoch`, tell it, warn where needed; returns the collapse measure."""
        values, near = self._measure(encoder, autocast, epoch)
        if len(self._before) == self._before.maxlen:
            values["neighbours_kept"] = neighbourhood.kept(self._before[0], near)
        self._before.append(near)
        values["loss"] = loss
        if chance is not None:
            values["chance"] = chance
        self._report.monitor(epoch, **values)
        if self._collapse_watch.alarm(epoch, values["collapse"], loss, chance):
            self._report.warn(
                "collapse",
                f"After epoch {epoch + 1} the network gave nearly the same answer for every image.",
                "Try a larger batch, a lower learning rate or a warm start.",
            )
        self._settling(epoch, values)
        self._shortcuts(epoch, values)
        self._hold(encoder, epoch, values)
        if epoch + 1 == self._epochs:
            self._compare_with_start(values)
        return values["collapse"]

    def collapse(self, encoder: nn.Module, autocast: Autocast) -> float:
        """The collapse measure alone, for a run that was started again when it was finished."""
        return monitors.collapse(self._features(encoder, autocast, self._sample)[0])

    def _measure(self, encoder: nn.Module, autocast: Autocast, epoch: int) -> tuple[dict[str, float], Tensor]:
        features, views = self._features(encoder, autocast, self._sample, altered=True)
        if self._log is not None:
            self._log.keep(epoch + 1, self._sampled, features)
        spectrum = monitors.spectrum(features)
        cosines = neighbourhood.similarity(features)
        values = {
            "collapse": monitors.collapse(features),
            "rank_me": monitors.rank_me(spectrum),
            "alpha_req": monitors.alpha_req(spectrum),
            "view_retrieval": monitors.view_retrieval(views, features),
        }
        found = {"patient": neighbourhood.purity(cosines, self._patients)}
        for name, codes in self._places.items():
            found[name] = neighbourhood.purity(cosines, codes, self._patients, self._modalities)
        for name, purity in found.items():
            if purity is not None and purity.chance < _NO_CHOICE:
                values |= {f"{name}_purity": purity.share, f"{name}_purity_chance": purity.chance}
        if len(self._probed):
            labelled, _ = self._features(encoder, autocast, self._probed)
            values["probe"] = probe.accuracy(labelled, self._classes, self._probed_patients)
            values["probe_chance"] = 1.0 / int(self._classes.max() + 1)
            values["probe_images"] = float(len(self._probed))
        return values, neighbourhood.nearest(cosines)

    @torch.no_grad()
    def _features(
        self, encoder: nn.Module, autocast: Autocast, rows: Tensor, *, altered: bool = False
    ) -> tuple[Tensor, Tensor]:
        """Features (N, D) float32 on the CPU, of plain images and, if `altered`, of a view of each."""
        encoder.eval()
        found: tuple[list[Tensor], list[Tensor]] = ([], [])
        for some in rows.split(_BATCH):
            kinds = self._batches.sample(some)
            for images, features in zip(kinds[: 1 + altered], found, strict=False):
                with autocast():
                    features.append(encoder(laid_out(images)).float().cpu())
        return torch.cat(found[0]), torch.cat(found[1]) if altered else torch.empty(0)

    def _settling(self, epoch: int, values: dict[str, float]) -> None:
        """Offer an early end when neighbours have stayed for three epochs and enough epochs are left to save."""
        guessing = "chance" in values and values["loss"] > _NEAR_CHANCE * values["chance"]
        stays = values.get("neighbours_kept", 0.0) >= SETTLED and not guessing
        self.state = self.state.model_copy(update={"settled": self.state.settled + 1 if stays else 0})
        left = self._epochs - epoch - 1
        if self.state.settled >= SETTLED_EPOCHS and left > max(2, self._epochs // 10):
            self._once(
                "settled",
                "What lies next to what has hardly changed for some epochs: the network seems to have learned what it "
                "will learn with these settings.",
                f"You may stop here and keep what there is; {left} of {self._epochs} epochs are left.",
            )

    def _shortcuts(self, epoch: int, values: dict[str, float]) -> None:
        """Warn when neighbours of other patients come from the same scanner or site far more often than by chance."""
        far = {}
        for name, codes in self._places.items():
            if f"{name}_purity" in values and self._many_patients(codes):
                purity = neighbourhood.Purity(values[f"{name}_purity"], values[f"{name}_purity_chance"])
                if purity.excess > SHORTCUT and epoch >= max(2, self._epochs // 5):
                    far[name] = purity
        self.state = self.state.model_copy(update={"shortcut": self.state.shortcut + 1 if far else 0})
        for name, purity in far.items() if self.state.shortcut >= 2 else ():
            self._once(
                f"shortcut_{name}",
                f"Images lie together by {name}: of the most similar images of other patients {percent(purity.share)} "
                f"come from the same {name}; by chance it would be {percent(purity.chance)}.",
                f"A classifier built on this may tell {name}s apart instead of findings. Compare its scores "
                f"{name} by {name}, or train with stronger changes of brightness and contrast.",
            )

    def _many_patients(self, codes: Tensor) -> bool:
        """Whether two groups have enough patients for their likeness to mean anything."""
        held = [len(self._patients[codes == code].unique()) for code in codes[codes >= 0].unique()]
        return sum(patients >= LEAST_GROUP_PATIENTS for patients in held) > 1

    def _hold(self, encoder: nn.Module, epoch: int, values: dict[str, float]) -> None:
        """Keep the weights when this epoch is the best so far, or so near to it that the longer training decides."""
        measure = "probe" if "probe" in values else "view_retrieval"
        low = values["collapse"] < monitors.COLLAPSE_ALARM and measure != "probe"
        if low and self.state.best is not None and not self.state.best_low:
            return
        comparable = self.state.measure == measure and self.state.best_low == low
        value, best = values[measure], self.state.best if comparable else None
        if best is not None and value < best - _TIE:
            return
        highest = value if best is None else max(best, value)
        found = {"measure": measure, "best": highest, "best_epoch": epoch, "best_low": low}
        self.state = self.state.model_copy(update=found)
        if self._keeper is not None:
            self._keeper.hold(encoder, epoch, measure, value)

    def _compare_with_start(self, values: dict[str, float]) -> None:
        """Say it when a run ends below its start by the labels."""
        before, now = self.state.start.get("probe"), values.get("probe")
        if before is None or now is None or now > before - max(0.02, len(self._probed) ** -0.5 / 2):
            return
        self._report.warn(
            "below_start",
            f"By your labels the network is worse than at its start: {percent(now)} right against {percent(before)}.",
            "Embed with the start instead, or train again at a lower learning rate.",
        )

    def _once(self, code: str, message: str, hint: str) -> None:
        if code not in self.state.told:
            self.state = self.state.model_copy(update={"told": (*self.state.told, code)})
            self._report.warn(code, message, hint)
