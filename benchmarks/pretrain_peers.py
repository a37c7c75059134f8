"""What `pretrain_throughput.py` compares with, each in a process of its own; stands alone (no import of SSL Studio).

    python benchmarks/pretrain_peers.py limit|lightly|lightly-train SETTINGS.json

SETTINGS: {"images": folder, "backbone": "resnet18", "size": 64, "batch": 128, "steps": 30, "warm": 5, "threads": 2,
"device": "cpu"}. Prints one line {"images_per_second": .., "steps": ..} of the steps after the warm ones. `limit` is
the bare network, head, loss and optimiser on tensors that lie ready: no program that trains it can be faster. `lightly`
is the recipe of lightly's documentation (SimCLRTransform, DataLoader, NTXentLoss, a Lightning trainer). `lightly-train`
needs an environment of its own, with that package in it; it is no dependency of the product.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

TEMPERATURE, HIDDEN, OUTPUT = 0.2, 512, 128


class Stopwatch:
    """Counts steps and the time since the last warm one."""

    def __init__(self, warm: int) -> None:
        self.warm, self.steps, self.since, self.until = warm, 0, 0.0, 0.0

    def step(self) -> None:
        self.steps += 1
        self.until = time.perf_counter()
        if self.steps == self.warm:
            self.since = self.until

    def speed(self, batch: int) -> float:
        return (self.steps - self.warm) * batch / (self.until - self.since)


def limit(given: dict[str, Any]) -> Stopwatch:
    """Forward, loss, backward and step on two views that lie ready."""
    import torch
    import torchvision
    from lightly.loss import NTXentLoss
    from lightly.models.modules.heads import SimCLRProjectionHead

    device = torch.device(given["device"])
    network = torchvision.models.get_model(given["backbone"], weights=None)
    width, network.fc = network.fc.in_features, torch.nn.Identity()
    head = SimCLRProjectionHead(width, HIDDEN, OUTPUT)
    network = network.to(device, memory_format=torch.channels_last)
    head = head.to(device)
    optimiser = torch.optim.AdamW([*network.parameters(), *head.parameters()], lr=1e-3, fused=True)
    loss_of = NTXentLoss(temperature=TEMPERATURE)
    views = torch.randn(2 * given["batch"], 3, given["size"], given["size"], device=device)
    views = views.contiguous(memory_format=torch.channels_last)
    half = torch.autocast(device.type, dtype=torch.bfloat16, enabled=device.type == "cuda")
    watch = Stopwatch(given["warm"])
    for _ in range(given["warm"] + given["steps"]):
        with half:
            first, second = head(network(views)).float().chunk(2)
        loss = loss_of(first, second)
        loss.backward()
        optimiser.step()
        optimiser.zero_grad(set_to_none=True)
        float(loss.detach())
        watch.step()
    return watch


def lightly(given: dict[str, Any]) -> Stopwatch:
    """The recipe of lightly's documentation: examples, PyTorch Lightning, SimCLR."""
    import pytorch_lightning as lightning
    import torch
    import torchvision
    from lightly.data import LightlyDataset
    from lightly.loss import NTXentLoss
    from lightly.models.modules.heads import SimCLRProjectionHead
    from lightly.transforms import SimCLRTransform

    watch = Stopwatch(given["warm"])

    class SimCLR(lightning.LightningModule):
        def __init__(self) -> None:
            super().__init__()
            network = torchvision.models.get_model(given["backbone"], weights=None)
            width, network.fc = network.fc.in_features, torch.nn.Identity()
            self.backbone = network
            self.head = SimCLRProjectionHead(width, HIDDEN, OUTPUT)
            self.loss_of = NTXentLoss(temperature=TEMPERATURE)

        def training_step(self, batch: Any, batch_index: int) -> Any:
            first, second = (self.head(self.backbone(view)) for view in batch[0])
            return self.loss_of(first, second)

        def on_train_batch_end(self, *_: Any) -> None:
            watch.step()

        def configure_optimizers(self) -> Any:
            return torch.optim.SGD(self.parameters(), lr=0.06)

    transform = SimCLRTransform(input_size=given["size"], gaussian_blur=0.0)
    loader = torch.utils.data.DataLoader(
        LightlyDataset(given["images"], transform=transform),
        batch_size=given["batch"],
        shuffle=True,
        drop_last=True,
        num_workers=given["threads"],
        persistent_workers=True,
    )
    with tempfile.TemporaryDirectory() as folder:
        trainer = lightning.Trainer(
            default_root_dir=folder,
            max_steps=given["warm"] + given["steps"],
            accelerator="gpu" if given["device"] == "cuda" else "cpu",
            devices=1,
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
        )
        trainer.fit(SimCLR(), loader)
    return watch


def lightly_train(given: dict[str, Any]) -> Stopwatch:
    """lightly-train's SimCLR with its defaults, but for model, size and batch."""
    import lightly_train
    from pytorch_lightning import Callback

    watch = Stopwatch(given["warm"])

    class Watching(Callback):
        def on_train_batch_end(self, *_: Any) -> None:
            watch.step()

    json.JSONEncoder.default = lambda _self, value: str(value)  # type: ignore[method-assign]  # it notes its arguments

    with tempfile.TemporaryDirectory() as folder:
        lightly_train.pretrain(
            out=str(Path(folder) / "out"),
            data=given["images"],
            model=f"torchvision/{given['backbone']}",
            method="simclr",
            epochs=given["epochs"],
            batch_size=given["batch"],
            num_workers=given["threads"],
            accelerator="gpu" if given["device"] == "cuda" else "cpu",
            devices=1,
            transform_args={"image_size": (given["size"], given["size"])},
            trainer_args={"callbacks": [Watching()], "max_steps": given["warm"] + given["steps"]},
        )
    return watch


PEERS = {"limit": limit, "lightly": lightly, "lightly-train": lightly_train}


def main() -> None:
    name, settings = sys.argv[1:]
    given = json.loads(Path(settings).read_text(encoding="utf-8"))
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    logging.disable(logging.WARNING)
    import torch

    torch.set_num_threads(given["threads"])
    watch = PEERS[name](given)
    print(json.dumps({"images_per_second": round(watch.speed(given["batch"]), 1), "steps": watch.steps - watch.warm}))


if __name__ == "__main__":
    main()
