"""What decoder, ledger and catalogue say of an image has one definition."""

from __future__ import annotations

from sslstudio.catalogue.rows import ImageDetail
from sslstudio.domain.facts import ImageFacts, MeasuredFacts
from sslstudio.domain.items import Item
from sslstudio.domain.ledger import FoundImage
from sslstudio.importers.decoding import FACTS, FrameFacts


def test_a_fact_is_defined_once() -> None:
    shared = set(ImageFacts.model_fields)
    for kind in (FrameFacts, FoundImage, ImageDetail):
        assert issubclass(kind, ImageFacts) and not shared & set(kind.__annotations__)
    measured = set(MeasuredFacts.model_fields)
    assert measured <= set(FoundImage.model_fields) and measured | {"subject", "study", "series"} == set(FACTS)
    assert ImageDetail.model_fields["modality"].is_required() == Item.model_fields["modality"].is_required()
