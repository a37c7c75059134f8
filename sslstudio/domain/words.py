"""Words that every layer needs: shares as a reader expects them."""

from __future__ import annotations


def percent(share: float, digits: int = 0) -> str:
    """A share in percent, "98 %". What is not quite all or nothing is not rounded to it: ">99 %", "<1 %"."""
    shown, least = round(100 * share, digits), 10.0**-digits
    if shown >= 100 and share < 1:
        return f">{100 - least:.{digits}f} %"
    if shown <= 0 < share:
        return f"<{least:.{digits}f} %"
    return f"{shown:.{digits}f} %"
