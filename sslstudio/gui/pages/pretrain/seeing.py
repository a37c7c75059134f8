"""What the network sees, single images or series as volumes, and so which networks there are to choose from."""

from __future__ import annotations

from collections.abc import Callable

from sslstudio.backbones.table import ARCHITECTURES, sees_volumes
from sslstudio.domain.specs import PretrainSpec
from sslstudio.gui.pages.pretrain import texts
from sslstudio.gui.pages.pretrain.methods import Method
from sslstudio.gui.pages.pretrain.setup_panel import IMAGES, VOLUMES, SetupPanel
from sslstudio.session import offering
from sslstudio.session.offering import DataFacts

_FIRST_FOR_VOLUMES = "resnet10_3d"


class Seeing:
    """Keeps the choice of images or volumes, the list of networks and the number of slices of a `SetupPanel` together.

    `changed()` is called when volumes take the place of images, or the other way round.
    """

    def __init__(self, panel: SetupPanel, changed: Callable[[], None]) -> None:
        self._panel, self._changed = panel, changed
        self._method: Method | None = None
        self._volumes_there = 0
        self._was = False
        panel.sees.chosen.connect(self._choose)

    @property
    def backbone(self) -> str:
        """The network chosen."""
        return str(self._panel.values()["backbone"])

    @property
    def volumes(self) -> bool:
        """Whether it sees volumes."""
        return sees_volumes(self.backbone)

    @property
    def image_size(self) -> int:
        """The side of images or slices in pixels, as the network would see them."""
        return int(self._panel.values()["image_size"])

    @property
    def depth(self) -> int:
        """How many slices of a volume it would see; 0 for images."""
        return int(self._panel.values()["depth"]) if self.volumes else 0

    def samples(self, images: int) -> int:
        """How many would be trained on, of so many `images`: these, or the volumes they make."""
        return self._volumes_there if self.volumes else images

    def problem(self) -> str:
        """Why the network cannot be trained on these data, or ""."""
        return offering.volume_reason(self.backbone, self._volumes_there) if self.volumes else ""

    def set_method(self, method: Method | None) -> None:
        """The method chosen: only networks that it can train are offered."""
        self._method = method
        self.show()

    def set_facts(self, facts: DataFacts) -> None:
        """What there is to see."""
        self._volumes_there = facts.volumes
        self.show()

    def keeps(self, method: Method) -> bool:
        """Whether the network chosen stays when `method` is taken: it sees volumes, and the method learns from them."""
        return self.volumes and 3 in method.requires.dimensions

    def show(self) -> None:
        """Bring all parts in line with what stands in the panel."""
        reasons = {name: self._reason(name) for name in ARCHITECTURES}
        self._panel.set_networks(reasons)
        volumes = self.volumes
        self._panel.set_sees(VOLUMES if volumes else IMAGES, reasons[_FIRST_FOR_VOLUMES], self._volumes_there)
        if volumes != self._was:
            self._was = volumes
            self._changed()

    def _reason(self, name: str) -> str:
        entry, method = ARCHITECTURES[name], self._method
        if entry.dimensions == 3 and (why := offering.volume_reason(name, self._volumes_there)):
            return why
        if method is None:
            return ""
        if entry.dimensions not in method.requires.dimensions:
            return texts.wrong_dimensions(method.title, entry.dimensions)
        return "" if entry.family in method.requires.families else texts.WRONG_FAMILY

    def _choose(self, value: str) -> None:
        chosen = _FIRST_FOR_VOLUMES if value == VOLUMES else self._for_images()
        self._panel.set_values({"backbone": chosen})
        self._panel.parameters_changed.emit()

    def _for_images(self) -> str:
        method = self._method
        wished = method.entry.recommended.backbone if method is not None else ""
        return wished or PretrainSpec().backbone
