"""What the model sees, as the project keeps it: one setting, from which the windows of every image follow.

No image is touched when it changes: windows are made from facts that stand with the image since its import. So a change
of a million images is one short transaction, and so is taking it back.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import ValidationError

from sslstudio.catalogue.database import Database
from sslstudio.domain.items import PixelLocation
from sslstudio.domain.rendering import Rendering, Windows
from sslstudio.importers.rendering import AUTO, GREY_NAMES, Finder, Grey, Group, grey, preset

SETTING, BEFORE = "rendering", "rendering_before"
KEPT = 20
"""So many former renderings can be gone back to."""

_MOST_AT_ONCE = 500


class RenderingTables:
    """The part of the catalogue that knows what the model sees."""

    _db: Database

    def rendering(self) -> Rendering:
        """What the model sees; until the user chooses, each image as its file says."""
        return self.chosen_rendering() or preset(AUTO)

    def chosen_rendering(self) -> Rendering | None:
        """The rendering that the user chose, or None."""
        return _rendering(self._setting(SETTING))

    def set_rendering(self, rendering: Rendering) -> Rendering:
        """See all images by `rendering` from now on; returns the one before."""
        before = self.rendering()
        if rendering != before or self.chosen_rendering() is None:
            history = [*self._setting(BEFORE, []), before.model_dump(mode="json")][-KEPT:]
            self._store({SETTING: rendering.model_dump(mode="json"), BEFORE: history})
        return before

    def undo_rendering(self) -> Rendering | None:
        """Go back to the rendering before; returns it, or None when there was none."""
        history = self._setting(BEFORE, [])
        before = _rendering(history[-1]) if history else None
        if before is not None:
            kept: Any = None if before == preset(AUTO) and len(history) == 1 else history[-1]
            self._store({SETTING: kept, BEFORE: history[:-1]})
        return before

    def former_rendering(self) -> Rendering | None:
        """What `undo_rendering` would go back to."""
        history = self._setting(BEFORE, [])
        return _rendering(history[-1]) if history else None

    def rendering_groups(self) -> list[Group]:
        """The images by what their headers say, those left out aside."""
        rows = self._db.long_rows(
            """SELECT modality, body_part, unit, channels, count(*) FROM images INDEXED BY images_kinds
               WHERE excluded IS NULL GROUP BY modality, body_part, unit, channels ORDER BY count(*) DESC"""
        )
        return [Group(*row) for row in rows]

    def changed_by(self, rendering: Rendering, before: Rendering | None = None) -> int:
        """How many images, those left out aside, `rendering` lets be seen another way than `before` (the project's)."""
        before = before or self.rendering()
        rows = self._db.long_rows(
            """SELECT modality, unit, sum(NOT finished) FROM images INDEXED BY images_kinds WHERE excluded IS NULL
               GROUP BY modality, body_part, unit"""
        )
        changed = 0
        for modality, unit, images in rows:
            old, new = ([one.rule(modality, unit) for one in each.channels] for each in (before, rendering))
            changed += images if old != new else 0
        return changed

    def windows(self, image_ids: Iterable[int]) -> Mapping[int, tuple[PixelLocation, Windows]]:
        """Where the pixels of some images lie, and the windows through which they are seen."""
        finder = Finder(self.rendering())
        return {key: (place, finder.windows(known)) for key, (place, known) in self.greys(image_ids).items()}

    def greys(self, image_ids: Iterable[int]) -> Mapping[int, tuple[PixelLocation, Grey]]:
        """Where the pixels of some images lie, and what windows are made from; unknown ids are left out."""
        ids = list(image_ids)
        found: dict[int, tuple[PixelLocation, Grey]] = {}
        for start in range(0, len(ids), _MOST_AT_ONCE):
            some = ids[start : start + _MOST_AT_ONCE]
            rows = self._db.rows(
                f"""SELECT image_id, shard, "offset", height, width, channels, dtype, {", ".join(GREY_NAMES)}
                    FROM images WHERE image_id IN ({", ".join("?" * len(some))})""",
                some,
            )
            for image_id, shard, offset, height, width, channels, dtype, *known in rows:
                place = PixelLocation(
                    shard=shard, offset=offset, height=height, width=width, channels=channels, dtype=dtype
                )
                found[image_id] = place, grey(*known)
        return found

    def spread_image_ids(self, count: int) -> list[int]:
        """At most `count` images that are not left out, about evenly over the project; the commonest modality first."""
        ends = self._db.row("SELECT (SELECT min(image_id) FROM images), (SELECT max(image_id) FROM images)")
        if ends is None or ends[0] is None:
            return []
        found: dict[int, str] = {}
        for place in range(count):
            start = ends[0] + place * (ends[1] - ends[0] + 1) // count
            row = self._db.row(
                """SELECT image_id, modality FROM images NOT INDEXED WHERE image_id >= ? AND excluded IS NULL
                   ORDER BY image_id LIMIT 1""",
                (start,),
            )
            if row is not None:
                found[row[0]] = row[1]
        common = Counter(found.values())
        return sorted(found, key=lambda image_id: (-common[found[image_id]], image_id))

    def _setting(self, key: str, default: Any = None) -> Any:
        text = self._db.value("SELECT value FROM settings WHERE key = ?", (key,))
        return default if text is None else json.loads(text)

    def _store(self, values: Mapping[str, Any]) -> None:
        with self._db.transaction() as connection:
            for key, value in values.items():
                if value is None:
                    connection.execute("DELETE FROM settings WHERE key = ?", (key,))
                else:
                    connection.execute("INSERT OR REPLACE INTO settings VALUES (?, ?)", (key, json.dumps(value)))


def _rendering(value: Any) -> Rendering | None:
    """A stored rendering; None for one that this version cannot read."""
    try:
        return None if value is None else Rendering.model_validate(value)
    except ValidationError:
        return None
