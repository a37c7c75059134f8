"""Of fifty planted copies on the other side of a split, how many does the leak check find? How many alarms are false?

    python benchmarks/planted_leaks.py FOLDER [--most 1000] [--sheet FILE.png]

FOLDER holds pictures, or DICOM files of which each frame is a picture. Each picture counts as a patient of its own, the
hardest case. In turn fifty altered copies are added as further patients; pairs are suggested by coarse shades and
decided by the pixels as before a training, without any network (what a network suggests comes on top). Then the same
among the pictures themselves: pairs that are called the same are shown on the sheet, to be looked at; of successive
slices of one patient all are false.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from benchmarks.near_duplicates import brightness, mirrored, resized
from sslstudio.domain.items import Item
from sslstudio.importers.pixel_cache import PixelCacheWriter
from sslstudio.triage import across
from sslstudio.triage.pictures import Picture

PLANTED = 50
Change = Callable[[Picture, np.random.Generator], Picture]


def jpeg_50(picture: Picture, rng: np.random.Generator) -> Picture:
    """Compressed with quality 50."""
    _, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 50])
    return cv2.imdecode(data, cv2.IMREAD_GRAYSCALE).astype(np.uint8)


def noise(sigma: float) -> Change:
    """Normal noise of so many grey levels."""

    def change(picture: Picture, rng: np.random.Generator) -> Picture:
        return np.clip(picture + rng.normal(0, sigma, picture.shape), 0, 255).astype(np.uint8)

    return change


def cut(most: float) -> Change:
    """Up to such a share cut off each side."""

    def change(picture: Picture, rng: np.random.Generator) -> Picture:
        height, width = picture.shape
        top, bottom, left, right = (int(rng.uniform(0, most) * side) for side in (height, height, width, width))
        return np.ascontiguousarray(picture[top : height - bottom, left : width - right])

    return change


CHANGES: dict[str, Change] = {
    "identical": lambda picture, rng: picture.copy(),
    "JPEG, quality 50": jpeg_50,
    "half to double size": resized,
    "brightness, contrast": brightness,
    "noise, 2 levels": noise(2),
    "noise, 4 levels": noise(4),
    "noise, 6 levels": noise(6),
    "cut, up to 5 % a side": cut(0.05),
    "cut, up to 10 % a side": cut(0.1),
    "turned over": mirrored,
    "noise of 4, cut to 5 %": lambda picture, rng: noise(4)(cut(0.05)(picture, rng), rng),
}


def read(folder: Path, most: int, rng: np.random.Generator) -> list[Picture]:
    """Grey pictures of a folder, at most so many of those with some content."""
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    found: list[Picture] = []
    for place in rng.permutation(len(files)).tolist():
        if len(found) >= most:
            break
        file = files[place]
        picture = (
            cv2.imread(str(file), cv2.IMREAD_GRAYSCALE) if file.suffix.lower() in (".png", ".jpg") else _dicom(file)
        )
        if picture is not None and min(picture.shape) >= 48 and picture.std() > 8:
            found.append(picture.astype(np.uint8))
    return found


def _dicom(file: Path) -> Picture | None:
    import pydicom

    try:
        pixels = np.squeeze(pydicom.dcmread(file).pixel_array).astype(np.float32)
    except Exception:
        return None
    if pixels.ndim != 2:
        return None
    low, high = np.quantile(pixels, (0.01, 0.995))
    return np.clip((pixels - low) * 255 / max(high - low, 1), 0, 255).astype(np.uint8)


class Collection:
    """Pictures in a pixel cache, as the product keeps them."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.items = folder, list[Item]()

    def add(self, pictures: list[Picture], shard: str) -> list[Item]:
        """Write pictures as patients of their own; their items."""
        made = []
        with PixelCacheWriter(self.folder / shard) as cache:
            for picture in pictures:
                place, number = cache.append(picture[:, :, None]), len(self.items) + 1
                item = Item(
                    image_id=number, subject=f"p{number}", study="", series="", modality="MR", scanner="",
                    windows=((0, 255),), **place.model_dump(),
                )  # fmt: skip
                self.items.append(item)
                made.append(item)
        return made

    def same(self, items: list[Item], of: set[int]) -> tuple[list[tuple[int, int, float, bool]], int]:
        """What the check says of pairs with one of the images `of`; and how many pairs it compared."""
        pairs = across.alike_shades(str(self.folder), items, list(range(len(items))))
        pairs = [pair for pair in pairs if not of.isdisjoint(pair)]
        told = across.same_pictures(str(self.folder), items, pairs) if pairs else []
        return [one for one in told if one[3]], len(pairs)


def main(folder: Path, most: int, seed: int, sheet: Path | None) -> None:
    """Plant, look, report."""
    rng = np.random.default_rng(seed)
    pictures = read(folder, most, rng)
    with tempfile.TemporaryDirectory() as place:
        kept = Collection(Path(place))
        own = kept.add(pictures, "own.bin")
        print(f"{len(own):,} pictures, {PLANTED} copies planted in turn")
        for name, change in CHANGES.items():
            sources = rng.choice(len(own), PLANTED, replace=False).tolist()
            copies = kept.add([change(pictures[row], rng) for row in sources], f"{name.replace(' ', '-')}.bin")
            found, compared = kept.same(own + copies, {copy.image_id for copy in copies})
            links = {(left, right) for left, right, _, _ in found}
            hit = sum((own[row].image_id, copy.image_id) in links for row, copy in zip(sources, copies, strict=True))
            print(f"{name:24} found {hit} of {PLANTED}, {len(links) - hit} further, {compared} compared", flush=True)
        started = time.monotonic()
        found, compared = kept.same(own, {item.image_id for item in own})
        seconds = time.monotonic() - started
        print(f"among themselves: {compared:,} pairs compared in {seconds:.0f} s, {len(found)} called the same")
        if sheet is not None and found:
            found.sort(key=lambda one: one[2])
            tiles = [
                np.hstack([cv2.resize(pictures[key - 1], (180, 180)) for key in (left, right)])
                for left, right, _, _ in found[:40]
            ]
            tiles += [np.zeros((180, 360), np.uint8)] * (-len(tiles) % 4)
            cv2.imwrite(str(sheet), np.vstack([np.hstack(tiles[n : n + 4]) for n in range(0, len(tiles), 4)]))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--most", type=int, default=1000, help="look at so many pictures (1000)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--sheet", type=Path, help="picture of the pairs called the same, the least sure first")
    options = parser.parse_args()
    main(options.folder, options.most, options.seed, options.sheet)
