"""One question to an archive, answered in a short-lived child process of the window, which itself opens no connection.

The question comes on standard input, so that neither a password nor a patient's name stands in the list of processes
or in a file.
"""

from __future__ import annotations

from typing import Literal

from pydantic import ValidationError

from sslstudio.domain.record import Record
from sslstudio.errors import SSLStudioError
from sslstudio.pacs.archive import connect
from sslstudio.pacs.nodes import PacsNode
from sslstudio.pacs.rows import Found, SeriesRow, StudyQuery

Ask = Literal["verify", "studies", "series"]


class Question(Record):
    """`verify` needs the node alone, `studies` a query, `series` the UID of a study."""

    ask: Ask
    node: PacsNode
    password: str = ""
    query: StudyQuery = StudyQuery()
    study: str = ""


class Answer(Record):
    """What the archive said, or why it did not (`code` is set then)."""

    found: Found = Found()
    series: tuple[SeriesRow, ...] = ()
    message: str = ""
    hint: str = ""
    code: str = ""


def read_question(text: str | bytes) -> Question:
    """Raises SSLStudioError "bad_question"; the text stays out of it."""
    try:
        return Question.model_validate_json(text)
    except ValidationError:
        raise SSLStudioError("The question to the archive is not complete.", code="bad_question") from None


def answer(question: Question) -> Answer:
    """Put the question; never raises what an archive can cause."""
    try:
        archive = connect(question.node, question.password)
        try:
            if question.ask == "studies":
                return Answer(found=archive.studies(question.query))
            if question.ask == "series":
                return Answer(series=archive.series(question.study))
            archive.verify()
            return Answer()
        finally:
            archive.close()
    except SSLStudioError as error:
        return Answer(message=error.message, hint=error.hint, code=error.code)
