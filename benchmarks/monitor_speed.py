"""What the measures on the fixed sample cost after each epoch, in processor time.

    python benchmarks/monitor_speed.py

On random features of 2,048 images and 512 labelled ones, for the widths of the usual backbones.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import torch

from sslstudio.training import monitors, neighbourhood, probe

IMAGES, LABELLED = 2048, 512


def seconds(work: Callable[[], object], times: int = 3) -> float:
    """Processor seconds of all threads of one call, the best of some."""
    work()
    found = []
    for _ in range(times):
        start = time.process_time()
        work()
        found.append(time.process_time() - start)
    return min(found)


def measure(width: int) -> dict[str, float]:
    """Seconds of each measure at a feature width."""
    features, views = torch.randn(IMAGES, width), torch.randn(IMAGES, width)
    patients, scanners = torch.arange(IMAGES) // 8, torch.arange(IMAGES) // 8 % 3
    cosines = neighbourhood.similarity(features)
    near = neighbourhood.nearest(cosines)
    labelled, classes, owners = (
        torch.randn(LABELLED, width),
        torch.arange(LABELLED) // 8 % 3,
        torch.arange(LABELLED) // 8,
    )
    return {
        "collapse": seconds(lambda: monitors.collapse(features)),
        "rank and alpha": seconds(lambda: monitors.rank_me(monitors.spectrum(features))),
        "view retrieval": seconds(lambda: monitors.view_retrieval(features, views)),
        "neighbours": seconds(lambda: neighbourhood.nearest(neighbourhood.similarity(features))),
        "neighbours kept": seconds(lambda: neighbourhood.kept(near, near)),
        "purity of patient": seconds(lambda: neighbourhood.purity(cosines, patients)),
        "purity of scanner": seconds(lambda: neighbourhood.purity(cosines, scanners, patients, scanners * 0)),
        "probe": seconds(lambda: probe.accuracy(labelled, classes, owners)),
    }


def main() -> None:
    """Print the table."""
    torch.set_num_threads(2)
    for width in (192, 512, 1280, 2048):
        found = measure(width)
        total = sum(found.values())
        parts = ", ".join(f"{name} {value:.3f}" for name, value in found.items())
        print(f"{width:5d} numbers: {total:.2f} processor s on {torch.get_num_threads()} threads; {parts}")


if __name__ == "__main__":
    main()
