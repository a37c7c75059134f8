"""Builder of realistic ledger rows for catalogue and session tests: patients, studies, series, multi-frame files."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from sslstudio.domain.items import PixelLocation
from sslstudio.domain.ledger import FoundImage, LedgerRow


def digest(*parts: object) -> str:
    """A stable SHA-256 for made-up content."""
    return hashlib.sha256("/".join(map(str, parts)).encode()).hexdigest()


def found(
    subject: str, number: int, *, study: str = "", series: str = "", frame: int = 0, shard: str = "import-1.bin",
    side: int = 8, offset: int | None = None, content: object = None,
) -> FoundImage:  # fmt: skip
    """One decoded image of `subject`; `content` sets its bytes, so that twins can be made."""
    content = f"{subject}-{number}" if content is None else content
    study = study or f"{subject}-study"
    return FoundImage(
        digest=digest("file", content),
        pixel_digest=digest("pixels", content, frame),
        frame=frame,
        subject=digest("subject", subject)[:16],
        study=digest("study", study)[:16],
        series=digest("series", series or study)[:16],
        modality="MR",
        body_part="BRAIN",
        laterality="",
        view="AX",
        scanner="Maker A 1.5T",
        bits=12,
        low=10.0,
        high=200.0,
        pixels=PixelLocation(
            shard=shard, offset=number * side * side if offset is None else offset, height=side, width=side, channels=1,
            dtype="uint8",
        ),
    )  # fmt: skip


def row(path: str, *images: FoundImage, size: int = 64) -> LedgerRow:
    """An imported file with its images."""
    return LedgerRow(path=path, status="imported", images=images, size=size, modified_ns=1)


def skipped(path: str, code: str = "truncated") -> LedgerRow:
    """A file that was not imported."""
    return LedgerRow(path=path, status="skipped", code=code, reason="The file ends early.", hint="Copy it again.")


def patients(count: int, images_each: int = 3, *, root: str = "/data", shard: str = "import-1.bin") -> list[LedgerRow]:
    """`count` patients with `images_each` single-image files each, in two series."""
    return list(stream_patients(count, images_each, root=root, shard=shard))


def stream_patients(count: int, images_each: int, *, root: str = "/data", shard: str = "x.bin") -> Iterator[LedgerRow]:
    """The same without holding the rows in memory."""
    number = 0
    for patient in range(count):
        name = f"p{patient:05d}"
        for place in range(images_each):
            image = found(name, number, series=f"{name}-s{place % 2}", shard=shard)
            yield row(f"{root}/{name}/img-{number:06d}.png", image)
            number += 1


def write_pixels(pixels_dir: Path, rows: list[LedgerRow]) -> None:
    """Write the shards that `rows` refer to: each image filled with its number modulo 251."""
    pixels_dir.mkdir(parents=True, exist_ok=True)
    sizes: dict[str, int] = {}
    for entry in rows:
        for image in entry.images:
            place = image.pixels
            end = place.offset + place.height * place.width * place.channels * (2 if place.dtype == "uint16" else 1)
            sizes[place.shard] = max(sizes.get(place.shard, 0), end)
    for shard, size in sizes.items():
        (pixels_dir / shard).write_bytes(bytes(n // 64 % 251 for n in range(size)))
