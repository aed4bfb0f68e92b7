"""The machine that measured, in words."""

import os
import platform
from importlib.metadata import version
from pathlib import Path

import psutil


def machine() -> str:
    """Processor, cores, memory, system, Python and the libraries that matter."""
    memory = psutil.virtual_memory().total / 2**30
    libraries = ", ".join(f"{name} {version(name)}" for name in ("confluent-kafka", "rocksdict", "msgspec"))
    return (
        f"{_processor()}, {os.cpu_count()} cores, {memory:.0f} GiB; {platform.system()} {platform.release()}; "
        f"Python {platform.python_version()}; {libraries}; Apache Kafka {_kafka()} on the same machine; "
        f"mean number of processes that wanted a core in the last 15 minutes: {os.getloadavg()[2]:.0f}"
    )


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _kafka() -> str:
    from tests.support.kafka import jars

    names = [path.name for path in jars().glob("kafka-clients-*.jar")]
    return names[0].removeprefix("kafka-clients-").removesuffix(".jar") if names else "4"
