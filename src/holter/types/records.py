"""The columns a record has beside its features.

They begin with an underscore so that a user's ``score`` or ``version`` feature keeps its own name. A feature that
takes one of these exact names is refused at registration.
"""

from typing import Final

REQUEST_ID: Final = "_request_id"
"""String; with :data:`ROW` the identity of a record."""
ROW: Final = "_row"
"""int32; position of the row inside its request, from 0."""
EVENT_TIME: Final = "_event_time"
"""timestamp[us, UTC]; when the thing scored happened (the arrival, unless the request says otherwise)."""
EVENT_DAY: Final = "_event_day"
"""String ``YYYY-MM-DD`` of the event time in UTC; the partition column."""
RECEIVED_AT: Final = "_received_at"
"""timestamp[us, UTC]; when the request arrived."""
VERSION: Final = "_version"
"""int32; the model version that answered."""
ROLE: Final = "_role"
"""String; ``champion``, ``canary`` or ``shadow``."""
STATUS: Final = "_status"
"""int32; the HTTP status of the reply."""
LATENCY: Final = "_latency_us"
"""int64; microseconds from request to reply."""
DIGEST: Final = "_digest"
"""String; digest of the request body. Same id and digest: a retry. Same id, other digest: two records, both kept."""
PREDICTION: Final = "_prediction"
"""float64 (binary: 0 or 1, regression) or string (multiclass); null where the reply could not be read."""
SCORE: Final = "_score"
"""float64; probability of the positive class, null where there is none."""
SCORES: Final = "_scores"
"""Struct or map of class to probability, of a model of several classes; null where there is none."""
LOWER: Final = "_lower"
"""float64; lower end of the interval that a regression model gave with its prediction."""
UPPER: Final = "_upper"
"""float64; the upper end."""
QUERY: Final = "_query"
"""What a row was ranked for (a search, a customer): rows of one value are one ranking."""
RAW: Final = "_raw"
"""Binary; the request body, only where it could not be parsed into features."""
LABEL: Final = "_label"
"""Ground truth, typed like :data:`PREDICTION`; null until it is known."""
LABELLED_AT: Final = "_labelled_at"
"""timestamp[us, UTC]; when the label arrived. The newest wins."""

OPTIONAL: Final = (SCORES, LOWER, UPPER, QUERY)
"""Columns that only some models have something for; a table of records has them from the first row on that does."""

RESERVED: Final = frozenset(
    {
        REQUEST_ID,
        ROW,
        EVENT_TIME,
        EVENT_DAY,
        RECEIVED_AT,
        VERSION,
        ROLE,
        STATUS,
        LATENCY,
        DIGEST,
        PREDICTION,
        SCORE,
        SCORES,
        LOWER,
        UPPER,
        QUERY,
        RAW,
        LABEL,
        LABELLED_AT,
    }
)
"""All of the above: names that no feature may take."""
