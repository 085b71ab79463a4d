"""One file that says what is in a table."""

import numpy as np
import pyarrow as pa
import pytest

from holter.profile import Profile
from holter.report import profile_page
from holter.report.profile import PICTURES

HOSTILE = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def page():
    rng = np.random.default_rng(1)
    table = pa.table(
        {
            "x": rng.normal(size=500),
            "c": [HOSTILE, "b"] * 250,
            HOSTILE: [1.0] * 500,
            "v": rng.normal(size=(500, 3)).tolist(),
            "words": [f"{n} " + "word " * 30 for n in range(500)],
            "nothing": pa.nulls(500),
        }
    )
    return profile_page(Profile.of(table), "january")


def test_it_lists_every_column_and_draws_those_with_a_shape(page):
    assert "<h1>What is in january</h1>" in page
    assert "500 rows, 6 columns." in page
    assert page.count('<div class="wide"><svg') == 4
    assert "<h2>v (norm)</h2>" in page
    assert "Ticks" not in page
    assert "<td>words</td>" in page


def test_it_stands_alone_and_escapes_names(page):
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "https://" not in page
    assert "style-src 'sha256-" in page.replace("&#39;", "'")


def test_an_empty_table_makes_a_page():
    assert "0 rows, 1 column." in profile_page(Profile.of(pa.table({"x": pa.array([], pa.float64())})), "empty")


def test_a_wide_table_draws_its_first_columns():
    page = profile_page(Profile.of(pa.table({f"x{n:02}": [1.0, 2.0] for n in range(PICTURES + 1)})), "wide")
    assert page.count('<div class="wide"><svg') == PICTURES
    assert f"<td>x{PICTURES}</td>" in page
