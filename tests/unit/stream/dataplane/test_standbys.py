"""A standby's copy keeps following, whatever a read of the changelog comes to."""

import threading
from collections.abc import Mapping
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from stream.dataplane import restore
from stream.dataplane.restore import Standbys
from stream.dataplane.settings import PlaneSettings
from stream.dataplane.store import PartitionStore, Stores
from stream.errors import BrokerUnreachable

SETTINGS = PlaneSettings(application="app", worker_id="0", bootstrap="127.0.0.1:1", librdkafka={"log_level": 0})


def test_a_read_that_fails_is_begun_again_from_where_the_store_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    followed = threading.Event()
    begun: list[int | None] = []
    closed: list[object] = []

    class Tail:
        """Writes a row and fails, the first time."""

        def __init__(self, _settings: PlaneSettings, _changelog: str, stores: Mapping[int, PartitionStore]) -> None:
            self._store = stores[0]
            begun.append(self._store.offset())

        def step(self) -> int:
            if len(begun) == 1:
                self._store.write([(b"k", b"v")], 41)
                raise BrokerUnreachable("away")
            followed.set()
            return 0

        def close(self) -> None:
            closed.append(self)

    monkeypatch.setattr(restore, "Tail", Tail)
    monkeypatch.setattr(restore, "_RETRY_SECONDS", 0.01)
    stores = Stores(tmp_path, 1 << 20, 1 << 20)
    standbys = Standbys(SETTINGS)
    with capture_logs() as logs:
        standbys.follow("log", {0: stores.open(0)})
        assert followed.wait(10)
        standbys.leave()
    assert begun == [None, 41]
    assert len(closed) == 2
    assert [line["event"] for line in logs] == ["standby.retries"]
    stores.keep(set())
