"""A page of Markdown as PDF, for those who open no Markdown; apart because it alone knows how a page is set.

The Markdown is that of this product's own cards: headings, paragraphs, lists, tables and blocks of code.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import reportlab
from markdown_it import MarkdownIt
from markdown_it.token import Token
from reportlab.graphics.shapes import Drawing
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import KeepTogether, Paragraph, SimpleDocTemplate, Spacer, Table

MARGIN = 18 * mm
WIDTH = A4[0] - 2 * MARGIN
_GREY, _LINE = colors.HexColor("#555555"), colors.HexColor("#BBBBBB")
_FACES = {"Card": "Vera.ttf", "Card-Bold": "VeraBd.ttf", "Card-Italic": "VeraIt.ttf"}
ELSEWHERE = (
    "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf",
    "/usr/share/fonts/dejavu-sans-fonts/DejaVuSans.ttf",
    "/System/Library/Fonts/Supplemental/Arial Unicode.ttf",
    "C:/Windows/Fonts/arialuni.ttf",
    "C:/Windows/Fonts/arial.ttf",
)
"""Fonts with more scripts than the one that comes along; the first that is there draws what that one cannot."""


def write(markdown: str, path: Path, title: str) -> None:
    """Write `markdown` as A4 pages; the same text gives the same bytes. Letters that no font has become boxes."""
    write_parts([markdown], path, title)


def write_parts(parts: Sequence[str | Drawing], path: Path, title: str) -> None:
    """The same for Markdown with drawings between."""
    register_fonts()
    document = SimpleDocTemplate(
        str(path),
        pagesize=A4,
        leftMargin=MARGIN,
        rightMargin=MARGIN,
        topMargin=MARGIN,
        bottomMargin=MARGIN,
        title=title,
        author="",
        creator="SSL Studio",
        invariant=1,
    )
    parser = MarkdownIt().enable("table")
    flow: list[Any] = []
    for part in parts:
        if isinstance(part, str):
            flow += _flow(parser.parse(part))
        else:
            before = [flow.pop()] if flow and isinstance(flow[-1], Paragraph) else []
            while flow and isinstance(flow[-1], Paragraph) and flow[-1].style.keepWithNext:
                before.insert(0, flow.pop())
            flow += [KeepTogether([*before, Spacer(1, 4), part, Spacer(1, 8)])]
    document.build(flow, onFirstPage=_foot, onLaterPages=_foot)


def _foot(canvas: Any, document: Any) -> None:
    canvas.setFont("Card", 7)
    canvas.setFillColor(_GREY)
    canvas.drawString(MARGIN, 10 * mm, "Research use only. Not a medical device.")
    canvas.drawRightString(A4[0] - MARGIN, 10 * mm, str(document.page))


def _flow(tokens: Sequence[Token]) -> Iterator[Any]:
    """What stands on the pages, in order."""
    place, bullet = 0, False
    while place < len(tokens):
        token = tokens[place]
        if token.type == "table_open":
            end = next(n for n in range(place, len(tokens)) if tokens[n].type == "table_close")
            yield from (_table(tokens[place:end]), Spacer(1, 6))
            place = end
        elif token.type == "heading_open":
            yield Paragraph(_inline(tokens[place + 1]), _style(f"h{min(3, int(token.tag[1]))}"))
            place += 2
        elif token.type in ("list_item_open", "list_item_close"):
            bullet = token.type == "list_item_open"
        elif token.type == "inline":
            text = _inline(token)
            yield Paragraph(text, _style("item"), bulletText="•") if bullet else Paragraph(text, _style("body"))
        elif token.type in ("code_block", "fence"):
            yield from (*_code(token.content.rstrip().splitlines()), Spacer(1, 4))
        place += 1


def _code(lines: Sequence[str]) -> list[Paragraph]:
    """Lines of code that stay together, and with the heading above them."""
    indented = [line.replace(" ", "\u00a0", len(line) - len(line.lstrip())) for line in lines]
    found = [Paragraph(_letters(line), _style("code")) for line in indented]
    for line in found[:-1]:
        line.keepWithNext = 1
    return found


def _table(tokens: Sequence[Token]) -> Table:
    rows: list[list[Paragraph]] = []
    lengths: list[list[int]] = []
    for number, token in enumerate(tokens):
        if token.type == "tr_open":
            rows.append([])
            lengths.append([])
        elif token.type in ("th_open", "td_open"):
            right = "right" in str(token.attrs.get("style", ""))
            name = ("head" if token.type == "th_open" else "cell") + ("-right" if right else "")
            text = tokens[number + 1]
            rows[-1].append(Paragraph(_inline(text), _style(name)))
            lengths[-1].append(max((len(word) for word in text.content.split()), default=1) + len(text.content) // 3)
    widest = [max(9, min(44, max(row[n] for row in lengths))) for n in range(len(rows[0]))]
    table = Table(rows, colWidths=[WIDTH * one / sum(widest) for one in widest], repeatRows=1, hAlign="LEFT")
    table.setStyle(
        [
            ("LINEBELOW", (0, 0), (-1, 0), 0.8, _GREY),
            ("LINEBELOW", (0, 1), (-1, -1), 0.25, _LINE),
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("LEFTPADDING", (0, 0), (-1, -1), 3),
            ("RIGHTPADDING", (0, 0), (-1, -1), 3),
            ("TOPPADDING", (0, 0), (-1, -1), 2),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 2),
        ]
    )
    return table


def _inline(token: Token) -> str:
    """Text with its marks in the small markup of reportlab; links are text."""
    marks = {
        "strong_open": '<font name="Card-Bold">',
        "em_open": '<font name="Card-Italic">',
        "strong_close": "</font>",
        "em_close": "</font>",
        "softbreak": " ",
        "hardbreak": "<br/>",
    }
    parts = []
    for child in token.children or ():
        if child.type == "code_inline":
            parts.append(f'<font color="#333366">{_letters(child.content)}</font>')
        else:
            parts.append(marks.get(child.type, _letters(child.content)))
    return "".join(parts)


def _letters(text: str) -> str:
    """Escaped text; what the card's font cannot draw is set in the font of the computer that has more scripts."""
    known = pdfmetrics.getFont("Card").face.charToGlyph
    other = "Card-Other" if "Card-Other" in pdfmetrics.getRegisteredFontNames() else "Card"
    parts = []
    for letter in text:
        plain = escape(letter)
        parts.append(plain if ord(letter) in known or letter.isspace() else f'<font name="{other}">{plain}</font>')
    return "".join(parts)


def register_fonts() -> None:
    """Make the fonts of the pages known, once."""
    if "Card" in pdfmetrics.getRegisteredFontNames():
        return
    fonts = Path(reportlab.__file__).parent / "fonts"
    for name, file in _FACES.items():
        pdfmetrics.registerFont(TTFont(name, str(fonts / file)))
    more = next((file for file in ELSEWHERE if Path(file).is_file()), None)
    if more is not None:
        pdfmetrics.registerFont(TTFont("Card-Other", more))


def _style(name: str) -> ParagraphStyle:
    """The style of a heading (h1 to h3), of text, of an item of a list, of a line of code, or of a cell."""
    kind, _, side = name.partition("-")
    sizes = {"h1": 17, "h2": 12.5, "h3": 10, "body": 8.8, "item": 8.8, "code": 7, "head": 7.5, "cell": 7.5}
    size = sizes[kind]
    heading = kind.startswith("h")
    return ParagraphStyle(
        name,
        fontName="Card-Bold" if heading else "Card",
        fontSize=size,
        leading=size * 1.35,
        spaceBefore=10 if kind in ("h1", "h2", "h3") else 0,
        spaceAfter=0 if kind in ("head", "cell", "code") else 4,
        leftIndent={"item": 10, "code": 18}.get(kind, 0),
        firstLineIndent=-10 if kind == "code" else 0,
        bulletIndent=2,
        alignment=2 if side else 0,
        keepWithNext=kind in ("h1", "h2", "h3"),
        splitLongWords=1,
    )
