"""The exit codes of a worker; apart because launcher and worker share them and neither imports the other."""

from __future__ import annotations

SUCCEEDED = 0
FAILED = 1
NOT_A_RUN = 2
CANCELLED = 3
NO_ROOM_FOR_EVENTS = 4
"""The worker could not even write down what went wrong."""
DISPLACED = 5
"""The run's folder was removed, or holds another run by now; this worker has written nothing there since."""
ALREADY_RUNNING = 75
"""Another worker holds the run; this one has touched nothing."""
