"""The entry script, as a user would write it: ``init()`` once per worker, ``run(data)`` for each request."""

import json
import os

import joblib
from encoding import encode


def init():
    """Load the model that Holter points to."""
    global model, rates, average
    model, rates, average = joblib.load(os.environ["HOLTER_MODEL_PATH"])


def run(data):
    """Answer ``{"data": [[carrier, origin, dest, distance, ...], ...]}`` with the chance of arriving late."""
    rows = json.loads(data)["data"]
    chance = model.predict_proba(encode(rows, rates, average))[:, 1]
    return {"prediction": (chance >= 0.5).astype(int).tolist(), "score": chance.tolist()}
