"""Label commands: pure functions from a label state and a command to the next state and the exact inverse."""

from sslstudio.labels.commands import LabelState, apply, describe
from sslstudio.labels.history import UNDO_LIMIT, Entry, LabelHistory, decode, encode

__all__ = ["UNDO_LIMIT", "Entry", "LabelHistory", "LabelState", "apply", "decode", "describe", "encode"]
