"""How much planted text is found, and what else is reported: `python benchmarks/burned_in_text.py FOLDER`.

FOLDER holds pictures without text. Names, dates and numbers made here are written on a part of them, in Pillow's font,
OpenCV's stroke fonts and any fonts given by `--fonts`, 8 to 32 pixels high, at a contrast of 60 to 220 levels, in
corners and anywhere. Prints recall by height, contrast, place and font, the share of untouched pictures that would be
put in quarantine, single letters found as markers, other findings of the triage, and images a second.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from sslstudio.triage import content, text
from sslstudio.triage.pictures import Picture
from sslstudio.triage.text_models import TextModels

NAMES = ("SMITH", "JONES", "MEYER", "GARCIA", "OKAFOR", "LINDQVIST", "NGUYEN", "TANAKA", "Kowalski", "Haddad")
STROKES = {
    "simplex": cv2.FONT_HERSHEY_SIMPLEX,
    "duplex": cv2.FONT_HERSHEY_DUPLEX,
    "complex": cv2.FONT_HERSHEY_COMPLEX,
    "plain": cv2.FONT_HERSHEY_PLAIN,
}
ORDINARY = 90
"""Levels between letters and what lies around them, from which contrast counts as ordinary."""


@dataclass(frozen=True)
class Written:
    """A picture with one line of text: how high its capitals are, the contrast, where, and in which font."""

    picture: Picture
    height: int
    contrast: int
    place: str
    font: str


def words(rng: np.random.Generator) -> str:
    """A name, a date, a number or an age, as viewers burn them in."""
    one, two = (NAMES[int(n)] for n in rng.integers(0, len(NAMES), 2))
    return (
        f"{one}^{two}",
        f"{rng.integers(1930, 2020)}-{rng.integers(1, 13):02d}-{rng.integers(1, 29):02d}",
        f"ID {rng.integers(10**6, 10**8)}",
        f"{one.title()}, {rng.integers(20, 90)}Y",
        f"{rng.integers(1, 29):02d}.{rng.integers(1, 13):02d}.{rng.integers(1930, 2020)}",
    )[int(rng.integers(0, 5))]


def letters(line: str, height: int, font: str) -> np.ndarray:
    """The line as coverage (h, w), 0 to 255, capitals `height` pixels high."""
    if font in STROKES:
        face = STROKES[font]
        scale = cv2.getFontScaleFromHeight(face, height, 1)
        (width, up), down = cv2.getTextSize(line, face, scale, 1)
        canvas = np.zeros((up + down + 4, width + 4), np.uint8)
        cv2.putText(canvas, line, (2, up + 2), face, scale, 255, 1, cv2.LINE_AA)
        return canvas
    face_of = ImageFont.load_default if font == "pillow" else (lambda size: ImageFont.truetype(font, size))
    made = face_of(round(height / 0.72))
    left, top, right, bottom = made.getbbox(line)
    image = Image.new("L", (int(right - left) + 4, int(bottom - top) + 4))
    ImageDraw.Draw(image).text((2 - left, 2 - top), line, fill=255, font=made)
    return np.asarray(image)


def write(picture: Picture, line: str, font: str, rng: np.random.Generator) -> Written | None:
    """The picture with the line on it, or None where it does not fit."""
    height = int(rng.choice((8, 10, 12, 14, 18, 24, 32)))
    contrast = int(rng.choice((60, 90, 130, 170, 220)))
    shape = letters(line, height, font)
    down, across = (side - part for side, part in zip(picture.shape, shape.shape, strict=True))
    if down < 1 or across < 1:
        return None
    corner = bool(rng.random() < 0.7)
    y, x = (
        (int(rng.choice((0, down))), int(rng.choice((0, across))))
        if corner
        else (int(rng.integers(0, down)), int(rng.integers(0, across)))
    )
    under = picture[y : y + shape.shape[0], x : x + shape.shape[1]].astype(np.float32)
    around = float(np.median(under))
    shade = around + contrast if around < 128 else around - contrast
    share = shape.astype(np.float32) / 255
    copy = picture.copy()
    copy[y : y + shape.shape[0], x : x + shape.shape[1]] = np.clip(under * (1 - share) + shade * share, 0, 255)
    reached = abs(float(np.clip(shade, 0, 255)) - around)
    return Written(copy, height, round(reached), "corner" if corner else "anywhere", Path(font).stem)


def has_text(models: TextModels, picture: Picture) -> tuple[bool, bool]:
    """Whether lines of text, and whether single marks are reported."""
    lines = text.find_lines(models, picture) if text.may_hold_text(picture) else []
    return any(line.is_text for line in lines), any(line.is_mark for line in lines)


def main(folder: Path, plant: int, clean: int, fonts: list[str], seed: int) -> None:
    """Write, look, report."""
    cv2.setNumThreads(1)
    rng = np.random.default_rng(seed)
    files = sorted(file for file in folder.rglob("*") if file.suffix.lower() in (".png", ".jpg", ".jpeg"))
    models = TextModels()

    def read(file: Path) -> Picture:
        return cv2.imread(str(file), cv2.IMREAD_GRAYSCALE).astype(np.uint8)

    hits: dict[str, list[bool]] = defaultdict(list)
    for number in range(plant):
        font = (*STROKES, "pillow", *fonts)[number % (len(STROKES) + 1 + len(fonts))]
        made = write(read(files[int(rng.integers(0, len(files)))]), words(rng), font, rng)
        if made is None:
            continue
        hit, _ = has_text(models, made.picture)
        usual = made.height >= 10 and made.contrast >= ORDINARY - 1
        hits["all"].append(hit)
        hits["10 px or more, ordinary contrast" if usual else "smaller or fainter"].append(hit)
        if made.contrast >= ORDINARY - 1:
            hits[f"height {made.height:2}"].append(hit)
        if made.height >= 10:
            hits[f"contrast {made.contrast // 30 * 30:3} and more"].append(hit)
        if usual:
            hits[f"place {made.place}"].append(hit)
            hits[f"font {made.font}"].append(hit)
    print("Planted text that is found")
    for name, found in sorted(hits.items()):
        print(f"  {name:36} {sum(found):4} of {len(found):4}  {sum(found) / len(found):.1%}")

    seen: Counter[str] = Counter()
    chosen = files[:: max(1, len(files) // clean)] if clean else files
    started = time.process_time()
    for file in chosen:
        lines, marks = has_text(models, read(file))
        seen["text"] += lines
        seen["marker"] += marks and not lines
    seconds = time.process_time() - started
    for file in chosen:
        picture = read(file)
        seen["blank"] += content.blank(picture) > 0
        seen["screenshot"] += min(picture.shape) >= 128 and content.screenshot(picture[:, :, None], picture)[0] > 0
        seen["phantom"] += content.uniform_disc(picture) > 0
        seen["localiser"] += content.reference_lines(picture) >= 3
    print(f"Found on {len(chosen):,} untouched pictures")
    for kind in ("text", "marker", "blank", "screenshot", "phantom", "localiser"):
        print(f"  {kind:12} {seen[kind]:4}  {seen[kind] / len(chosen):.2%}")
    print(f"{len(chosen) / seconds:.1f} images a second and processor core")
    passed = sum(text.may_hold_text(read(file)) for file in chosen[:300])
    print(f"{passed / len(chosen[:300]):.1%} of the pictures pass the test for fine strokes and go to the detector")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--plant", type=int, default=600, help="pictures with planted text (600)")
    parser.add_argument("--clean", type=int, default=0, help="untouched pictures looked at, 0 for all (0)")
    parser.add_argument("--fonts", nargs="*", default=[], metavar="FILE", help="TrueType fonts besides the built-in")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    main(options.folder, options.plant, options.clean, options.fonts, options.seed)
