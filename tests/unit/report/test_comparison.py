"""One file that says what changed between two tables."""

import base64
import hashlib
import re

import numpy as np
import pyarrow as pa
import pytest

from holter.profile import Profile
from holter.report import comparison_page
from holter.workspace import compare

HOSTILE = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def page():
    before = pa.table({"x": [float(n) for n in range(500)], "c": ["a", "b"] * 250, HOSTILE: [1.0] * 500})
    after = pa.table({"x": [n + 300.0 for n in range(500)], "c": ["b", "b"] * 250, HOSTILE: [1.0] * 500})
    return comparison_page(compare(before, after))


def test_it_says_the_sentence_and_ranks_the_columns(page):
    assert "What changed" in page
    assert page.index("<td>c</td>") > 0
    assert page.index("<td>x</td>") < page.rindex("&lt;script&gt;")
    assert "500 rows" in page


def test_it_draws_the_columns(page):
    assert page.count('<div class="wide"><svg') == 3


def test_it_stands_alone_and_its_policy_allows_its_own_style(page):
    assert "<script" not in page
    assert "http://" not in page.replace("http://www.w3.org/2000/svg", "")
    assert "https://" not in page
    sheet = re.search(r"<style>(.*?)</style>", page, re.DOTALL)[1]
    digest = base64.b64encode(hashlib.sha256(sheet.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in page.replace("&#39;", "'")


def test_a_summary_says_what_it_leaves_open():
    rng = np.random.default_rng(1)
    sides = [Profile.of(pa.table({"x": rng.normal(size=9000), "v": rng.normal(size=(9000, 2)).tolist()})) for _ in "ab"]
    page = comparison_page(compare(*sides))
    assert "± is what the summaries leave open" in page
    assert re.search(r'<td class="n keep" data-label="Jensen-Shannon">\d\.\d+ ± \d\.\d+</td>', page)
    assert "<h2>v (norm)</h2>" in page
    exact = comparison_page(compare(*(pa.table({"x": [1.0, 2.0] * 50}) for _ in "ab")))
    assert "±" not in exact


def test_all_distances_are_in_the_page(page):
    for name in ("PSI", "Hellinger", "total variation", "L-infinity", "Kolmogorov-Smirnov", "energy", "Cramér"):
        assert name in page


def test_equal_tables_are_good():
    table = pa.table({"x": [float(n) for n in range(500)]})
    assert 'class="panel verdict good"' in comparison_page(compare(table, table))


def test_empty_tables_make_a_page():
    empty = pa.table({"x": pa.array([], pa.float64())})
    assert "What changed" in comparison_page(compare(empty, empty))
