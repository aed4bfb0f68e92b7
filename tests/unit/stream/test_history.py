"""Whether a history may still be written: its past must not follow live time."""

from datetime import UTC, date, datetime

import pytest

from schemas.base import Mode, to_milliseconds
from schemas.catalogue import HEALTH_CONTROL, HEALTH_SIGNALS
from schemas.decoding import encode
from schemas.signals import Clock, Signal, Tick
from schemas.tickets import TicketOpened
from stream.embedded import EmbeddedBroker
from stream.errors import ConfigurationError
from stream.history import HistoryWriter, Logged, refuse_live_log
from stream.reading import TopicReader
from stream.routing import route
from stream.sending import Sender
from stream.settings import Settings

NOW = to_milliseconds(datetime(2026, 3, 2, 4, tzinfo=UTC))


@pytest.fixture
def broker() -> EmbeddedBroker:
    return EmbeddedBroker([HEALTH_SIGNALS, HEALTH_CONTROL])


@pytest.fixture
def settings(broker: EmbeddedBroker) -> Settings:
    return Settings(bootstrap_servers=broker.bootstrap)


def log(settings: Settings, mode: Mode, fact: Clock | Tick) -> None:
    with Sender(settings) as sender:
        sender.send(HEALTH_SIGNALS, encode(Signal(at=NOW, mode=mode, fact=fact)), None, partition=1)


def test_an_empty_log_and_one_that_imports_wrote_take_a_history(settings: Settings) -> None:
    refuse_live_log(settings)
    log(settings, "import", Tick(day=date(2013, 1, 1)))
    refuse_live_log(settings)


def test_a_log_that_holds_live_time_takes_no_history(settings: Settings) -> None:
    log(settings, "import", Tick(day=date(2013, 1, 1)))
    log(settings, "live", Clock())
    with pytest.raises(ConfigurationError, match="live time"):
        refuse_live_log(settings)


def test_live_events_do_not_disturb_an_import_that_is_open(settings: Settings) -> None:
    with Sender(settings) as sender:
        HistoryWriter(sender, {}).start()
    log(settings, "live", Clock())
    refuse_live_log(settings)


def test_an_import_that_was_finished_is_open_no_more(settings: Settings) -> None:
    with Sender(settings) as sender:
        HistoryWriter(sender, {}).start()
        HistoryWriter(sender, {}).finish()
    log(settings, "live", Clock())
    with pytest.raises(ConfigurationError, match="live time"):
        refuse_live_log(settings)


def test_what_a_history_logs_says_what_it_is_like_every_output(settings: Settings) -> None:
    opened = TicketOpened(event_id="e1", occurred_at=datetime(2013, 1, 1, tzinfo=UTC), contact="c", ticket="t")
    with Sender(settings) as sender:
        HistoryWriter(sender, {HEALTH_SIGNALS: 4}).write(Logged(NOW, next(iter(route(opened)))))
    reader = TopicReader(settings, [HEALTH_SIGNALS])
    (logged,) = reader.all()
    reader.close()
    headers = dict(logged.headers() or [])
    assert (headers["ce_id"], headers["ce_type"], headers["ce_time"]) == (
        b"e1",
        b"ticket.opened",
        b"2026-03-02T04:00:00.000Z",
    )
