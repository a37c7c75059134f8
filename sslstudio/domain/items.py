"""One image as a job sees it: where its decoded pixels lie in the cache, whom it belongs to, and its label.

Jobs never open the project's database. They get these rows, frozen, as `items.csv` in their run directory.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, model_validator

from sslstudio.domain.record import Record
from sslstudio.domain.rendering import Windows, windows_text

Part = Literal["", "train", "test"]


def _number(value: object) -> object:
    """A whole number that was written as text, as in `items.csv`; a Literal takes numbers only as such."""
    return int(value) if isinstance(value, str) and value.isdecimal() else value


def _absent(value: object) -> object:
    return None if value == "" else value


Channels = Annotated[Literal[1, 3], BeforeValidator(_number)]


class PixelLocation(Record):
    """Where one decoded image lies in the pixel cache.

    `shard` is a file name inside the project's `pixels/` folder; at byte `offset` stand
    `height * width * channels` little-endian values of `dtype`, row-major, channels last.
    """

    shard: str
    offset: int
    height: int
    width: int
    channels: Channels
    dtype: Literal["uint8", "uint16"]


class Item(Record):
    """One image of a frozen list. `windows` are those through which the model sees it, in stored values.

    Runs whose method compares images of one patient or successive slices also know: `bag`, images with the same one may
    be paired ("": those of one subject); `place`, the number in the reading order of the series (-1: not known); `day`,
    counted from an origin that only the project knows. `site` is a pseudonym of where it was made ("": not known).
    """

    image_id: int
    subject: str
    study: str
    series: str
    modality: str
    scanner: str
    shard: str
    offset: int
    height: int
    width: int
    channels: Channels
    dtype: Literal["uint8", "uint16"]
    windows: Windows
    label: str = ""
    part: Part = ""
    bag: str = ""
    place: int = -1
    day: Annotated[int | None, BeforeValidator(_absent)] = None
    site: str = ""

    @model_validator(mode="before")
    @classmethod
    def _one_window(cls, values: Any) -> Any:
        """Lists of runs prepared before there were three windows say `low` and `high`."""
        if isinstance(values, dict) and "low" in values and "windows" not in values:
            rest = {name: value for name, value in values.items() if name not in ("low", "high")}
            return {**rest, "windows": ((values["low"], values["high"]),)}
        return values

    @property
    def seen_channels(self) -> int:
        """How many channels the model sees of this image."""
        return max(self.channels, len(self.windows))

    @property
    def pixels(self) -> PixelLocation:
        """The image's place in the pixel cache."""
        return PixelLocation(
            shard=self.shard,
            offset=self.offset,
            height=self.height,
            width=self.width,
            channels=self.channels,
            dtype=self.dtype,
        )


FIELDS = tuple(Item.model_fields)


def write_items(path: Path, items: Iterable[Item]) -> int:
    """Write `items` as UTF-8 CSV with a header row; returns how many were written."""
    count = 0
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, FIELDS)
        writer.writeheader()
        for item in items:
            writer.writerow(item.model_dump() | {"windows": windows_text(item.windows)})
            count += 1
    return count


def read_items(path: Path) -> list[Item]:
    """Read a list written by `write_items`; raises pydantic's ValidationError on rows that do not fit."""
    with path.open(newline="", encoding="utf-8") as stream:
        return [Item.model_validate(row) for row in csv.DictReader(stream)]
