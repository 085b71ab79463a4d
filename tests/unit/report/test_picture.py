"""SVG and PNG of a specification."""

import re
from xml.etree import ElementTree as ET

import pytest

from holter.charts import NARROW, THEME, WIDE, drift_heatmap, performance, ranked, traffic
from holter.report import png, svg
from holter.types import Measurement, Span, Traffic
from watched_workspace import DAY, HOSTILE, START, drift
from watched_workspace import performance as auc

SERIES = [auc(day) for day in range(20)]
SPEC = performance({"realised": SERIES, "estimated": SERIES}, 0.65, title=f"AUC {HOSTILE}")


def test_it_is_well_formed_and_has_a_name_and_words():
    tree = ET.fromstring(svg(SPEC))
    assert tree.get("role") == "img"
    name, words = tree[0], tree[1]
    assert (name.tag.rpartition("}")[2], words.tag.rpartition("}")[2]) == ("title", "desc")
    assert name.text == f"AUC {HOSTILE}"
    assert tree.get("aria-labelledby") == f"{name.get('id')} {words.get('id')}"


def test_names_from_data_are_never_markup():
    hostile = [drift(day, HOSTILE) for day in range(3)]
    requests = traffic([(START, Traffic(3))], title=HOSTILE)
    for spec in (SPEC, drift_heatmap(hostile), ranked(hostile[:1], title=HOSTILE), requests):
        assert "<script" not in svg(spec)
        ET.fromstring(svg(spec))


def test_every_colour_is_a_variable_with_its_light_value_to_fall_back_on():
    drawn = svg(SPEC)
    assert not re.search(r'="#[0-9a-f]{6}"', drawn)
    assert f"var(--holter-realised, {THEME['realised'].light})" in drawn
    assert f"var(--holter-realised, {THEME['realised'].dark})" in svg(SPEC, dark=True)


def test_no_inline_style_is_left_for_the_policy_to_refuse():
    assert " style=" not in svg(SPEC)


def test_two_pictures_on_a_page_share_no_id():
    other = performance({"realised": SERIES}, 0.6, title="other")
    first, second = (set(re.findall(r' id="([^"]+)"', svg(spec))) for spec in (SPEC, other))
    assert first
    assert not first & second


def test_every_clip_that_is_used_is_defined():
    drawn = svg(SPEC)
    used = set(re.findall(r'clip-path="url\(#([^)]+)\)"', drawn))
    assert used
    assert used <= set(re.findall(r' id="([^"]+)"', drawn))


def test_the_same_picture_is_the_same_text():
    from holter.report import picture

    first = svg(SPEC)
    picture._svg.cache_clear()
    assert svg(SPEC) == first


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_it_is_as_wide_as_was_asked(width):
    box = ET.fromstring(svg(performance({"realised": SERIES}, width=width))).get("viewBox")
    assert abs(float(box.split()[2]) - width) <= 12


def test_an_empty_picture_can_be_drawn():
    assert "nothing measured yet" in svg(performance({}))
    assert png(performance({})).startswith(b"\x89PNG")


def test_png_is_an_image_and_dark_is_another_one():
    light, dark = png(SPEC), png(SPEC, dark=True)
    assert light.startswith(b"\x89PNG\r\n\x1a\n")
    assert light != dark


def test_a_hundred_restless_features_stay_small():
    values = [
        Measurement("data_drift", "psi", v, 9, feature=f"f{n}", window=Span(START + d * DAY, START + (d + 1) * DAY))
        for n in range(100)
        for d, v in enumerate([0.01, 0.3, 0.12] * 30)
    ]
    assert len(svg(drift_heatmap(values))) < 80_000


def test_labels_keep_their_digits():
    spec = {"mark": "text", "data": {"values": [{"t": "2.23607"}]}, "encoding": {"text": {"field": "t"}}}
    assert ">2.23607<" in svg(spec)
