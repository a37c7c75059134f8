"""Enabling somebody else's plugin from its card: asks first, then reads the methods again."""

from __future__ import annotations

from collections.abc import Callable

from sslstudio.extensions import host
from sslstudio.extensions.host import PluginInfo
from sslstudio.gui.pages.page import Services
from sslstudio.gui.pages.pretrain.consent_dialog import ConsentDialog
from sslstudio.gui.pages.pretrain.method_gallery import MethodGallery
from sslstudio.gui.pages.pretrain.methods import Found, read_methods


class Consent:
    """`changed(methods)` is called with the methods after a plugin was enabled."""

    def __init__(self, services: Services, gallery: MethodGallery, changed: Callable[[Found], None]) -> None:
        self._services, self._gallery, self._changed = services, gallery, changed
        self.dialog: ConsentDialog | None = None
        gallery.enable_requested.connect(self._look)

    def _look(self, plugin_id: str) -> None:
        self._services.background.run(host.discover, done=lambda found: self._ask(plugin_id, found))

    def _ask(self, plugin_id: str, found: list[PluginInfo]) -> None:
        info = next((one for one in found if one.id == plugin_id and one.manifest is not None), None)
        if info is None:
            return
        self.dialog = ConsentDialog(info, self._gallery)
        self.dialog.agreed.connect(self._enable)
        self.dialog.open()

    def _enable(self, plugin_id: str) -> None:
        def work() -> Found:
            host.enable(plugin_id)
            return read_methods()

        self._services.background.run(work, done=self._changed, failed=self._services.notify.error)
