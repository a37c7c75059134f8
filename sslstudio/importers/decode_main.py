"""Starts a decode worker, with no more in memory than it needs: apart because it has to come before all other imports.

`python -m sslstudio.importers.decode_main`. pydicom would load a library for the network, which has no business in the
process that reads strange files, and takes a tenth of its start.
"""

from __future__ import annotations

import gc
import sys
from typing import Any


def main() -> int:
    """Serve requests until stdin ends."""
    modules: dict[str, Any] = sys.modules
    modules["requests"] = None
    gc.disable()  # nothing that is imported is ever let go
    from sslstudio.importers.decode_worker import main as serve

    gc.freeze()
    gc.enable()
    return serve()


if __name__ == "__main__":
    sys.exit(main())
