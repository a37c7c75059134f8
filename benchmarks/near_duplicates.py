"""How many planted copies are found and how many groups are false: `python benchmarks/near_duplicates.py FOLDER`.

FOLDER holds pictures. A share of them is copied in eight ways (JPEG of quality 50 to 95, half to double size,
brightness and contrast, cropped by up to 5 % a side, another window, text laid over, and mirrored, which is no copy).
Prints the recall of each way, the groups that hold no planted copy (with `--sheet FILE.png` one can look at them: they
are false, or real copies that were there before), and the processor time for 10,000 images.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np

from sslstudio.triage import duplicates, hashing, likeness
from sslstudio.triage.groups import connected
from sslstudio.triage.pictures import Picture

Change = Callable[[Picture, np.random.Generator], Picture]


def jpeg(picture: Picture, rng: np.random.Generator) -> Picture:
    """Compressed."""
    _, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(50, 96))])
    return cv2.imdecode(data, cv2.IMREAD_GRAYSCALE).astype(np.uint8)


def resized(picture: Picture, rng: np.random.Generator) -> Picture:
    """Half to double size."""
    factor = float(rng.uniform(0.5, 2.0))
    way = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
    return cv2.resize(picture, None, fx=factor, fy=factor, interpolation=way).astype(np.uint8)


def brightness(picture: Picture, rng: np.random.Generator) -> Picture:
    """Contrast 0.7 to 1.3, brightness within 25 levels."""
    return np.clip(picture * rng.uniform(0.7, 1.3) + rng.uniform(-25, 25), 0, 255).astype(np.uint8)


def cropped(picture: Picture, rng: np.random.Generator) -> Picture:
    """Up to 5 % cut off each side."""
    height, width = picture.shape
    top, bottom, left, right = (int(rng.uniform(0, 0.05) * side) for side in (height, height, width, width))
    return np.ascontiguousarray(picture[top : height - bottom, left : width - right])


def window(picture: Picture, rng: np.random.Generator) -> Picture:
    """Black at up to 50, white from 150 on."""
    low, high = rng.uniform(0, 50), rng.uniform(150, 255)
    return (np.clip((picture - low) / (high - low), 0, 1) * 255).astype(np.uint8)


def text(picture: Picture, rng: np.random.Generator) -> Picture:
    """Two lines in corners."""
    copy = picture.copy()
    number = f"ID {int(rng.integers(10_000, 99_999))}"
    cv2.putText(copy, "DOE^JANE 1970", (3, 14), cv2.FONT_HERSHEY_SIMPLEX, 0.45, 230, 1, cv2.LINE_AA)
    cv2.putText(copy, number, (3, len(copy) - 6), cv2.FONT_HERSHEY_SIMPLEX, 0.45, 230, 1, cv2.LINE_AA)
    return copy


def mirrored(picture: Picture, rng: np.random.Generator) -> Picture:
    """Left and right exchanged: another picture to a radiologist."""
    return np.ascontiguousarray(picture[:, ::-1])


CHANGES: tuple[Change, ...] = (jpeg, resized, brightness, cropped, window, text, mirrored)


def planted(pictures: list[Picture], share: int, rng: np.random.Generator) -> Iterator[tuple[int, str, Picture]]:
    """(row of the original, what was done, copy), every `share`-th picture in turn with each change."""
    for number, row in enumerate(range(0, len(pictures), share)):
        change = CHANGES[number % len(CHANGES)]
        yield row, change.__name__, change(pictures[row], rng)


def sheet(path: Path, pictures: list[Picture], groups: list[list[int]]) -> None:
    """The first pictures of groups, a line each, to look at."""
    lines = []
    for group in groups[:40]:
        tiles = [cv2.resize(pictures[row], (150, 150), interpolation=cv2.INTER_AREA) for row in group[:6]]
        tiles += [np.zeros((150, 150), np.uint8)] * (6 - len(tiles))
        lines.append(np.hstack(tiles))
    if lines:
        cv2.imwrite(str(path), np.vstack(lines))


def main(folder: Path, share: int, seed: int, picture_sheet: Path | None) -> None:
    """Plant, search, report."""
    rng = np.random.default_rng(seed)
    files = sorted(file for file in folder.rglob("*") if file.suffix.lower() in (".png", ".jpg", ".jpeg"))
    read = [cv2.imread(str(file), cv2.IMREAD_GRAYSCALE) for file in files]
    pictures = [picture.astype(np.uint8) for picture in read if picture is not None]
    originals = len(pictures)
    copies = list(planted(pictures, share, rng))
    pictures += [copy for _, _, copy in copies]
    started = time.process_time()
    hashes = hashing.parse([hashing.image_hashes(picture) for picture in pictures])
    pairs, _ = duplicates.candidates(hashes, np.ones(len(hashes), bool), lambda: None)
    tiles = np.stack([likeness.tiles(picture) for picture in pictures])
    names = [str(row) for row in range(len(pictures))]  # each of a patient of its own: the hardest case
    found = duplicates.decide(pairs, lambda rows: tiles[rows], names, names)
    seconds = time.process_time() - started
    links = {(pair.left, pair.right) for pair in found}
    print(f"{originals:,} pictures, {len(copies):,} planted, {len(pairs):,} candidates, {len(found):,} pairs")
    print(f"{seconds / len(pictures) * 10_000:.0f} s of processor time for 10,000 images")
    for change in CHANGES:
        rows = [(row, originals + place) for place, (row, name, _) in enumerate(copies) if name == change.__name__]
        hit = sum(pair in links for pair in rows)
        print(f"{change.__name__:12} found {hit} of {len(rows)} ({hit / max(1, len(rows)):.1%})")
    own = connected((left, right) for left, right in links if right < originals)
    print(f"{len(own)} groups among the pictures themselves, {sum(map(len, own))} pictures in them")
    strange = sum(
        right >= originals and left != copies[right - originals][0] and left < originals for left, right in links
    )
    print(f"{strange} pairs of a planted copy with another picture than its original")
    if picture_sheet is not None:
        sheet(picture_sheet, pictures, own)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--share", type=int, default=4, help="copy every n-th picture (4)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--sheet", type=Path, help="picture of the groups that were there before")
    options = parser.parse_args()
    main(options.folder, options.share, options.seed, options.sheet)
