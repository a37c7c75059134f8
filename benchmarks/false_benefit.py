"""How often "is pretraining helping?" tells two embeddings apart that are alike; it should be at most 5 in 100.

    python benchmarks/false_benefit.py [--draws 40]

Both embeddings of a draw are random patients around the same two classes. The second column leaves the widening of
`classifiers.benefit` out.
"""

from __future__ import annotations

import argparse

import numpy as np
from numpy.typing import NDArray

from sslstudio.classifiers import benefit


def embedding(owner: NDArray[np.int64], y: NDArray[np.int64], separation: float, seed: int) -> NDArray[np.float32]:
    """Vectors (N, 12): patients differ, images of one little; classes lie `separation` apart."""
    random = np.random.default_rng(seed)
    own = random.normal(size=(owner.max() + 1, 12))[owner]
    return (own + 0.2 * random.normal(size=(len(y), 12)) + separation * y[:, None]).astype(np.float32)


def main() -> None:
    """Print the share of draws told apart, with and without the widening, for some numbers of patients."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draws", type=int, default=40)
    draws = parser.parse_args().draws
    for patients, separation in ((24, 0.5), (60, 0.3)):
        owner = np.repeat(np.arange(patients), 2)
        y, groups = owner % 2, np.array([f"p{one}" for one in owner])
        told = [0, 0]
        for draw in range(draws):
            pair = {
                name: embedding(owner, y, separation, 2 * draw + side) for side, name in enumerate(("run", "start"))
            }
            found = benefit.judge(pair, y, groups, draw)
            start = found.standings[1]
            if start.above is None or start.above_interval is None:
                continue
            factor = (1.0 + found.folds / (found.folds - 1.0)) ** 0.5
            for place, scale in enumerate((1.0, 1.0 / factor)):
                ends = [start.above + scale * (end - start.above) for end in start.above_interval]
                told[place] += ends[0] > 0 or ends[1] < 0
        widened, plain = (count / draws for count in told)
        print(f"{patients} patients: {widened:.1%} told apart; {plain:.1%} without the widening")


if __name__ == "__main__":
    main()
