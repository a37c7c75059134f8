"""Questions to archives, answered in a child process of the window, which itself opens no connection.

The process lives as long as the dialog. Questions come on its standard input, one a line, so that neither a password
nor a patient's name stands in the list of processes or in a file; the end of the input is its own end.
"""

from __future__ import annotations

import importlib
from typing import BinaryIO, Literal

from pydantic import ValidationError

from sslstudio.domain.record import Record
from sslstudio.errors import SSLStudioError
from sslstudio.pacs.archive import PROTOCOLS, connect
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


def serve(questions: BinaryIO, answers: BinaryIO) -> int:
    """Answer line by line until there are no more questions; returns their number.

    The libraries are loaded first, while a person still types.
    """
    for module in PROTOCOLS.values():
        importlib.import_module(module)
    number = 0
    for line in questions:
        number += 1
        try:
            answered = answer(read_question(line))
        except SSLStudioError as error:
            answered = Answer(message=error.message, hint=error.hint, code=error.code)
        answers.write(answered.model_dump_json().encode("utf-8") + b"\n")
        answers.flush()
    return number
