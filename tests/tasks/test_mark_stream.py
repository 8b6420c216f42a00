"""Streams of marks: the count since the last one."""

import pytest
import torch

from bertgpt.tasks import mark_stream


def test_the_stream_counts_since_the_last_mark() -> None:
    stream = mark_stream.MarkStream(5, 0)
    pieces = [stream.next(n) for n in (40, 1, 200)]
    marks = torch.cat([x[..., 0] for x, _ in pieces], 1)
    counts = torch.cat([y for _, y in pieces], 1) * mark_stream.UNIT
    for row, told in zip(marks, counts, strict=True):
        count = 0
        for mark, y in zip(row.tolist(), told.tolist(), strict=True):
            count = 0 if mark else count + 1
            assert y == pytest.approx(count, abs=1e-4)
        places = row.nonzero()[:, 0]
        gaps = places.diff()
        assert gaps.min() >= mark_stream.GAPS[0]
        assert gaps.max() <= mark_stream.GAPS[1]
