"""The result for a study as a DICOM structured report, TID 1500 (PS3.16), for the archive that the images come from.

Unverified, incomplete and preliminary: a person has to look at it before it counts for anything.
"""

from __future__ import annotations

from typing import Any

import highdicom
from highdicom import sr
from highdicom.sr import CodedConcept
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes
from pydicom.uid import generate_uid

from sslstudio.exporters.case_result import LONG_NOTICE, NOTICE, PRODUCT, VERSION, CaseResult
from sslstudio.exporters.dicom_origin import Origin, Reference

SCHEME = "99SSLSTUDIO"
SERIES_NUMBER = 9901
CALLED = "CALLED"
ABSTAINS = "ABSTAINS"
UNLIKE = "UNLIKE"
USE = "USE"
_ONE = CodedConcept("1", "UCUM", "no units")
_PROCEDURE = CodedConcept("363679005", "SCT", "Imaging procedure")
_YES, _NO = CodedConcept("373066001", "SCT", "Yes"), CodedConcept("373067005", "SCT", "No")
_RESEARCH = CodedConcept("RESEARCH", SCHEME, NOTICE)


def make(result: CaseResult, origin: Origin) -> Dataset:
    """A Comprehensive SR with one group of measurements: a probability (unit 1) for each class, and as evaluations the
    most probable class, whether the model abstains, whether images are unlike its own, and what it may be used for.

    Raises whatever highdicom raises for images that break the rules.
    """
    model = result.model
    report = sr.MeasurementReport(
        observation_context=sr.ObservationContext(observer_device_context=_device(model.digest)),
        procedure_reported=_PROCEDURE,
        imaging_measurements=[_group(result, origin)],
        title=codes.DCM.ImagingMeasurementReport,
    )
    document = sr.ComprehensiveSR(
        evidence=origin.evidence(),
        content=report[0],
        series_instance_uid=origin.uid(model.digest, "report series"),
        series_number=SERIES_NUMBER,
        sop_instance_uid=origin.uid(model.digest, f"report {list(result.probabilities)}"),
        instance_number=1,
        manufacturer=PRODUCT,
        is_complete=False,
        is_final=False,
        is_verified=False,
        series_description=NOTICE,
        manufacturer_model_name=long_string(result.model_name),
        software_versions=VERSION,
        contributing_equipment=[equipment(result)],
    )
    document.CodingSchemeIdentificationSequence = [_scheme()]
    origin.fill_in(document)
    return document


def equipment(result: CaseResult) -> highdicom.ContributingEquipment:
    """The program as what made the object."""
    return highdicom.ContributingEquipment(
        manufacturer=PRODUCT,
        purpose_of_reference=CodedConcept("109102", "DCM", "Processing Equipment"),
        manufacturer_model_name=long_string(result.model_name),
        software_versions=VERSION,
        contribution_description=LONG_NOTICE,
    )


def long_string(text: str) -> str:
    """Text as the value of LO: at most 64 letters, no backslash."""
    plain = " ".join(text.replace("\\", "/").split())
    return plain if len(plain) <= 64 else plain[:61] + "..."


def _device(digest: str) -> sr.ObserverContext:
    return sr.ObserverContext(
        observer_type=codes.DCM.Device,
        observer_identifying_attributes=sr.DeviceObserverIdentifyingAttributes(
            uid=generate_uid(entropy_srcs=[PRODUCT, digest]),
            name=PRODUCT,
            manufacturer_name=PRODUCT,
            model_name=VERSION,
        ),
    )


def _group(result: CaseResult, origin: Origin) -> sr.MeasurementsAndQualitativeEvaluations:
    model = result.model
    label = model.digest[:8]
    shares: list[Any] = [
        sr.Measurement(
            name=CodedConcept(f"{label}-P{place}", SCHEME, long_string(f"Probability of {name}")),
            value=round(float(share), 6),
            unit=_ONE,
        )
        for place, (name, share) in enumerate(zip(model.classes, result.probabilities, strict=True))
    ]
    said = [
        (
            CALLED,
            "Most probable class",
            CodedConcept(f"{label}-{result.best}", SCHEME, long_string(model.classes[result.best])),
        ),
        (ABSTAINS, "Model abstains", _YES if result.abstain else _NO),
        (USE, "Intended use", _RESEARCH),
    ]
    if result.unlike is not None:
        said.insert(2, (UNLIKE, "Images unlike the training images", _YES if result.unlike else _NO))
    return sr.MeasurementsAndQualitativeEvaluations(
        tracking_identifier=sr.TrackingIdentifier(
            uid=origin.uid(model.digest, "tracking"), identifier=f"{PRODUCT}, whole study"
        ),
        algorithm_id=sr.AlgorithmIdentification(
            name=result.model_name,
            version=label,
            parameters=[
                f"package SHA-256 {model.digest}",
                f"pooled by {result.pooled_by} over {result.images} images",
                f"abstained for {result.abstained} images",
                f"abstains: {result.why}",
                f"software {PRODUCT} {VERSION}",
            ],
        ),
        measurements=shares,
        qualitative_evaluations=[
            sr.QualitativeEvaluation(CodedConcept(code, SCHEME, meaning), value) for code, meaning, value in said
        ],
        source_images=[_source(one) for one in origin.images],
    )


def _source(image: Reference) -> sr.SourceImageForMeasurementGroup:
    return sr.SourceImageForMeasurementGroup(image.sop_class, image.sop, list(image.frames) or None)


def _scheme() -> Dataset:
    known = Dataset()
    known.CodingSchemeDesignator = SCHEME
    known.CodingSchemeName = "Classes of SSL Studio's packages; a code begins with the package's digest"
    known.CodingSchemeResponsibleOrganization = PRODUCT
    return known
