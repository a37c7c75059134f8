"""The one error a user ever reads: a plain sentence and what to do about it."""

from __future__ import annotations


class SSLStudioError(Exception):
    """A problem the user can understand and act on; shown without a traceback.

    `message` says what is wrong in one sentence; `hint` says what to do. `code` is a stable short name for
    logs and tests. Neither text may contain patient data or the text of a library's exception.
    """

    def __init__(self, message: str, hint: str = "", *, code: str = "error") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.code = code

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()
