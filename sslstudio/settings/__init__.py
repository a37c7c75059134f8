"""What belongs to the user rather than to a project: theme, name, recent projects, shortcuts."""

from sslstudio.settings.settings import RECENT_LIMIT, Settings, settings_file

__all__ = ["RECENT_LIMIT", "Settings", "settings_file"]
