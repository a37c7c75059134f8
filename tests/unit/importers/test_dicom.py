"""DICOM pixels become linear values whose window, polarity and unit are those of the standard."""

import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom import uid
from pydicom.encaps import encapsulate

from sslstudio.importers import dicom
from sslstudio.importers.decoding import DecodedFrame, DecodeSettings
from sslstudio.importers.dicom_writer import DicomHeader, stable_uid, write_image
from sslstudio.importers.reasons import Refused
from sslstudio.importers.windowing import to_uint8
from tests.fakes.image_files import gradient

SETTINGS = DecodeSettings(key="5a" * 32)


def make(tmp_path: Path, pixels: np.ndarray, header: DicomHeader | None = None) -> bytes:
    return write_image(tmp_path / "image.dcm", pixels, header).read_bytes()


def only(data: bytes, settings: DecodeSettings = SETTINGS) -> DecodedFrame:
    (frame,) = dicom.decode(data, settings)
    return frame


def changed(data: bytes, **values: Any) -> bytes:
    """The file with elements set, or removed where the value is None."""
    dataset = pydicom.dcmread(io.BytesIO(data))
    for keyword, value in values.items():
        if value is None:
            del dataset[keyword]
        else:
            setattr(dataset, keyword, value)
    stream = io.BytesIO()
    dataset.save_as(stream)
    return stream.getvalue()


def refusal(data: bytes, settings: DecodeSettings = SETTINGS) -> Refused:
    with pytest.raises(Refused) as caught:
        list(dicom.decode(data, settings))
    return caught.value


def modality_values(frame: DecodedFrame) -> np.ndarray:
    return frame.stored[:, :, 0] * frame.facts.slope + frame.facts.intercept


def test_golden_ct(tmp_path: Path) -> None:
    hounsfield = np.array([[-1000, -160, 40], [240, 1000, 3000]], np.int16)
    header = DicomHeader(modality="CT", slope=1, intercept=-1024, window=(40, 400))
    frame = only(make(tmp_path, (hounsfield + 1024).astype(np.uint16), header))
    assert modality_values(frame).tolist() == hounsfield.tolist()
    assert to_uint8(frame.stored, frame.facts.low, frame.facts.high)[:, :, 0].tolist() == [[0, 0, 128], [255, 255, 255]]
    assert frame.facts.modality == "CT" and frame.facts.bits == 16


def test_signed_values_and_fractional_slope(tmp_path: Path) -> None:
    raw = gradient(dtype="uint16").astype(np.int32) - 32768
    frame = only(make(tmp_path, raw.astype(np.int16), DicomHeader(slope=0.5, intercept=-10)))
    assert modality_values(frame) == pytest.approx(raw * 0.5 - 10)


@pytest.mark.parametrize("window", [None, (2000.0, 1500.0)])
@pytest.mark.parametrize("slope", [1.0, -2.0])
def test_monochrome_twins_look_the_same(tmp_path: Path, window: tuple[float, float] | None, slope: float) -> None:
    """The same picture written as MONOCHROME1 and MONOCHROME2 gives equal display values."""
    raw = (gradient(dtype="uint16") >> 4).astype(np.uint16)
    one = DicomHeader(photometric="MONOCHROME1", bits_stored=12, window=window, slope=slope, intercept=0)
    two = replace(one, photometric="MONOCHROME2", window=window and (4095 * slope + 1 - window[0], window[1]))
    frames = [only(make(tmp_path, 4095 - raw, one)), only(make(tmp_path, raw, two))]
    shown = [to_uint8(f.stored, f.facts.low, f.facts.high) for f in frames]
    assert (frames[0].stored == frames[1].stored).all()
    if slope > 0:
        assert (shown[0] == shown[1]).all()
        assert (modality_values(frames[0]) == (4095 - raw) * slope).all()
    bright = frames[0].stored[:, :, 0].astype(int)
    assert np.corrcoef(bright.ravel(), raw.ravel())[0, 1] == pytest.approx(1 if slope > 0 else -1)


def test_padding_is_black_and_does_not_count(tmp_path: Path) -> None:
    raw = gradient(dtype="uint8").astype(np.int16) + 100
    raw[:5] = -2000
    header = DicomHeader(modality="CT", slope=1, intercept=0, extra={"PixelPaddingValue": -2000})
    frame = only(make(tmp_path, raw, header))
    values = modality_values(frame)
    assert (values[5:] == raw[5:]).all() and (values[:5] == raw[5:].min()).all()
    assert frame.facts.low * frame.facts.slope + frame.facts.intercept >= 100


def test_padding_of_monochrome1_is_black_too(tmp_path: Path) -> None:
    raw = gradient(dtype="uint8").astype(np.uint16) + 100
    raw[:5] = 0
    header = DicomHeader(photometric="MONOCHROME1", bits_stored=12, extra={"PixelPaddingValue": 0})
    frame = only(make(tmp_path, raw, header))
    assert (to_uint8(frame.stored, frame.facts.low, frame.facts.high)[:5] == 0).all()


def test_dirty_high_bits_are_ignored(tmp_path: Path) -> None:
    raw = (gradient(dtype="uint16") >> 4).astype(np.uint16)
    clean = only(make(tmp_path, raw, DicomHeader(bits_stored=12)))
    dirty = only(make(tmp_path, raw | np.uint16(0xA000), DicomHeader(bits_stored=12)))
    assert (clean.stored == dirty.stored).all() and (clean.stored[:, :, 0] == raw).all()


def test_a_window_that_shows_nothing_is_not_believed(tmp_path: Path) -> None:
    frame = only(make(tmp_path, gradient(dtype="uint16"), DicomHeader(window=(-5000, 10))))
    assert frame.facts.low < frame.facts.high and frame.facts.high > 1000


@pytest.mark.parametrize("value", [None, "0"])
def test_useless_window_width(tmp_path: Path, value: str | None) -> None:
    data = changed(make(tmp_path, gradient(dtype="uint16"), DicomHeader(window=(100, 50))), WindowWidth=value)
    assert only(data).facts.high > 1000


def test_what_windows_are_made_from(tmp_path: Path) -> None:
    """By hand: 12 bit, HU = v - 1024, window 40 / 400 LINEAR is -160 to 239, padding -> darkest, left out of all."""
    raw = np.arange(2000, dtype=np.uint16).reshape(40, 50)
    raw[0, :4] = 4095
    header = DicomHeader(modality="CT", bits_stored=12, slope=1, intercept=-1024, window=(40, 400))
    facts = only(make(tmp_path, raw, replace(header, extra={"PixelPaddingValue": 4095}))).facts
    assert (facts.unit, facts.finished) == ("HU", False)
    assert (facts.file_low, facts.file_high) == (-160 + 1024, 239 + 1024) == (facts.low, facts.high)
    assert (facts.least, facts.greatest) == (4, 1999)
    assert (facts.auto_low, facts.auto_high) == pytest.approx((4 + 0.005 * 1995, 4 + 0.995 * 1995))
    plain = only(make(tmp_path, raw, replace(header, window=None))).facts
    assert plain.file_low is None and plain.file_high is None
    assert (plain.low, plain.high) == (plain.auto_low, plain.auto_high)


def test_colour_is_finished(tmp_path: Path) -> None:
    facts = only(make(tmp_path, gradient(channels=3), DicomHeader())).facts
    assert facts.finished and (facts.file_low, facts.file_high) == (0, 255) == (facts.low, facts.high)


def test_voi_table_gives_a_window(tmp_path: Path) -> None:
    table = pydicom.Dataset()
    table.LUTDescriptor = [100, 500, 8]
    table.add_new("LUTData", "OW", np.array([0] * 20 + [*range(0, 240, 3)] + [237] * 400, "<u2").tobytes())
    table["LUTDescriptor"].VR = "US"
    data = make(tmp_path, gradient(dtype="uint16") >> 4, DicomHeader(extra={"VOILUTSequence": [table]}))
    facts = only(data).facts
    assert facts.low == pytest.approx(520, abs=1) and facts.high == pytest.approx(599, abs=1)


def test_modality_table_is_applied(tmp_path: Path) -> None:
    table = pydicom.Dataset()
    table.LUTDescriptor = [256, 0, 16]
    table.ModalityLUTType = "US"
    table.add_new("LUTData", "US", [value * 200 for value in range(256)])
    table["LUTDescriptor"].VR = "US"
    raw = gradient()
    frame = only(make(tmp_path, raw, DicomHeader(extra={"ModalityLUTSequence": [table]})))
    assert (frame.stored[:, :, 0] == raw.astype(int) * 200).all()


def test_colour_planar_and_ybr(tmp_path: Path) -> None:
    rgb = gradient(channels=3)
    data = make(tmp_path, rgb)
    assert (only(data).stored == rgb).all()
    planar = changed(data, PlanarConfiguration=1, PixelData=np.moveaxis(rgb, 2, 0).tobytes())
    assert (only(planar).stored == rgb).all()
    ybr = pydicom.pixels.processing.convert_color_space(rgb, "RGB", "YBR_FULL")
    data = changed(data, PhotometricInterpretation="YBR_FULL", PixelData=ybr.tobytes())
    assert np.abs(only(data).stored.astype(int) - rgb).max() <= 3


def test_palette_becomes_rgb(tmp_path: Path) -> None:
    colours = {f"{name}PaletteColorLookupTableDescriptor": [4, 0, 16] for name in ("Red", "Green", "Blue")}
    tables = {"Red": [0, 255, 0, 9], "Green": [0, 0, 255, 9], "Blue": [0, 0, 7, 9]}
    data = {f"{n}PaletteColorLookupTableData": (np.array(v, "<u2") << 8).tobytes() for n, v in tables.items()}
    indices = np.array([[0, 1], [2, 3]], np.uint8)
    frame = only(make(tmp_path, indices, DicomHeader(photometric="PALETTE COLOR", extra={**colours, **data})))
    assert frame.stored.tolist() == [[[0, 0, 0], [255, 0, 0]], [[0, 255, 7], [9, 9, 9]]]


def test_frames_come_one_by_one(tmp_path: Path) -> None:
    frames = [gradient(seed=s) for s in range(3)]
    data = changed(make(tmp_path, frames[0]), NumberOfFrames=3, PixelData=b"".join(f.tobytes() for f in frames))
    decoded = list(dicom.decode(data, SETTINGS))
    assert [(d.stored[:, :, 0] == f).all() for d, f in zip(decoded, frames, strict=True)] == [True] * 3
    assert dicom.count_frames(io.BytesIO(data), SETTINGS) == 3


def test_frames_have_their_own_place_and_rescale(tmp_path: Path) -> None:
    groups = []
    for index in range(2):
        group, position, value, plane = (pydicom.Dataset() for _ in range(4))
        position.ImagePositionPatient = [0, 0, 5 * index]
        plane.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
        value.RescaleSlope, value.RescaleIntercept = index + 1, 0
        group.PlanePositionSequence, group.PlaneOrientationSequence = [position], [plane]
        group.PixelValueTransformationSequence = [value]
        groups.append(group)
    pixels = gradient().tobytes() * 2
    data = changed(
        make(tmp_path, gradient()), NumberOfFrames=2, PixelData=pixels, PerFrameFunctionalGroupsSequence=groups
    )
    first, second = dicom.decode(data, SETTINGS)
    assert (first.facts.slice_position, second.facts.slice_position) == (0.0, 5.0)
    assert (second.facts.slope, second.facts.series) == (2.0, first.facts.series)


def test_identity_never_leaves(tmp_path: Path) -> None:
    header = DicomHeader(patient_id="SECRET-77", patient_name="Canary^Bird", issuer="Clinic", study="x", series="y")
    facts = only(make(tmp_path, gradient(), header)).facts
    text = repr(facts)
    for canary in ("SECRET", "Canary", "Clinic", "2.25.", "1970", stable_uid("study", "Clinic", "SECRET-77", "x")):
        assert canary not in text
    assert len(facts.subject) == len(facts.study) == len(facts.series) == 16
    blank = only(make(tmp_path, gradient(), replace(header, patient_id="  "))).facts
    assert blank.subject == "" and blank.study != ""
    other = only(make(tmp_path, gradient(), replace(header, issuer="Other"))).facts
    assert other.subject != facts.subject


def test_series_splits_by_shape_and_orientation(tmp_path: Path) -> None:
    axial, sagittal = {"ImageOrientationPatient": [1, 0, 0, 0, 1, 0]}, {"ImageOrientationPatient": [0, 1, 0, 0, 0, 1]}
    make_one = lambda pixels, extra: only(make(tmp_path, pixels, DicomHeader(extra=extra))).facts.series  # noqa: E731
    names = [make_one(gradient(), axial), make_one(gradient(), sagittal), make_one(gradient(8, 8), axial)]
    assert len(set(names)) == 3
    assert make_one(gradient(seed=5), {"ImageOrientationPatient": [1, 0, 1e-5, 0, 1, 0]}) == names[0]


def test_header_values_that_lie_or_are_free_text(tmp_path: Path) -> None:
    data = make(tmp_path, gradient(), DicomHeader(modality="CR"))
    data = data.replace(b"CS\x02\x00CR", b"CS\x02\x00c;").replace(b"CHEST ", b"J.DOE1")
    facts = only(data).facts
    assert facts.modality == "" and facts.body_part == ""
    with_numbers = changed(make(tmp_path, gradient()), InstanceNumber=None)
    assert only(with_numbers).facts.instance_number is None


def test_reading_without_preamble_and_without_syntax(tmp_path: Path) -> None:
    data = make(tmp_path, gradient())
    dataset = pydicom.dcmread(io.BytesIO(data))
    for implicit in (True, False):
        stream = io.BytesIO()
        pydicom.filewriter.write_dataset(_writer(stream, implicit), dataset)
        assert (only(stream.getvalue()).stored[:, :, 0] == gradient()).all()


def _writer(stream: io.BytesIO, implicit: bool) -> Any:
    writer = pydicom.filebase.DicomIO(stream)
    writer.is_implicit_VR, writer.is_little_endian = implicit, True
    return writer


def test_refusals_name_their_reason(tmp_path: Path) -> None:
    data = make(tmp_path, gradient(64, 64, dtype="uint16"))
    assert refusal(data[: len(data) // 2]).code == "truncated"
    assert refusal(changed(data, PixelData=None, Rows=None, BitsAllocated=None)).code == "no_pixels"
    assert refusal(changed(data, Rows=128)).code == "truncated"
    assert refusal(changed(data, NumberOfFrames=30000, Rows=60000, Columns=60000)).code == "too_large"
    assert refusal(changed(data, SOPClassUID="1.2.840.10008.5.1.4.1.1.66.4")).detail == {"content": "segmentation"}
    assert refusal(changed(data, PhotometricInterpretation="CIELAB")).code == "unsupported_pixels"
    assert refusal(changed(data, SamplesPerPixel=7)).code == "unsupported_pixels"


def test_unknown_syntax_is_named(tmp_path: Path) -> None:
    dataset = pydicom.dcmread(io.BytesIO(make(tmp_path, gradient())))
    dataset.PixelData = encapsulate([b"video"])
    dataset["PixelData"].is_undefined_length = True
    dataset.file_meta.TransferSyntaxUID = uid.MPEG2MPML
    stream = io.BytesIO()
    dataset.save_as(stream)
    found = refusal(stream.getvalue())
    assert found.code == "unsupported_syntax" and "MPEG2" in found.detail["syntax"]


def test_deflated_files_are_inflated_up_to_a_limit(tmp_path: Path) -> None:
    dataset = pydicom.dcmread(io.BytesIO(make(tmp_path, np.zeros((1000, 1000), np.uint8) + 3)))
    dataset.file_meta.TransferSyntaxUID = uid.DeflatedExplicitVRLittleEndian
    stream = io.BytesIO()
    dataset.save_as(stream)
    data = stream.getvalue()
    assert len(data) < 10000 and (only(data).stored == 3).all()
    assert refusal(data, replace(SETTINGS, max_pixels=100_000)).code == "too_large"
    assert refusal(data[:-200]).code in ("truncated", "corrupt")


@pytest.mark.parametrize("syntax", [uid.JPEGLossless, uid.JPEGLosslessSV1])
def test_lossless_jpeg_is_exact(tmp_path: Path, syntax: uid.UID) -> None:
    import imagecodecs

    pixels = gradient(dtype="uint16") >> 4
    frame = bytes(imagecodecs.ljpeg_encode(pixels, bitspersample=12))
    dataset = pydicom.dcmread(io.BytesIO(make(tmp_path, pixels, DicomHeader(bits_stored=12))))
    dataset.PixelData = encapsulate([frame])
    dataset["PixelData"].is_undefined_length = True
    dataset.file_meta.TransferSyntaxUID = syntax
    stream = io.BytesIO()
    dataset.save_as(stream)
    assert (only(stream.getvalue()).stored[:, :, 0] == pixels).all()


@pytest.mark.needs_shared
def test_nine_encodings_give_the_same_pixels(shared_data: Path) -> None:
    files = sorted((shared_data / "dicom" / "qa-ts").rglob("*.dcm"))
    frames = [only(path.read_bytes()) for path in files]
    assert len(files) == 9
    assert len({frame.facts.sop for frame in frames}) > 1
    facts = [frame.facts.model_copy(update={"sop": ""}) for frame in frames]
    assert all((frame.stored == frames[0].stored).all() for frame in frames) and facts == [facts[0]] * 9


@pytest.mark.needs_shared
def test_bit_depth_set_agrees(shared_data: Path) -> None:
    for path in sorted((shared_data / "dicom" / "qa-12bit").rglob("*.dcm")):
        frame = only(path.read_bytes())
        expected = pydicom.dcmread(path).pixel_array.astype(np.float64)
        assert frame.stored.dtype == np.uint16 and np.isfinite(modality_values(frame)).all()
        assert frame.stored.shape[:2] == expected.shape


@pytest.mark.needs_shared
def test_values_equal_pydicom_over_a_whole_volume(shared_data: Path) -> None:
    for path in sorted((shared_data / "dicom" / "mr-structural").glob("*.dcm"))[::80]:
        frame = only(path.read_bytes())
        dataset = pydicom.dcmread(path)
        expected = pydicom.pixels.processing.apply_rescale(dataset.pixel_array, dataset)
        if "PixelPaddingValue" not in dataset:
            assert modality_values(frame) == pytest.approx(expected)
