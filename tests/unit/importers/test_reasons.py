"""Every reason is a sentence a radiologist can act on."""

import pytest

from sslstudio.importers import reasons


@pytest.mark.parametrize("code", sorted(reasons.TEXTS))
def test_texts(code: str) -> None:
    found = reasons.reason(code, content="GIF", syntax="MPEG2", codec="a codec")
    assert found.code == code
    for text in (found.sentence, found.hint):
        assert text[0].isupper() and text.endswith(".") and "{" not in text and len(text) < 140


def test_missing_detail_is_no_error() -> None:
    assert "unknown" in reasons.reason("unsupported_syntax").sentence


def test_unknown_codes_are_a_bug() -> None:
    with pytest.raises(KeyError):
        reasons.reason("unknown error")
