"""One look, light and dark."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import vl_convert

from holter.charts import NARROW, THEME, WIDE, performance, recoloured
from holter.charts.theme import framed, time_axis


def luminance(text):
    def linear(part):
        share = int(part, 16) / 255
        return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4

    red, green, blue = (linear(text[place : place + 2]) for place in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(a, b):
    """WCAG 2.2, 1.4.3."""
    bright, dim = sorted((luminance(a), luminance(b)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


def test_each_colour_has_one_purpose():
    lights = [token.light for token in THEME.values()]
    assert len(set(lights)) == len(lights)


@pytest.mark.parametrize("name", ["ink", "muted", "realised", "estimated", "alarm", "baseline"])
def test_text_and_lines_can_be_read_on_both_grounds(name):
    token, panel = THEME[name], THEME["panel"]
    assert contrast(token.light, panel.light) >= 4.5
    assert contrast(token.dark, panel.dark) >= 4.5


def test_heat_moves_away_from_the_ground_in_steps_that_read_in_grey():
    heat = [THEME[f"heat{shade}"] for shade in range(5)]
    light, dark = [luminance(token.light) for token in heat], [luminance(token.dark) for token in heat]
    assert light == sorted(light, reverse=True)
    assert dark == sorted(dark)


def test_dark_has_no_light_colour_left():
    spec = performance({})
    assert recoloured(spec)["background"] == THEME["panel"].dark
    assert THEME["ink"].light not in str(recoloured(spec))


@pytest.mark.parametrize("width", [WIDE, NARROW])
@pytest.mark.parametrize("hours", [1 / 3, 5, 23, 48, 96, 9 * 24, 40 * 24, 150 * 24, 400 * 24, 1500 * 24, 30_000 * 24])
def test_no_two_marks_of_a_time_axis_read_the_same(hours, width):
    start = datetime(2026, 11, 1, tzinfo=UTC)
    y = {"field": "v", "type": "quantitative", "axis": None}
    encoding = {"x": time_axis(start, start + timedelta(hours=hours), width), "y": y}
    data = {"values": [{"t": start.isoformat(), "v": 1}]}
    drawn = vl_convert.vegalite_to_svg(framed({"mark": "point", "data": data, "encoding": encoding}, "", "", width))
    labels = [text for text in re.findall(r"<text[^>]*>([^<]+)</text>", drawn) if "UTC" not in text]
    assert len(labels) == len(set(labels)) >= 2
