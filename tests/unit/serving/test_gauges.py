"""How the workers are, written down for others."""

from holter.serving.gauges import Gauge, gauge_file, gauge_of, read, write, written


def test_what_is_written_is_read_and_what_cannot_be_read_is_nothing(tmp_path, desk):
    (tmp_path / "run").mkdir(exist_ok=True)
    assert read(tmp_path) == []
    pool = desk.serve()
    assert desk.ask().status == 200
    desk.until(lambda: pool.score.answered == 1 and pool.memory > 10_000_000)
    gauge = gauge_of(pool)
    assert gauge == Gauge("api", 3, "champion", 1, 1, 0, 1, 0, 0, pool.memory, pool.busy_us, 0)
    assert 0 < gauge.busy_us < 60_000_000
    assert written(tmp_path) == 0
    write(tmp_path, [gauge])
    assert written(tmp_path) > 0
    assert read(tmp_path) == [gauge]
    gauge_file(tmp_path).write_text("[{")
    assert read(tmp_path) == []
