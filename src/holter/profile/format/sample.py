"""How sampled rows are stored: their hashes, and the rows as an Arrow IPC stream."""

import msgspec
import numpy as np
import pyarrow as pa

from holter.profile.sample import ALL, Sample


class StoredSample(msgspec.Struct, array_like=True):
    """The fields of a :class:`~holter.profile.Sample`."""

    size: int
    key: list[str]
    hashes: bytes
    counts: bytes
    rows: bytes
    limit: int

    @classmethod
    def of(cls, sample: Sample) -> "StoredSample":
        """Return what is stored of a sample."""
        sink = pa.BufferOutputStream()
        # not compressed: what is read then takes no more memory than what was stored
        with pa.ipc.new_stream(sink, sample.rows.schema) as writer:
            writer.write_table(sample.rows)
        hashes, counts = sample.hashes.astype("<u8").tobytes(), sample.counts.astype("<i8").tobytes()
        return cls(sample.size, list(sample.key), hashes, counts, sink.getvalue().to_pybytes(), sample.limit)

    def sample(self) -> Sample:
        """Return the sample that was stored.

        Raises
        ------
        ValueError
            If the parts do not make a sample.
        pyarrow.ArrowException
            If the rows are no Arrow stream.
        """
        hashes = np.frombuffer(self.hashes, "<u8").astype(np.uint64)
        counts = np.frombuffer(self.counts, "<i8").astype(np.int64)
        with pa.ipc.open_stream(pa.py_buffer(self.rows)) as reader:
            rows = reader.read_all()
        if not len(hashes) == len(counts) == rows.num_rows <= self.size or not 0 <= self.limit <= ALL:
            raise ValueError("rows and hashes of the sample differ in number")
        if np.any(hashes[1:] <= hashes[:-1]):
            raise ValueError("the hashes of the sample are not in order")
        rows.validate(full=True)
        return Sample(self.size, tuple(self.key), hashes, counts, rows.combine_chunks(), self.limit)
