"""How fast a teacher follows its student; shared by the tasks that learn from a slow copy of themselves."""

from __future__ import annotations

import math

_LONGEST_MEMORY = 0.1
_LEAST = 0.9


def teacher_momentum(step: int, total_steps: int, start: float) -> float:
    """The momentum of a teacher's moving average after optimiser step `step` of `total_steps`: a cosine to 1.

    It begins at `start`, or lower (down to 0.9) where the run is so short that the teacher would remember its random
    beginning for more than a tenth of it: a moving average of momentum m remembers about 1 / (1 - m) steps. The cosine
    is that of Grill et al., Bootstrap Your Own Latent, NeurIPS 2020, appendix J.
    """
    total = max(1, total_steps)
    begin = min(start, max(_LEAST, 1.0 - 1.0 / (_LONGEST_MEMORY * total)))
    return 1.0 - (1.0 - begin) * (math.cos(math.pi * min(step, total) / total) + 1.0) / 2.0
