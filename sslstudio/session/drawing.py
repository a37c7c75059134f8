"""What the queue has drawn at random: noted as it is handed out, and which patients are therefore kept to test."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from psygnal import Signal

from sslstudio.catalogue.drawn import BY_PERSON, LEARN_FROM_DRAWN, Draw
from sslstudio.domain.labels import Label

if TYPE_CHECKING:
    from sslstudio.catalogue import Catalogue


class Drawing:
    """The draws of an open project as they are now; ``changed()`` when one was noted, or the choice to keep them.

    The catalogue answers the same questions from the database, for all that trains; this is for what follows each label
    at once.
    """

    changed = Signal()

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._draws: dict[int, Draw] | None = None
        self._kept: bool | None = None

    @property
    def draws(self) -> Mapping[int, Draw]:
        """All that was drawn, by image, the oldest first."""
        if self._draws is None:
            self._draws = self._catalogue.draws()
        return self._draws

    @property
    def kept(self) -> bool:
        """Whether what is drawn is kept to test; else it is learned from."""
        if self._kept is None:
            self._kept = not self._catalogue.setting(LEARN_FROM_DRAWN, False)
        return self._kept

    def keep(self, kept: bool) -> None:
        """Keep what is drawn to test, that of before too, or learn from it all."""
        self._catalogue.set_setting(LEARN_FROM_DRAWN, None if kept else True)
        self._kept = kept
        self.changed.emit()

    def note(self, image_id: int, images: int, patients: int) -> None:
        """An image was drawn from so many images of so many patients and is handed out; stored before this returns."""
        if image_id not in self.draws:
            made = self._catalogue.note_draw(image_id, images, patients)
            self._draws = {**self.draws, image_id: made}
            self.changed.emit()

    def sample(self, labels: Mapping[int, Label]) -> list[int]:
        """Images that test because they were drawn and then labelled by a person, in the order of the draws."""
        if not self.kept:
            return []
        return [key for key in self.draws if (label := labels.get(key)) is not None and label.origin in BY_PERSON]

    def waits(self, image_id: int, labels: Mapping[int, Label]) -> bool:
        """Whether an image was drawn to test and has no label yet, so that no suggestion may sway its reader."""
        return self.kept and image_id in self.draws and image_id not in labels


def lots(project_key: bytes, patients: Iterable[str]) -> Iterator[float]:
    """A number from 0 to 1 for each pseudonym, the same each time in the project with this key."""
    for name in patients:
        digest = hashlib.blake2b(name.encode("utf-8"), key=project_key, person=b"lots", digest_size=8).digest()
        yield int.from_bytes(digest, "big") / 2**64
