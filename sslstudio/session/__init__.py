"""The open project: its folder and lock, the workflow over runs, and the evented state every view hangs on. No Qt."""

from sslstudio.session.project import SUFFIX, Project
from sslstudio.session.session import LabelCounts, Session

__all__ = ["SUFFIX", "LabelCounts", "Project", "Session"]
