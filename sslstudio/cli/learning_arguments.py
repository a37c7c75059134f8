"""The commands that learn from images without labels, with their options; a part of the parser."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from sslstudio.cli.arguments import add, assignment, count

if TYPE_CHECKING:
    from sslstudio.cli.arguments import Commands

PRESETS = ("auto", "plain", "xray", "ct", "mr", "ultrasound", "histology", "dermoscopy", "fundus", "natural")
PRECISIONS = ("auto", "float32", "bfloat16")
BAGS = ("subject", "study", "series")
ALIKE = ("laterality", "view", "body_part", "modality", "sequence", "series")
EFFORTS = ("quick", "balanced", "thorough")
MAP_METHODS = ("localmap", "pca")
GROUPINGS = ("kmeans", "density")
MODES = ("lpft", "last", "frozen", "full", "lora")
DEVICES = ("auto", "cpu", "cuda", "mps")


def _names(text: str) -> tuple[str, ...]:
    """NAME,NAME for argparse, each one of `ALIKE`."""
    names = tuple(name.strip() for name in text.split(","))
    unknown = [name for name in names if name not in ALIKE]
    if unknown:
        raise argparse.ArgumentTypeError(f"there is no {unknown[0] or 'empty name'}; choose from {', '.join(ALIKE)}")
    return names


def _pretraining(commands: Commands) -> None:
    pretrain = add(commands, "pretrain", "learning:pretrain", "learn a backbone from the images without labels")
    _training_options(pretrain)
    pretrain.add_argument("--queue", action="store_true", help="wait for a training that runs, then start by itself")
    queue = add(commands, "queue", "learning:queue", "list and change the trainings that wait for their turn")
    queue.add_argument("--remove", metavar="RUN", help="let this run wait no longer")
    queue.add_argument("--first", metavar="RUN", help="let this run start first")
    held = queue.add_mutually_exclusive_group()
    held.add_argument("--hold", action="store_true", help="start none until told otherwise")
    held.add_argument("--go-on", action="store_true", help="start them again")
    text = "try a pretraining out: minutes, memory and disk it needs; takes the same options and keeps nothing"
    preflight = add(commands, "preflight", "learning:preflight", text)
    _training_options(preflight)
    preflight.add_argument("--fit", action="store_true", help="change settings that need more memory than there is")


def add_finetuning(commands: Commands) -> None:
    """`sslstudio finetune`."""
    text = "fit a network to the labels, test it and compare it with the linear head"
    tune = add(commands, "finetune", "finetuning:finetune", text)
    tune.add_argument("run", metavar="RUN", help="pretraining or embedding run, random or imagenet; it is embedded")
    tune.add_argument(
        "--mode",
        choices=MODES,
        default="lpft",
        help="what learns: head then all (lpft), the last stage, the head alone (frozen), all under a new head (full), "
        "small matrices beside a vision transformer's (lora); (lpft)",
    )
    tune.add_argument("--epochs", type=count, metavar="N", help="passes over the images at most (20)")
    tune.add_argument("--patience", type=count, metavar="N", help="passes without gain after which it ends (12)")
    tune.add_argument("--batch-size", type=count, metavar="N", help="images at a time (by their number, at most 32)")
    tune.add_argument("--learning-rate", type=float, metavar="X", help="peak rate of a head that learns alone (0.003)")
    tune.add_argument("--slower", type=float, metavar="X", help="how many times slower all learns after it (10)")
    tune.add_argument("--rank", type=count, metavar="N", help="rank of the matrices of lora (8)")
    tune.add_argument("--preset", choices=PRESETS, help="augmentations for this kind of image (auto)")
    tune.add_argument("--device", choices=DEVICES, help="where to train (auto)")
    tune.add_argument("--seed", type=int, metavar="N", help="random seed (0)")
    tune.add_argument("--estimate", action="store_true", help="say how long it will take and train nothing")


def _training_options(pretrain: argparse.ArgumentParser) -> None:
    pretrain.add_argument("--task", default="simclr", help="pretext task, see `sslstudio plugin list` (simclr)")
    pretrain.add_argument(
        "--init",
        default="random",
        metavar="random|imagenet|run:RUN|FILE",
        help="weights to start from; run:simclr-1 goes on from that run's backbone (random)",
    )
    pretrain.add_argument("--epochs", type=count, default=100, metavar="N", help="passes over the images (100)")
    pretrain.add_argument("--learning-rate", type=float, metavar="X", help="peak learning rate (the method's)")
    pretrain.add_argument("--weight-decay", type=float, metavar="X", help="weight decay (the method's)")
    pretrain.add_argument("--preset", choices=PRESETS, default="auto", help="augmentations for this kind of image")
    pretrain.add_argument("--precision", choices=PRECISIONS, default="auto", help="arithmetic (auto)")
    pretrain.add_argument("--keep", choices=("best", "last"), default="last", help="weights to hand on (last)")
    pretrain.add_argument(
        "--accumulation", type=count, default=1, metavar="N", help="compute each batch in N parts to save memory (1)"
    )
    pretrain.add_argument("--checkpointing", action="store_true", help="save memory in a vision transformer, for time")
    text = "compile the network first (Linux): a minute at the start, faster steps on some graphics cards"
    pretrain.add_argument("--compile", action="store_true", help=text)
    pretrain.add_argument(
        "--set",
        dest="parameters",
        type=assignment,
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="one of the task's own parameters",
    )
    _network_options(pretrain, batch_size=256)
    pretrain.set_defaults(backbone=None, image_size=None, batch_size=None, depth=None)
    pairs = pretrain.add_argument_group("which images may form a pair (methods that compare images of one patient)")
    pairs.add_argument("--pair-within", choices=BAGS, metavar="WHOLE", help=f"{', '.join(BAGS)} (subject)")
    pairs.add_argument(
        "--pair-alike", type=_names, metavar="FACT,FACT", help=f"both are alike in these: {', '.join(ALIKE)}"
    )
    pairs.add_argument("--slice-gap", type=int, metavar="N", help="slices of one series at least N places apart")
    pairs.add_argument("--most-days", type=int, metavar="N", help="made at most N days apart")


def add_learning(commands: Commands) -> None:
    _pretraining(commands)
    recommend = add(commands, "recommend", "advising:recommend", "say what to train with on these images, and why")
    recommend.add_argument("--effort", choices=EFFORTS, default="balanced", help="how thoroughly (balanced)")
    recommend.add_argument("--volumes", action="store_true", help="for networks that see whole series as volumes")
    helping = add(
        commands, "helping", "advising:helping", "say whether a pretraining helps with the labels there are, or not"
    )
    helping.add_argument("run", metavar="RUN", help="name of the pretraining")
    helping.add_argument("--seed", type=int, default=0, metavar="N", help="seed of the folds (0)")
    curves = add(commands, "curves", "advising:curves", "write the numbers of a run as a table")
    curves.add_argument("run", metavar="RUN", help="name of the run")
    curves.add_argument("-o", "--output", type=Path, required=True, metavar="FILE.csv", help="table to write")
    resume = add(commands, "resume", "learning:resume", "go on with a run that was stopped")
    resume.add_argument("run", metavar="RUN", help="name of the run")
    resume.add_argument("--extend-epochs", type=int, default=0, metavar="N", help="train N epochs more than planned")
    stop = add(commands, "stop", "learning:stop", "stop a pretraining, or decide on the weights of one that has ended")
    stop.add_argument("run", metavar="RUN", help="name of the run")
    stop.add_argument(
        "--keep", choices=("best", "last", "discard"), help="weights to go on with (none: decide later, or resume)"
    )
    embed = add(commands, "embed", "learning:embed", "turn every image into a vector")
    embed.add_argument(
        "source", metavar="RUN|random|imagenet", help="pretraining run, or untrained or ImageNet weights"
    )
    _network_options(embed, batch_size=128)
    maps = add(commands, "map", "learning:make_map", "lay the embeddings out in two dimensions and find clusters")
    maps.add_argument("run", metavar="RUN", help="pretraining or embedding run, random or imagenet")
    maps.add_argument("--method", choices=MAP_METHODS, default="localmap", help="projection (localmap)")
    maps.add_argument("--clusters", type=int, default=0, metavar="N", help="number of clusters; 0 finds it (0)")
    maps.add_argument(
        "--grouping", choices=GROUPINGS, default="kmeans", help="clusters by k-means, or by density on the map (kmeans)"
    )
    maps.add_argument(
        "--keep", action="store_true", help="place new images on the latest map of the same backbone; nothing moves"
    )
    maps.add_argument("--seed", type=int, default=0, metavar="N", help="random seed (0)")
    text = "say which facts (scanner, site, day ...) the groups of a map follow"
    shortcuts = add(commands, "shortcuts", "shortcuts:shortcuts", text)
    shortcuts.add_argument("run", metavar="RUN", help="pretraining or embedding run, random or imagenet; it has a map")
    shortcuts.add_argument("--details", action="store_true", help="add the numbers of every column")
    shortcuts.add_argument("--seed", type=int, default=0, metavar="N", help="random seed (0)")


def _network_options(command: argparse.ArgumentParser, *, batch_size: int) -> None:
    command.add_argument("--backbone", default="resnet18", metavar="NAME", help="network (resnet18)")
    command.add_argument("--image-size", type=count, default=64, metavar="N", help="side in pixels (64)")
    command.add_argument(
        "--depth", type=count, default=32, metavar="N", help="slices of a volume, for networks that see volumes (32)"
    )
    command.add_argument(
        "--batch-size",
        type=count,
        default=batch_size,
        metavar="N",
        help=f"images in one step ({batch_size}; fewer volumes)",
    )
    command.add_argument("--device", choices=DEVICES, default="auto", help="where to compute (auto)")
    command.add_argument("--seed", type=int, default=0, metavar="N", help="random seed (0)")
