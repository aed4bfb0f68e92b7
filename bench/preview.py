"""How long `heartline model preview` takes over a million contacts: `python -m bench.preview [--contacts N]`.

The rows are those of `bench.million`, in the changelog of a broker on this machine; the time is that of the whole
command, from its start to its end, CPU time that of all its processes.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from bench.million import fill_changelog
from bench.population import population
from tests.support.heartline import Heartline
from tests.support.kafka import KafkaBroker

MODEL = Path(__file__).parents[1] / "examples" / "models" / "high-touch-b2b.yaml"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--contacts", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    told = parser.parse_args()
    people = population(datetime.now(UTC))
    with tempfile.TemporaryDirectory() as folder, KafkaBroker() as broker:
        heartline = Heartline(broker, Path(folder))
        heartline.create_topics()
        fill_changelog(heartline, people, told.contacts)
        for _ in range(told.rounds):
            print(_round(heartline, told.contacts), flush=True)


def _round(heartline: Heartline, contacts: int) -> str:
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    command = [sys.executable, "-m", "stream", "model", "preview", str(MODEL), "--json"]
    done = subprocess.run(command, env=heartline.process_environment, capture_output=True, check=True)
    seconds, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    found = json.loads(done.stdout)
    assert found["contacts"] > 0.95 * contacts, f"{found['contacts']} contacts have a score"
    largest = after.ru_maxrss / 1024
    return (
        f"{contacts:,} contacts: {seconds:.1f} s, {cpu:.1f} s of CPU; {found['changing']:,} change band; "
        f"largest process {largest:.0f} MiB"
    )


if __name__ == "__main__":
    main()
