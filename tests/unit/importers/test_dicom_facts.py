"""What is learned of a DICOM header: words from fixed lists, numbers, pseudonyms; never free text, never a date."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydicom.dataset import Dataset

from sslstudio.importers import dicom, dicom_facts
from sslstudio.importers.decoding import DecodeSettings, FrameFacts
from sslstudio.importers.dicom_writer import DicomHeader, write_image
from tests.fakes.image_files import gradient

SETTINGS = DecodeSettings(key="5a" * 32)
KEY = bytes.fromhex(SETTINGS.key)


def facts_of(tmp_path: Path, settings: DecodeSettings = SETTINGS, **changes: Any) -> FrameFacts:
    header = replace(DicomHeader(modality="CT", slope=1, intercept=-1024), **changes)
    data = write_image(tmp_path / "i.dcm", gradient(dtype="uint16") >> 4, header).read_bytes()
    return next(iter(dicom.decode(data, settings))).facts


def header(**values: Any) -> Dataset:
    dataset = Dataset()
    for keyword, value in values.items():
        setattr(dataset, keyword, value)
    return dataset


def test_days_tell_intervals_and_no_dates(tmp_path: Path) -> None:
    first, later = (facts_of(tmp_path, date=date).day for date in ("20200228", "20200301"))
    assert first is not None and later is not None and later - first == 2
    other = facts_of(tmp_path, replace(SETTINGS, key="5b" * 32), date="20200228").day
    assert other != first
    for absent in ("", "20201340", "00000000", "nonsense", "18500101"):
        assert facts_of(tmp_path, extra=dict.fromkeys(dicom_facts._DATES[:2], absent), date=absent).day is None
    assert facts_of(tmp_path, extra={"StudyDate": "2020.02.28"}).day == first


def test_site_and_instance_are_pseudonyms(tmp_path: Path) -> None:
    one = facts_of(tmp_path, extra={"InstitutionName": "St. Canary Hospital"})
    two = facts_of(tmp_path, extra={"InstitutionName": "  ST. CANARY   Hospital "}, instance=2)
    assert one.site == two.site and len(one.site) == 16 and one.sop != two.sop and len(one.sop) == 16
    assert "anary" not in repr((one, two))
    assert facts_of(tmp_path).site == ""
    assert facts_of(tmp_path, series="2").source_series != one.source_series == two.source_series


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ({}, ""),
        ({"ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER"]}, "localiser"),
        ({"ImageType": ["ORIGINAL", "PRIMARY", "AXIAL"], "SeriesDescription": "3-Plane Loc"}, "localiser"),
        ({"SeriesDescription": "Topogramm 0.6"}, ""),
        ({"SeriesDescription": "AAHead_Scout"}, "localiser"),
        ({"SeriesDescription": "lateral location block"}, ""),
        ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.7"}, "secondary_capture"),
        ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.7.4"}, "secondary_capture"),
        ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.77.1.6"}, ""),
        ({"ConversionType": "WSD"}, "secondary_capture"),
        ({"ImageType": ["DERIVED", "SECONDARY", "SCREEN SAVE"]}, "secondary_capture"),
        ({"ImageType": ["DERIVED", "SECONDARY", "MPR"]}, "derived"),
        ({"ImageType": ["DERIVED", "PRIMARY", "DIS2D"], "Modality": "MR"}, ""),
        ({"ImageType": ["DERIVED", "PRIMARY", "PROJECTION IMAGE", "MIP"], "Modality": "MR"}, "derived"),
        ({"ImageType": ["DERIVED", "PRIMARY"], "Modality": "MG"}, ""),
        ({"ImageType": "garbage;"}, ""),
    ],
)  # fmt: skip
def test_kinds_of_images(values: dict[str, Any], kind: str) -> None:
    assert dicom_facts.image_kind(header(**values)) == kind


def test_only_really_rescaled_ct_has_hounsfield_units(tmp_path: Path) -> None:
    assert facts_of(tmp_path).unit == "HU"
    assert facts_of(tmp_path, slope=None, intercept=None).unit == ""
    assert facts_of(tmp_path, extra={"RescaleType": "US"}).unit == ""
    assert facts_of(tmp_path, modality="MR").unit == ""
    assert facts_of(tmp_path, extra={"ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER"]}).unit == ""


def test_spacing_is_in_millimetres_of_rows_then_columns() -> None:
    region = header(PhysicalUnitsXDirection=3, PhysicalUnitsYDirection=3, PhysicalDeltaX=-0.02, PhysicalDeltaY=0.03)
    cases: list[tuple[Dataset, Dataset | None, tuple[float | None, float | None]]] = [
        (header(PixelSpacing=[0.7, 0.5], ImagerPixelSpacing=[9, 9]), None, (0.7, 0.5)),
        (header(PixelSpacing=[0.7, 0.5]), header(PixelSpacing=[2, 1]), (2, 1)),
        (header(ImagerPixelSpacing=[0.14, 0.14]), None, (0.14, 0.14)),
        (header(SequenceOfUltrasoundRegions=[region]), None, (0.3, 0.2)),
        (header(SequenceOfUltrasoundRegions=[region, region]), None, (None, None)),
        (header(PixelSpacing=[0, 1]), None, (None, None)),
        (header(), None, (None, None)),
    ]
    for dataset, measures, expected in cases:
        assert dicom_facts.spacing(dataset, measures) == pytest.approx(expected)


def test_acquisition_says_words_of_fixed_lists_and_numbers() -> None:
    dataset = header(
        Modality="MR", SeriesDescription="AX T2 FLAIR Jane Canary", EchoTime="95.25", MagneticFieldStrength="1.5",
        ScanningSequence=["SE", "CANARY"], MRAcquisitionType="2D", ConvolutionKernel="Canary", PatientPosition="HFS",
        ContrastBolusAgent="Canary 10 ml",
    )  # fmt: skip
    assert dicom_facts.acquisition(dataset, ()) == {
        "echo time (ms)": "95.25", "field strength (T)": "1.5", "scanning sequence": "SE", "acquisition": "2D",
        "patient position": "HFS", "sequence": "FLAIR", "contrast": "yes",
    }  # fmt: skip
    assert dicom_facts.acquisition(header(Modality="CT", KVP="120", ConvolutionKernel="B30f"), ()) == {
        "tube voltage (kV)": "120", "kernel": "B30f",
    }  # fmt: skip
    group = header(MREchoSequence=[header(EffectiveEchoTime=12.0)])
    assert dicom_facts.acquisition(header(EchoTime=5), (None, group)) == {"echo time (ms)": "12"}


@pytest.mark.parametrize(
    ("description", "name"),
    [
        ("t1_mprage_sag", "T1"), ("Ax T2* GRE", "T2*"), ("ep2d_diff_ADC", "DWI"), ("dADC", ""), ("ADC (10^-6)", "ADC"),
        ("T2W_TSE", "T2"), ("PD FS sag", "PD"), ("STIR cor", "STIR"), ("PDonovan^Mary", ""), ("SWI_Images", "SWI"),
    ],
)  # fmt: skip
def test_sequence_words(description: str, name: str) -> None:
    assert dicom_facts.sequence_class(header(Modality="MR", SeriesDescription=description)) == name


def test_planes_and_phases() -> None:
    assert dicom_facts.plane([1, 0, 0, 0, 1, 0]) == "axial"
    assert dicom_facts.plane([0, 1, 0, 0, 0, -1]) == "sagittal"
    assert dicom_facts.plane([1, 0, 0, 0, 0.1, -0.995]) == "coronal"
    assert dicom_facts.plane([1, 0, 0, 0, 0.7, 0.7]) == "oblique"
    assert dicom_facts.plane([]) == ""
    assert dicom_facts.phase(header(AcquisitionNumber=3, EchoNumbers=2), None) == 3002
    assert dicom_facts.phase(header(AcquisitionNumber=3), header(TemporalPositionIndex=5)) == 5000
    assert dicom_facts.phase(header(), None) is None
