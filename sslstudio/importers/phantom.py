"""Pictures of an invented chest: analytic shapes, no image of any person; apart because it knows no file format.

One unit is half the shorter side of the picture; x grows to the right of the picture, y downwards.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Finding = Literal["clear", "nodule", "effusion", "cavity"]
FINDINGS: tuple[Finding, ...] = ("clear", "nodule", "effusion", "cavity")

Plane = NDArray[np.float64]


@dataclass(frozen=True)
class Anatomy:
    """What stays the same in all images of one invented patient. Lesions are (x, y, radius)."""

    finding: Finding
    side: int
    body: float
    lung_x: float
    lung_rx: float
    lung_ry: float
    heart: float
    rib_spacing: float
    rib_phase: float
    rib_curve: float
    level: float
    lesions: tuple[tuple[float, float, float], ...]
    waves: tuple[tuple[float, float, float, float], ...]


@dataclass(frozen=True)
class Scanner:
    """How one device turns attenuation into 12-bit values: `gain * (a ** gamma) + offset`, blurred, with noise."""

    manufacturer: str
    model: str
    modality: Literal["CR", "DX"]
    photometric: Literal["MONOCHROME1", "MONOCHROME2"]
    rows: int
    columns: int
    gain: float
    offset: float
    gamma: float
    noise: float
    blur: float


SCANNERS = (
    Scanner("Demo Imaging", "Fluoro Plate 100", "CR", "MONOCHROME2", 160, 160, 2600.0, 300.0, 1.0, 45.0, 0.6),
    Scanner("Sample Systems", "Detector Wall 7", "DX", "MONOCHROME1", 192, 160, 1700.0, 900.0, 1.35, 75.0, 1.2),
)


def draw_anatomy(rng: np.random.Generator, finding: Finding) -> Anatomy:
    """An anatomy with `finding`; all proportions vary from patient to patient."""
    side = int(rng.choice((-1, 1)))
    lung_x, lung_rx, lung_ry = rng.normal(0.42, 0.02), rng.normal(0.29, 0.02), rng.normal(0.62, 0.04)
    radii = {"nodule": (0.13, 0.19), "cavity": (0.22, 0.30)}.get(finding)
    lesions: list[tuple[float, float, float]] = []
    if radii:
        for number in range(int(rng.integers(1, 3))):
            angle, reach = rng.uniform(0, 2 * np.pi), rng.uniform(0.0, 0.5)
            where = side if number == 0 else -side
            x = where * lung_x + reach * max(lung_rx - radii[1], 0.06) * np.cos(angle)
            y = -0.1 + reach * (lung_ry - radii[1]) * np.sin(angle)
            lesions.append((float(x), float(y), float(rng.uniform(*radii))))
    frequencies = rng.normal(0, 7.0, (12, 2))
    waves = tuple(
        (float(fx), float(fy), float(rng.uniform(0, 2 * np.pi)), float(rng.uniform(0.006, 0.016)))
        for fx, fy in frequencies
    )
    return Anatomy(
        finding=finding,
        side=side,
        body=float(rng.normal(0.93, 0.03)),
        lung_x=float(lung_x),
        lung_rx=float(lung_rx),
        lung_ry=float(lung_ry),
        heart=float(rng.normal(0.26, 0.04)),
        rib_spacing=float(rng.normal(0.2, 0.015)),
        rib_phase=float(rng.uniform(0, 0.2)),
        rib_curve=float(rng.normal(0.35, 0.05)),
        level=float(rng.uniform(-0.15, 0.1)),
        lesions=tuple(lesions),
        waves=waves,
    )


def attenuation(anatomy: Anatomy, x: Plane, y: Plane) -> Plane:
    """How dense the invented chest is at each point: about 0 (air) to 1 (bone, fluid)."""
    body = _inside(1 - (np.abs(x) / anatomy.body) ** 4 - (np.abs(y) / 1.35) ** 4, 0.04)
    lungs = np.zeros_like(x)
    for side in (-1, 1):
        across = (x - side * anatomy.lung_x) / anatomy.lung_rx
        lungs += _inside(1 - across**2 - ((y + 0.08) / anatomy.lung_ry) ** 2, 0.10)
    heart = _inside(1 - ((x - 0.12) / anatomy.heart) ** 2 - ((y - 0.30) / (anatomy.heart * 0.95)) ** 2, 0.15)
    middle = np.exp(-((x / 0.13) ** 2)) * (1 + 0.15 * np.sin(2 * np.pi * y / 0.17))
    ribs = _ribs(anatomy, x, y)
    vessels = sum(a * np.sin(fx * x + fy * y + p) for fx, fy, p, a in anatomy.waves)
    air = lungs * (1 - 0.85 * heart)
    tissue = 0.62 - 0.44 * air + 0.16 * heart + 0.22 * middle + ribs * 0.09 + vessels
    return body * (tissue + _lesion(anatomy, x, y, air))


def _ribs(anatomy: Anatomy, x: Plane, y: Plane) -> Plane:
    arc = y - anatomy.rib_curve * x**2 + anatomy.rib_phase
    stripes = np.exp(-((np.sin(np.pi * arc / anatomy.rib_spacing) / 0.35) ** 2))
    collar = np.exp(-(((y + 0.78 + 0.18 * np.abs(x)) / 0.045) ** 2))
    return stripes * (np.abs(x) > 0.1) + 1.2 * collar


def _lesion(anatomy: Anatomy, x: Plane, y: Plane, air: Plane) -> Plane:
    added = np.zeros_like(x)
    if anatomy.finding == "effusion":
        lateral = anatomy.side * x - anatomy.lung_x
        surface = anatomy.level - 0.45 * np.clip(lateral, 0, None) + 0.1 * np.clip(-lateral, 0, None)
        added += 0.46 * _inside(y - surface, 0.03) * air * (anatomy.side * x > 0)
    for cx, cy, radius in anatomy.lesions:
        distance = np.hypot(x - cx, y - cy)
        if anatomy.finding == "nodule":
            added += 0.42 * _inside(radius - distance, 0.015)
        else:
            added += 0.42 * np.exp(-(((distance - radius) / 0.055) ** 2)) - 0.16 * _inside(radius - distance, 0.02)
    return added


def _inside(signed: Plane, softness: float) -> Plane:
    result: Plane = 1 / (1 + np.exp(-np.clip(signed / softness, -40, 40)))
    return result


def expose(anatomy: Anatomy, scanner: Scanner, rng: np.random.Generator) -> NDArray[np.uint16]:
    """One image (rows, columns) of 12-bit values, dense is high; position, exposure and noise differ each time."""
    rows, columns = scanner.rows, scanner.columns
    unit = min(rows, columns) / 2
    y, x = np.mgrid[:rows, :columns].astype(np.float64)
    x, y = (x - (columns - 1) / 2) / unit, (y - (rows - 1) / 2) / unit
    angle, scale = rng.normal(0, 0.03), rng.normal(1.0, 0.03)
    x, y = x + rng.normal(0, 0.03), y + rng.normal(0, 0.03)
    x, y = scale * (x * np.cos(angle) - y * np.sin(angle)), scale * (x * np.sin(angle) + y * np.cos(angle))
    dense = np.clip(attenuation(anatomy, x, y), 0, 1.4)
    signal = scanner.gain * rng.normal(1.0, 0.05) * dense**scanner.gamma + scanner.offset
    signal = _blur(signal, scanner.blur)
    signal += rng.normal(0, 1, signal.shape) * scanner.noise * np.sqrt(np.maximum(signal, 1) / 1500)
    return np.clip(np.rint(signal), 0, 4095).astype(np.uint16)


def _blur(image: Plane, sigma: float) -> Plane:
    reach = int(np.ceil(3 * sigma))
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    kernel /= kernel.sum()
    for axis in (0, 1):
        widths = [(reach, reach) if a == axis else (0, 0) for a in (0, 1)]
        padded = np.pad(image, widths, mode="edge")
        windows = np.lib.stride_tricks.sliding_window_view(padded, kernel.size, axis=axis)
        image = windows @ kernel
    return image
