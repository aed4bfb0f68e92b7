"""A start that is called off ends the process, though a broker takes connections and never answers."""

import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[4]
DRAIN_SECONDS = 1.0
END_SECONDS = 5 * DRAIN_SECONDS + 5 + 15  # steps, the watchdog's spare time, and a busy machine's slowness

WORKER = f"""
import sys
from stream.dataplane import DataPlane, PlaneSettings, run

settings = PlaneSettings(
    application="called-off", worker_id="0", bootstrap=sys.argv[1], drain_seconds={DRAIN_SECONDS},
    librdkafka={{"log_level": 0}},
)
plane = DataPlane(settings)


def take_over_and_hang():
    print("starting", flush=True)
    plane._cycles.prepare()


plane.prepare = take_over_and_hang
run(plane)
print("ended", flush=True)
"""


def test_sigterm_ends_a_worker_that_waits_to_take_over_its_transactional_ids() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        command = [sys.executable, "-c", WORKER, address]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as worker:
            assert worker.stdout is not None
            assert worker.stdout.readline() == b"starting\n"
            time.sleep(1.0)  # into the call that hangs
            worker.send_signal(signal.SIGTERM)
            try:
                told, _ = worker.communicate(timeout=END_SECONDS)
            finally:
                worker.kill()
    assert worker.returncode == 0, told
    assert b"ended" in told
