"""Coverage-guided fuzzing of ``Profile.from_bytes``: whatever the bytes, a profile or one of our errors.

The tests change bytes at random; this looks for bytes that reach new code.

``python bench/fuzz_profiles.py --seconds 60``
"""

import argparse
import struct
import subprocess
import sys
import tempfile
import zlib
from pathlib import Path

ATHERIS = Path(__file__).parent.parent / ".bench" / "atheris"
"""Installed beside the environment and not into it: it is needed here only."""


def whole() -> bytes:
    """Return a stored profile of every kind of column."""
    import pyarrow as pa

    from holter.profile import Profile

    rows = 50
    columns = {
        "float": pa.array([n / 7 for n in range(rows)]),
        "when": pa.array(range(rows), pa.timestamp("us", "UTC")),
        "text": pa.array([f"c{n % 7}" for n in range(rows)]),
        "id": pa.array([f"an identifier that nobody shares {n}" for n in range(rows)]),
        "vector": pa.array([[float(n), 1.0] for n in range(rows)], pa.list_(pa.float32(), 2)),
        "null": pa.nulls(rows),
    }
    return Profile.of(pa.table(columns), joint=True, sample=5, k=16).to_bytes()


def fuzz(corpus: str, seconds: int) -> None:
    """Feed bodies with a right head and checksum, which no fuzzer guesses, until the time is over or one breaks it."""
    sys.path.insert(0, str(ATHERIS))
    import atheris

    with atheris.instrument_imports(include=["holter"]):
        from holter.errors import DamagedProfile, NewerFormat
        from holter.profile import Profile
        from holter.profile.format import FORMAT, MAGIC

    def once(body: bytes) -> None:
        head = struct.pack("<4sHI", MAGIC, FORMAT, zlib.crc32(body))
        try:
            Profile.from_bytes(head + body).to_bytes()
        except (DamagedProfile, NewerFormat):
            return

    # memory is bounded, so that a length which promises terabytes is found too
    atheris.Setup([sys.argv[0], f"-max_total_time={seconds}", "-rss_limit_mb=2048", "-max_len=65536", corpus], once)
    atheris.Fuzz()


def main() -> None:
    """Install the fuzzer where it is missing, then run it in a process of its own, which it ends as it likes."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seconds", type=int, default=60)
    options.add_argument("--corpus", help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if chosen.corpus:
        fuzz(chosen.corpus, chosen.seconds)
        return
    if not ATHERIS.exists():
        uv = Path(sys.executable).parent / "uv"
        subprocess.run([uv, "pip", "install", "--quiet", "--target", ATHERIS, "atheris"], check=True)
    with tempfile.TemporaryDirectory() as corpus:
        (Path(corpus) / "whole").write_bytes(whole()[struct.calcsize("<4sHI") :])
        arguments = ["--corpus", corpus, "--seconds", str(chosen.seconds)]
        sys.exit(subprocess.run([sys.executable, __file__, *arguments], check=False).returncode)


if __name__ == "__main__":
    main()
