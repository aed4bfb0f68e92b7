"""Moves records between Kafka, agents and local state (see `docs/dataplane.md`). Knows nothing of health scores."""

from stream.dataplane.cycle import Codec, Cycle, PartitionState
from stream.dataplane.directory import exclusive
from stream.dataplane.identity import sources_row
from stream.dataplane.observer import Observer, Silent
from stream.dataplane.plane import DataPlane
from stream.dataplane.run import Generation, Headers, Record, Run
from stream.dataplane.settings import PlaneSettings
from stream.dataplane.threads import in_thread
from stream.dataplane.worker import STEPS_OF_A_STOP, run, serve

__all__ = [
    "STEPS_OF_A_STOP",
    "Codec",
    "Cycle",
    "DataPlane",
    "Generation",
    "Headers",
    "Observer",
    "PartitionState",
    "PlaneSettings",
    "Record",
    "Run",
    "Silent",
    "exclusive",
    "in_thread",
    "run",
    "serve",
    "sources_row",
]
