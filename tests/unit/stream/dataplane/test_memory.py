"""What the allocator keeps, seen by the fresh pages that the system has to give."""

import subprocess
import sys

CODE = """
import resource, sys
import numpy as np
from stream.dataplane.memory import tame_malloc
tame_malloc(int(sys.argv[1]))
def take():
    for _ in range(200):
        layers = [np.ones((8, 24, 1536), np.float32) for _ in range(3)]
take()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
take()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def fresh_pages(kept: int) -> int:
    command = [sys.executable, "-c", CODE, str(kept)]
    return int(subprocess.run(command, capture_output=True, check=True, timeout=60).stdout)


def test_memory_for_a_network_is_kept_where_it_may_be_and_given_back_where_not() -> None:
    assert fresh_pages(1 << 20) > 10_000
    assert fresh_pages(16 << 20) < 1_000
