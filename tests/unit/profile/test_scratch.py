"""Memory for one call is kept, by use, by type and by thread."""

import threading

import numpy as np

from holter.profile.scratch import scratch


def test_the_same_use_gets_the_same_memory_and_another_its_own():
    first = scratch("one", 8)
    assert scratch("one", 5).base is first.base
    assert not np.shares_memory(scratch("two", 8), first)
    assert not np.shares_memory(scratch("one", 8, np.int64), first)
    assert len(scratch("one", 100)) == 100


def test_very_large_memory_is_not_kept():
    large = scratch("large", (1 << 20) + 1)
    assert not np.shares_memory(scratch("large", (1 << 20) + 1), large)


def test_threads_do_not_share():
    mine, theirs = scratch("thread", 8), []
    thread = threading.Thread(target=lambda: theirs.append(scratch("thread", 8)))
    thread.start()
    thread.join()
    assert not np.shares_memory(mine, theirs[0])
