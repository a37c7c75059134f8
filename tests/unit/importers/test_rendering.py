"""Windows by own arithmetic for every kind of rule, the presets as they ship, and suggestions from headers."""

from __future__ import annotations

import pytest

from sslstudio.domain.rendering import Channel, Rendering, WindowRule
from sslstudio.errors import SSLStudioError
from sslstudio.importers import rendering as renderings
from sslstudio.importers.rendering import Grey, Group, grey_of, look_of, original_window, preset, suggest, windows_of

CT = Grey("CT", "HU", 1.0, -1024.0, 864.0, 1263.0, 30.0, 2100.0, 0.0, 3000.0, False)
CR = Grey("CR", "", 1.0, 0.0, 500.0, 3500.0, 120.0, 3900.0, 0.0, 4095.0, False)
MR = Grey("MR", "", 1.0, 0.0, 5.0, 50.0, 10.0, 900.0, 0.0, 1400.0, False)
PET = Grey("PT", "", 0.5, -100.0, None, None, 210.0, 1800.0, 200.0, 2500.0, False)
PNG = Grey("", "", 1.0, 0.0, 0.0, 255.0, 0.0, 255.0, 0.0, 255.0, True)


@pytest.mark.parametrize(
    ("name", "grey", "expected"),
    [
        ("auto", CT, [(864, 1263)]),
        ("auto", CT._replace(file_low=None, file_high=None), [(30, 2100)]),
        ("auto", CT._replace(file_low=4000.0, file_high=5000.0), [(30, 2100)]),  # it would show nothing
        ("ct_lung", CT, [(-600 - 750 + 1024, -600 + 750 + 1024)]),
        ("ct_soft", CT, [(40 - 200 + 1024, 40 + 200 + 1024)]),
        ("ct", CT, [(864, 1264)]),
        ("ct_bone", CT, [(400 - 900 + 1024, 400 + 900 + 1024)]),
        ("ct_brain", CT, [(1024, 1104)]),
        ("ct_stroke", CT, [(1024 + 12, 1024 + 52)]),
        ("ct_subdural", CT, [(1024 - 20, 1024 + 180)]),
        ("ct_lung_soft_bone", CT, [(-326, 1174), (864, 1264), (524, 2324)]),
        ("ct_brain_subdural_bone", CT, [(1024, 1104), (1004, 1204), (524, 2324)]),
        ("ct_lung", CT._replace(slope=2.0), [(-163, 587)]),
        ("ct_lung", CT._replace(slope=-1.0, intercept=3071.0), [(2921, 4421)]),  # a CT stored as MONOCHROME1
        ("ct_lung", CT._replace(unit=""), [(864, 1263)]),  # not in HU: as the file says
        ("ct_brain", CT._replace(least=0.0, greatest=20.0), [(1024, 1104)]),  # air alone stays black
        ("ct_lung_soft_bone", CR, [(500, 3500)] * 3),
        ("ct_lung_soft_bone", MR, [(10, 900)] * 3),
        ("ct_lung_soft_bone", PNG, [(0, 255)] * 3),
        ("mr", MR, [(10, 900)]),
        ("mr", MR._replace(auto_low=7.0, auto_high=7.0), [(0, 1400)]),
        ("mr", MR._replace(auto_low=7.0, auto_high=7.0, least=7.0, greatest=7.0), [(7, 8)]),
        ("xray", CR, [(500, 3500)]),
        ("xray", CR._replace(file_low=None, file_high=None), [(120, 3900)]),
        ("mammography", CR._replace(modality="MG"), [(500, 3500)]),
        ("pet", PET, [(200, 1800)]),
        ("ultrasound", CR._replace(modality="US", file_low=None, file_high=None), [(0, 4095)]),
        ("plain", CR, [(0, 4095)]),
        ("plain", PNG, [(0, 255)]),
    ],
)
def test_windows(name: str, grey: Grey, expected: list[tuple[float, float]]) -> None:
    assert windows_of(preset(name), grey) == tuple(expected)


def test_every_preset_is_whole_and_has_words() -> None:
    for name, entry in renderings.presets().items():
        assert entry.rendering.preset == name and entry.title and entry.about.endswith(".")
        for grey in (CT, CR, MR, PET, PNG):
            windows = windows_of(entry.rendering, grey)
            assert len(windows) == len(entry.rendering.channels) and all(high > low for low, high in windows)
            assert all(renderings.in_words(entry.rendering, grey.modality, grey.unit))
    assert renderings.names()[-1] == "ct"
    with pytest.raises(SSLStudioError, match="no preset called lungs"):
        preset("lungs")


def test_what_older_versions_did_not_keep_is_the_window_they_used() -> None:
    class Old:
        modality, unit, slope, intercept, low, high = "CT", "", 1.0, -1024.0, 864.0, 1264.0
        file_low = file_high = auto_low = auto_high = least = greatest = None
        finished = False

    assert original_window(grey_of(Old)) == (864, 1264) == windows_of(preset("plain"), grey_of(Old))[0]


def test_a_look_is_known_by_its_rules_alone() -> None:
    lung = preset("ct_lung")
    assert look_of(lung) == look_of(lung.model_copy(update={"title": "Other", "preset": "own"}))
    assert len({look_of(entry.rendering) for entry in renderings.presets().values()}) >= 12


def test_editing_a_window_keeps_the_other_rules() -> None:
    edited = preset("ct_lung_soft_bone").with_windows(((-500, 1400), (40, 400), (400, 1800)))
    assert (edited.preset, edited.title.endswith("(edited)")) == ("own", True)
    assert windows_of(edited, CT) == ((-500 - 700 + 1024, -500 + 700 + 1024), (864, 1264), (524, 2324))
    assert windows_of(edited, CR) == ((500, 3500),) * 3
    same = preset("ct_lung").with_windows(((-600, 1500),))
    assert same == preset("ct_lung")
    fixed = preset("auto").with_windows(((40, 80),))
    assert windows_of(fixed, CT) == ((1024, 1104),) and windows_of(fixed, CR) == ((500, 3500),)


def test_suggestion_for_chest_ct_says_why_and_what_happens_to_the_rest() -> None:
    found = suggest(
        [
            Group("CT", "CHEST", "HU", 1, 400),
            Group("CT", "THORAX", "HU", 1, 12),
            Group("CR", "CHEST", "", 1, 17),
            Group("XC", "", "", 3, 1),
        ]
    )
    assert found is not None and found.preset == "ct_lung_soft_bone"
    assert found.reason == "412 of 430 images are CT of the chest in HU: lung + soft tissue + bone."
    assert found.others == (
        "17 are X-ray (CR): the window of each file.",
        "1 is photographs in colour: colour stays as it is.",
    )
    assert len(found.rendering.channels) == 3


@pytest.mark.parametrize(
    ("group", "expected"),
    [
        (Group("CT", "HEAD", "HU", 1, 3), "ct_brain_subdural_bone"),
        (Group("CT", "LSPINE", "HU", 1, 3), "ct_bone"),
        (Group("CT", "ABDOMEN", "HU", 1, 3), "ct_soft"),
        (Group("CT", "", "HU", 1, 3), "ct_soft"),
        (Group("CT", "CHEST", "", 1, 3), "auto"),
        (Group("MR", "BRAIN", "", 1, 3), "mr"),
        (Group("DX", "CHEST", "", 1, 3), "xray"),
        (Group("MG", "BREAST", "", 1, 3), "mammography"),
        (Group("PT", "", "", 1, 3), "pet"),
        (Group("US", "", "", 3, 3), "ultrasound"),
        (Group("SM", "", "", 3, 3), "histology"),
        (Group("OP", "EYE", "", 3, 3), "fundus"),
        (Group("", "", "", 3, 3), "natural"),
        (Group("", "", "", 1, 3), "auto"),
    ],
)
def test_suggestions(group: Group, expected: str) -> None:
    found = suggest([group])
    assert found is not None and found.preset == expected and found.reason.startswith("All 3 images are ")


def test_no_images_no_suggestion() -> None:
    assert suggest([]) is None


def test_a_rendering_must_make_sense() -> None:
    every = WindowRule(file_window=True)
    for make, words in (
        (lambda: WindowRule(centre=40.0), "needs a centre and a width"),
        (lambda: WindowRule(centre=40.0, width=0.0), "above 0"),
        (lambda: WindowRule(lower=2.0), "0 or 0.5 percentile"),
        (lambda: Channel(rules=(WindowRule(modalities=("CT",)),)), "must be for every image"),
        (lambda: Rendering(preset="own", title="x", channels=(Channel(rules=(every,)),) * 2), "one channel or three"),
    ):
        with pytest.raises(ValueError, match=words):
            make()
