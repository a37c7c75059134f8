"""The learning rate at each step: linear warm-up, then a cosine to zero; steady across resume and extension."""

from __future__ import annotations

import math

from sslstudio.domain.record import Record


class Schedule(Record):
    """A schedule over `total` optimiser steps with the highest rate `peak`, the first `warmup` steps rising to it.

    After an extension the longer cosine would jump up from where the shorter one had ended; so the rate climbs
    from `ramp_from` at step `ramp_start` to the new curve within `ramp_steps`.
    """

    total: int
    warmup: int
    peak: float
    ramp_start: int = 0
    ramp_steps: int = 0
    ramp_from: float = 0.0

    def rate(self, step: int) -> float:
        """The learning rate of optimiser step `step`, counted from 0."""
        target = self._curve(step)
        since = step - self.ramp_start
        if self.ramp_steps and 0 <= since < self.ramp_steps:
            share = (since + 1) / (self.ramp_steps + 1)
            return self.ramp_from + (target - self.ramp_from) * share
        return target

    def extended(self, total: int, step: int, warmup_fraction: float) -> Schedule:
        """The schedule for a new `total`, joined smoothly at `step`; itself when the total stays."""
        if total == self.total:
            return self
        left = max(total - step, 0)
        return Schedule(
            total=total,
            warmup=self.warmup,
            peak=self.peak,
            ramp_start=step,
            ramp_steps=max(1, round(warmup_fraction * left)) if step else 0,
            ramp_from=self.rate(step) if step else 0.0,
        )

    def _curve(self, step: int) -> float:
        if step < self.warmup:
            return self.peak * (step + 1) / self.warmup
        share = (step - self.warmup) / max(1, self.total - self.warmup)
        return self.peak * 0.5 * (1.0 + math.cos(math.pi * min(1.0, share)))


def begin(total: int, peak: float, warmup_fraction: float) -> Schedule:
    """The schedule of a new run of `total` steps."""
    return Schedule(total=total, warmup=round(warmup_fraction * total), peak=peak)
