"""Jobs: child processes whose whole contract is a run directory of plain files; no Qt, no torch."""
