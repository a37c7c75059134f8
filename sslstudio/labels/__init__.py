"""Label commands: pure functions from a label state and a command to the next state and the exact inverse."""

from sslstudio.labels.commands import LabelState, apply, describe
from sslstudio.labels.history import Entry, LabelHistory, decode, encode

__all__ = ["Entry", "LabelHistory", "LabelState", "apply", "decode", "describe", "encode"]
