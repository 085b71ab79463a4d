"""Columns of means."""

import numpy as np
import pytest

from holter.types import SCORE, ContrastKey, Contrasts, Family

A, B = (ContrastKey(Family.NUMERIC, name, "location") for name in "ab")


def of(keys, n=4.0):
    size = len(keys)
    return Contrasts(keys, np.full(size, n), np.arange(size) + 1.0, np.ones(size), np.zeros(size))


def test_a_key_comes_back_and_names_its_signal():
    keys = [A, ContrastKey(Family.NUMERIC, SCORE, "scale"), ContrastKey(Family.CATEGORICAL, "c", "missing", share=True)]
    keys += [ContrastKey(Family.LABEL, None, "loss"), ContrastKey(Family.METRIC, None, "custom.cost")]
    assert [ContrastKey.of(key.to_list()) for key in keys] == keys
    signals = ["data_drift", "prediction_drift", "data_quality", "performance", "custom"]
    assert [key.signal for key in keys] == signals
    assert A.group != B.group


def test_total_of_nothing_and_of_parts_with_other_keys():
    assert len(Contrasts.total([])) == 0
    found = Contrasts.total([of((A,)), of((B, A))])
    assert found.keys == (A, B)
    assert found.n.tolist() == [8, 4]
    assert found.mean.tolist() == [1.5, 1.0]


def test_a_key_cannot_stand_in_two_parts():
    with pytest.raises(ValueError, match="two parts"):
        Contrasts.joined([of((A,)), of((A,))])
    assert Contrasts.joined([]).keys == ()


def test_choosing_and_ordering():
    found = of((A, B))
    assert found.only(lambda key: key == B).mean.tolist() == [2.0]
    assert found.over((B, A)).mean.tolist() == [2.0, 1.0]
    assert found.over(found.keys) is found
    assert found.of_segment("s").keys[0].segment == "s"


@pytest.mark.parametrize("contrasts", [of((A, B)), Contrasts.empty()])
def test_bytes_and_dicts_bring_everything_back(contrasts):
    for back in (Contrasts.from_bytes(contrasts.to_bytes()), Contrasts.from_dict(contrasts.to_dict())):
        assert back.to_dict() == contrasts.to_dict()
