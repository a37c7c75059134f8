"""An import in a process of its own, to be killed: `python -m tests.fakes.import_process ROOT SOURCE`."""

from __future__ import annotations

import sys
from pathlib import Path

from sslstudio.stages import import_images
from tests.fakes.image_files import import_context

if __name__ == "__main__":
    import_images.CHUNK_FILES = 5
    context = import_context(Path(sys.argv[1]), Path(sys.argv[2]))
    import_images.run(context.job.spec, context, workers=1)
