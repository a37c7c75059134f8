"""The watch: start, shortcut, settled, below the start; and the weights of the best epoch, exact across a stop."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from pathlib import Path

import pytest
import safetensors.torch
import torch
from torch import Tensor, nn

from sslstudio.domain.items import Item
from sslstudio.training.keeping import BestWeights
from sslstudio.training.watching import START, Watcher
from tests.unit.training.conftest import Bench, Recorder, Stopped


class Scripted(nn.Module):
    """An encoder whose features of the fixed images are given by the test: (N, D), looked up by call."""

    def __init__(self, features: Tensor) -> None:
        super().__init__()
        self.features = features
        self.weight = nn.Parameter(torch.zeros(3))

    def forward(self, images: Tensor) -> Tensor:
        """The rows that the images stand for."""
        return self.features[images[:, 0, 0, 0].long()]


class RowsAsImages:
    """Stands for a `BatchMaker`: an image is the number of its row."""

    def sample(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        images = rows.float().view(-1, 1, 1, 1)
        return images, images


def items(count: int = 120, **facts: object) -> list[Item]:
    base = {"study": "x", "series": "x", "modality": "MR", "shard": "x", "offset": 0, "height": 1, "width": 1}
    return [
        Item.model_validate(
            {
                **base,
                "channels": 1,
                "dtype": "uint8",
                "windows": ((0, 1),),
                "image_id": row,
                "subject": f"p{row // 4}",
                "scanner": f"scanner {row // 4 % 2}",
                **facts,
            }
        )
        for row in range(count)
    ]


def watcher(report: Recorder, listed: list[Item], epochs: int = 20, keeper: BestWeights | None = None) -> Watcher:
    return Watcher(RowsAsImages(), listed, epochs, 0, report, keeper)


def features(count: int = 120, seed: int = 0) -> Tensor:
    return torch.randn(count, 16, generator=torch.Generator().manual_seed(seed))


def test_the_start_is_measured_and_told_before_the_first_epoch() -> None:
    report = Recorder()
    watch = watcher(report, items())
    watch.start(Scripted(features()), contextlib.nullcontext)
    assert report.epochs == [START]
    assert watch.state.start == report.monitors[0]
    assert watch.state.start["scanner_purity_chance"] == pytest.approx(56 / 116)


def test_a_network_that_sorts_by_scanner_is_told_once_and_one_that_does_not_is_not() -> None:
    listed = items()
    scanner = torch.tensor([row // 4 % 2 for row in range(120)])
    sorting = features() + 8.0 * scanner[:, None] * torch.ones(16)
    for encoder, told in ((Scripted(sorting), ["shortcut_scanner"]), (Scripted(features()), [])):
        report = Recorder()
        watch = watcher(report, listed)
        for epoch in range(10):
            watch.look(encoder, contextlib.nullcontext, epoch, 1.0, 6.0)
        assert [code for code in report.warnings if code.startswith("shortcut")] == told


def test_one_scanner_or_few_patients_of_one_raise_no_alarm() -> None:
    sorting = features()
    sorting[:8] += 20.0
    listed = items()
    few = [one.model_copy(update={"scanner": "a" if row < 8 else "b"}) for row, one in enumerate(listed)]
    for these in (items(scanner="only"), items(scanner=""), few):
        report = Recorder()
        watch = watcher(report, these)
        for epoch in range(10):
            watch.look(Scripted(sorting), contextlib.nullcontext, epoch, 1.0, 6.0)
        assert not [code for code in report.warnings if code.startswith("shortcut")]


def test_scanners_that_have_a_modality_each_are_not_measured() -> None:
    listed = [one.model_copy(update={"modality": one.scanner}) for one in items()]
    report = Recorder()
    watcher(report, listed).start(Scripted(features()), contextlib.nullcontext)
    assert "scanner_purity" not in report.monitors[0]
    assert "patient_purity" in report.monitors[0]


def test_an_early_end_is_offered_when_neighbours_have_stopped_changing() -> None:
    report = Recorder()
    watch = watcher(report, items(), epochs=20)
    for epoch in range(6):
        watch.look(Scripted(features(seed=epoch)), contextlib.nullcontext, epoch, 1.0, 6.0)
    assert "settled" not in report.warnings
    for epoch in range(6, 10):
        watch.look(Scripted(features(seed=5)), contextlib.nullcontext, epoch, 1.0, 6.0)
    assert report.monitors[-1]["neighbours_kept"] == 1.0
    assert report.warnings.count("settled") == 1


def test_no_early_end_is_offered_at_chance_level_or_when_little_is_left() -> None:
    for loss, first in ((5.95, 0), (1.0, 17)):
        report = Recorder()
        watch = watcher(report, items(), epochs=20)
        for epoch in range(first, 20):
            watch.look(Scripted(features()), contextlib.nullcontext, epoch, loss, 6.0)
        assert "settled" not in report.warnings


def labelled() -> tuple[list[Item], Tensor]:
    listed = [one.model_copy(update={"label": "ab"[row // 4 % 2]}) for row, one in enumerate(items(scanner=""))]
    return listed, torch.tensor([row // 4 % 2 for row in range(120)])


def test_a_run_that_ends_below_its_start_says_so() -> None:
    listed, classes = labelled()
    good, bad = features() + 3.0 * classes[:, None], features()
    for first, last, told in ((good, bad, True), (bad, good, False), (good, good, False)):
        report = Recorder()
        watch = watcher(report, listed, epochs=2)
        watch.start(Scripted(first), contextlib.nullcontext)
        for epoch in range(2):
            watch.look(Scripted(last), contextlib.nullcontext, epoch, 1.0, 6.0)
        assert ("below_start" in report.warnings) is told


def test_the_best_epoch_by_the_labels_is_held(tmp_path: Path) -> None:
    listed, classes = labelled()
    written: dict[str, Mapping[str, Tensor]] = {}

    def save(tensors: Mapping[str, Tensor], folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        written[folder.name] = tensors

    keeper = BestWeights(tmp_path, save)
    watch = watcher(Recorder(), listed, epochs=4, keeper=keeper)
    for epoch, separation in enumerate((0.0, 3.0, 1.0, 0.2)):
        encoder = Scripted(features() + separation * classes[:, None])
        nn.init.constant_(encoder.weight, float(epoch))
        watch.look(encoder, contextlib.nullcontext, epoch, 1.0, 6.0)
    keeper.flush()
    keeper.keep_last(encoder, 3)
    facts = json.loads((tmp_path / "best" / "epoch.json").read_text())
    assert (facts["epoch"], facts["measure"]) == (1, "probe")
    assert facts["value"] == watch.state.best
    assert written["best"]["weight"].tolist() == [1.0] * 3
    assert written["last"]["weight"].tolist() == [3.0] * 3


def test_among_epochs_whose_features_lie_close_the_best_is_held_until_one_spreads_them() -> None:
    watch = watcher(Recorder(), items(), epochs=9)
    course = [(0.1, 0.30), (0.1, 0.50), (0.1, 0.20), (0.9, 0.05), (0.1, 0.90), (0.9, 0.10)]
    held = []
    for epoch, (spread, found) in enumerate(course):
        watch._hold(Scripted(features()), epoch, {"collapse": spread, "view_retrieval": found})
        held.append(watch.state.best_epoch)
    assert held == [0, 1, 1, 3, 3, 5]


def keeper_below(folder: Path) -> BestWeights:
    def save(tensors: Mapping[str, Tensor], target: Path) -> None:
        target.mkdir(parents=True, exist_ok=True)
        safetensors.torch.save_file(
            {n: t.clone(memory_format=torch.contiguous_format) for n, t in tensors.items()}, target / "w.safetensors"
        )

    return BestWeights(folder, save)


def test_a_stopped_run_keeps_its_last_weights_and_resumed_ends_with_the_same_best(bench: Bench) -> None:
    whole, stopped = bench.folder / "whole-kept", bench.folder / "stopped-kept"
    bench.loop(Recorder(), folder="whole", keeper=keeper_below(whole), epochs=4)[0].run()
    with pytest.raises(Stopped):
        bench.loop(Recorder(stop_at=8), folder="stopped", keeper=keeper_below(stopped), epochs=4)[0].run()
    assert json.loads((stopped / "last" / "epoch.json").read_text()) == {"epoch": 2, "whole": False}
    bench.loop(Recorder(), folder="stopped", keeper=keeper_below(stopped), epochs=4)[0].run()
    for name in ("best", "last"):
        first, second = (safetensors.torch.load_file(folder / name / "w.safetensors") for folder in (whole, stopped))
        assert all(torch.equal(first[tensor], second[tensor]) for tensor in first)
        assert (whole / name / "epoch.json").read_text() == (stopped / name / "epoch.json").read_text()
