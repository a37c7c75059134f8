"""The result for a study as a picture, for viewers that show no structured report: a DICOM secondary capture."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import reportlab
from highdicom.sc import SCImage
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes
from pydicom.uid import ExplicitVRLittleEndian

from sslstudio.exporters.case_result import LONG_NOTICE, NOTICE, PRODUCT, VERSION, CaseResult
from sslstudio.exporters.dicom_origin import Origin
from sslstudio.exporters.pdf import ELSEWHERE
from sslstudio.exporters.structured_report import equipment, long_string

WIDTH, HEIGHT = 1024, 768
SERIES_NUMBER = 9902
MOST_CLASSES = 8
_MARGIN = 48
_BACK, _INK, _FAINT, _BAR, _ALERT = (16, 18, 22), (238, 240, 243), (160, 166, 176), (86, 180, 233), (240, 178, 70)


def make(result: CaseResult, origin: Origin) -> Dataset:
    """An RGB secondary capture with class, probabilities, whether the model abstains, operating point, and what it is.

    It says burned-in annotation, because it is nothing but; the patient's name is in the header alone. Raises whatever
    highdicom raises for images that break the rules.
    """
    model = result.model
    image = SCImage(
        pixel_array=draw(result),
        photometric_interpretation="RGB",
        bits_allocated=8,
        coordinate_system="PATIENT",
        patient_orientation=("L", "P"),
        study_instance_uid=origin.study,
        series_instance_uid=origin.uid(model.digest, "capture series"),
        series_number=SERIES_NUMBER,
        sop_instance_uid=origin.uid(model.digest, f"capture {list(result.probabilities)}"),
        instance_number=1,
        manufacturer=PRODUCT,
        transfer_syntax_uid=ExplicitVRLittleEndian,
        series_description=NOTICE,
        manufacturer_model_name=long_string(result.model_name),
        software_versions=VERSION,
        contributing_equipment=[equipment(result)],
    )
    image.ImageType = ["DERIVED", "SECONDARY"]
    image.BurnedInAnnotation, image.RecognizableVisualFeatures = "YES", "NO"
    image.PatientOrientation = []
    image.DerivationDescription = LONG_NOTICE
    image.ImageComments = NOTICE
    image.SourceImageSequence = [_source(one.sop_class, one.sop, one.frames) for one in origin.images]
    origin.fill_in(image)
    return image


def draw(result: CaseResult) -> NDArray[np.uint8]:
    """The picture (768, 1024, 3); letters that no font has become boxes."""
    picture = Image.new("RGB", (WIDTH, HEIGHT), _BACK)
    pen = ImageDraw.Draw(picture)
    pen.rectangle((0, 0, WIDTH, 64), fill=_ALERT)
    pen.text((_MARGIN, 17), NOTICE, font=_font(26), fill=_BACK)
    names, shares = result.model.classes, result.probabilities
    y = _line(pen, 92, names[result.best], 44, _INK)
    y = _line(
        pen, y + 4, f"probability {shares[result.best]:.3f}, {result.pooled_by} over {_images(result.images)}", 24, _INK
    )
    y += 22
    order = sorted(range(len(names)), key=lambda place: -shares[place])
    for place in order[:MOST_CLASSES]:
        pen.text((_MARGIN, y), _fitting(names[place], _font(22), 300), font=_font(22), fill=_INK)
        pen.rectangle((370, y + 4, 370 + 480, y + 24), outline=_FAINT)
        pen.rectangle((370, y + 4, 370 + round(480 * shares[place]), y + 24), fill=_BAR)
        pen.text((874, y), f"{shares[place]:.3f}", font=_font(22), fill=_INK)
        y += 36
    if len(order) > MOST_CLASSES:
        y = _line(pen, y, f"and {len(order) - MOST_CLASSES} classes that are less probable", 20, _FAINT)
    y += 18
    for words, colour in _remarks(result):
        y = _line(pen, y, words, 21, colour) + 3
    pen.text(
        (_MARGIN, HEIGHT - 62),
        _fitting(f"{result.model_name}, package {result.model.digest[:12]}", _font(18), 920),
        font=_font(18),
        fill=_FAINT,
    )
    pen.text((_MARGIN, HEIGHT - 36), "Not a medical device. Not checked by a person.", font=_font(18), fill=_FAINT)
    return np.asarray(picture)


def _remarks(result: CaseResult) -> list[tuple[str, tuple[int, int, int]]]:
    said = [
        (
            f"The model {'abstains' if result.abstain else 'does not abstain'}: {result.why}.",
            _ALERT if result.abstain else _INK,
        )
    ]
    if result.images == 1 and result.image_why:
        said.append((f"Of the image: {result.image_why}.", _INK))
    elif result.abstained:
        said.append((f"It abstains for {result.abstained} of {_images(result.images)} taken singly.", _ALERT))
    if result.unlike:
        said.append((f"{_images(result.unlike)} unlike those it was trained on: do not rely on this.", _ALERT))
    if result.operating_point:
        said.append((f"{result.operating_point}.", _INK))
    return said


def _images(number: int) -> str:
    return f"{number:,} image{'' if number == 1 else 's'}"


def _line(pen: ImageDraw.ImageDraw, y: int, text: str, size: int, colour: tuple[int, int, int]) -> int:
    """Write text in as many lines as it needs; returns where the next one begins."""
    font, words, line = _font(size), text.split(), ""
    lines = []
    for word in words:
        longer = f"{line} {word}".strip()
        if line and font.getlength(longer) > WIDTH - 2 * _MARGIN:
            lines.append(line)
            longer = word
        line = _fitting(longer, font, WIDTH - 2 * _MARGIN)
    for one in [*lines, line][:3]:
        pen.text((_MARGIN, y), one, font=font, fill=colour)
        y += round(1.35 * size)
    return y


def _fitting(text: str, font: ImageFont.FreeTypeFont, width: int) -> str:
    if font.getlength(text) <= width:
        return text
    while text and font.getlength(text + "...") > width:
        text = text[:-1]
    return text + "..."


@cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    """The computer's font with the most scripts, else the one that comes along."""
    own = Path(reportlab.__file__).parent / "fonts" / "Vera.ttf"
    return ImageFont.truetype(next((one for one in ELSEWHERE if Path(one).is_file()), str(own)), size)


def _source(sop_class: str, sop: str, frames: tuple[int, ...]) -> Dataset:
    known, purpose = Dataset(), Dataset()
    known.ReferencedSOPClassUID, known.ReferencedSOPInstanceUID = sop_class, sop
    if frames:
        known.ReferencedFrameNumber = list(frames)
    code = codes.DCM.SourceImageForImageProcessingOperation
    purpose.CodeValue, purpose.CodingSchemeDesignator, purpose.CodeMeaning = (
        code.value,
        code.scheme_designator,
        code.meaning,
    )
    known.PurposeOfReferenceCodeSequence = [purpose]
    return known
