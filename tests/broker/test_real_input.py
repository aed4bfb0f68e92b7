"""Exports through a real broker, against an oracle that reads the same files by itself: the real ones, where they are,
and always small ones of the same form.
"""

import subprocess
import sys
import time
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from schemas.base import SentimentLabel
from schemas.catalogue import HEALTH_SIGNALS
from schemas.messages import MessageCreated
from schemas.scores import BandChanged, ScoreUpdated
from tests.chaos.truth import verdict
from tests.oracle.comparing import close_as_expected, close_as_told, score_as_told
from tests.oracle.comparing import differences as differences_of
from tests.oracle.contact import OracleContact
from tests.oracle.facts import milliseconds
from tests.oracle.log import Entry, Subject, entries_of, log_of, run_oracle
from tests.oracle.logged import by_vader
from tests.oracle.real_data import AIRLINES, DATA, HELPDESK, ROOT, airline_events, helpdesk_events
from tests.support.exports import write_airlines, write_helpdesk
from tests.support.heartline import Heartline
from tests.support.kafka import KafkaBroker

pytestmark = pytest.mark.timeout(600)

REAL = pytest.param(
    "real",
    marks=pytest.mark.skipif(not DATA.is_dir(), reason="HEARTLINE_DATA_DIR names no directory with the real exports"),
)
TENANTS = "default,american,delta,southwest,united,us-airways,virgin-america"
# What the published record says beyond the score itself depends on facts that the default model gives no weight to; the
# ids of events are the mapping's own.
COMPARED = (
    "score",
    "score_raw",
    "band",
    "computed_band",
    "trend",
    "coverage",
    "confidence",
    "facts",
    "last_activity_at",
)


@dataclass(frozen=True)
class Exports:
    """Two files, the last ticks of their imports, and how many closes there are at the least."""

    helpdesk: Path
    airlines: Path
    helpdesk_end: datetime
    airlines_end: datetime
    closes: int


@pytest.fixture(params=["generated", REAL])
def exports(request: pytest.FixtureRequest, tmp_path: Path) -> Exports:
    tickets_end, messages_end = (datetime(*day, 4, tzinfo=UTC) for day in ((2014, 1, 4), (2015, 2, 25)))
    if request.param == "real":
        return Exports(HELPDESK, AIRLINES, tickets_end, messages_end, 10_000)
    folder = tmp_path / "exports"
    folder.mkdir()
    small = Exports(folder / "helpdesk.csv", folder / "airlines.csv", tickets_end, messages_end, 500)
    write_helpdesk(small.helpdesk)
    write_airlines(small.airlines)
    return small


QUICK = {"log.retention.check.interval.ms": "1000", "log.initial.task.delay.ms": "100"}


@pytest.fixture
def heartline(tmp_path: Path) -> Iterator[Heartline]:
    # Retention is looked at every second: records that were stamped with the past would vanish during the test.
    with KafkaBroker(properties=QUICK) as broker:
        running = Heartline(broker, tmp_path, HEARTLINE_TENANTS=TENANTS)
        yield running
        running.stop()


def run(heartline: Heartline, *arguments: str) -> str:
    """Run a command of ours against the broker."""
    done = subprocess.run(
        [sys.executable, "-m", "stream", *arguments],
        env=heartline.process_environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def label(message: MessageCreated) -> SentimentLabel | None:
    """How it reads."""
    reading: SentimentLabel | None = by_vader(message.text)["label"]
    return reading


def history_log(exports: Exports) -> list[Entry]:
    """The log that the two imports have to write, one after the other."""
    return [
        *log_of(helpdesk_events(exports.helpdesk), label, exports.helpdesk_end),
        *log_of(airline_events(exports.airlines), label, exports.airlines_end),
    ]


def test_both_histories_give_the_oracles_scores_and_daily_closes_though_retention_is_a_day(
    heartline: Heartline, exports: Exports
) -> None:
    heartline.create_topics()
    heartline.alter_topic(HEALTH_SIGNALS, {"segment.ms": "1000"})
    for mapping, file, end in (
        ("helpdesk-log", exports.helpdesk, exports.helpdesk_end),
        ("airline-messages", exports.airlines, exports.airlines_end),
    ):
        until = f"{end:%Y-%m-%dT%H:%M:%S}"
        run(heartline, "import", "--history", "--mapping", mapping_of(mapping), "--until", until, str(file))
    # No command and no worker takes a log that is not kept for ever, so it has its day while none of them looks.
    heartline.alter_topic(HEALTH_SIGNALS, {"retention.ms": str(86_400_000)})
    time.sleep(5)
    heartline.alter_topic(HEALTH_SIGNALS, {"retention.ms": "-1"})
    heartline.start("scoring")
    heartline.wait_settled(120, quiet_seconds=5, stages=["scoring"])

    expected = {subject: oracle for subject, oracle in run_oracle(history_log(exports)).items() if oracle.published}
    assert different(heartline.final_scores(), expected) == []
    closes: dict[Subject, list[dict[str, object]]] = {}
    for close in heartline.closes():
        closes.setdefault((close.tenant, close.contact), []).append(close_as_told(close))
    assert sum(map(len, closes.values())) > exports.closes
    bands: dict[Subject, list[BandChanged]] = {}
    for band in heartline.bands():
        bands.setdefault((band.tenant, band.contact), []).append(band)
    for subject, oracle in expected.items():
        due = [close_as_expected(close) for close in oracle.closes]
        assert differences_of(closes.get(subject, []), due) == [], subject
        assert bands_of_days(bands[subject], oracle) == [(close.day, close.band) for close in oracle.closes], subject
        assert bands[subject][-1].to_band == oracle.published[-1].said.band, subject


def bands_of_days(changes: list[BandChanged], oracle: OracleContact) -> list[tuple[str, str | None]]:
    """The band that the changes come to at each close. Between closes the mapping makes more events than the oracle, of
    facts that weigh nothing: with one of these, what time has changed is published before the next tick.
    """
    assert [change.from_band for change in changes] == [None, *(change.to_band for change in changes[:-1])]
    times = [milliseconds(change.at) for change in changes]
    counts = [(close.day, bisect_right(times, close.at)) for close in oracle.closes]
    return [(day, changes[count - 1].to_band if count else None) for day, count in counts]


def mapping_of(name: str) -> str:
    """One of the examples."""
    return f"examples/mappings/{name}.yaml"


def different(scores: dict[Subject, ScoreUpdated], expected: dict[Subject, OracleContact]) -> list[str]:
    """What the last record of each contact says that the oracle does not."""
    assert scores.keys() == expected.keys()
    return [
        f"{subject}: {name} is {told.get(name)}, not {said[name]}"
        for subject, oracle in expected.items()
        for told, said in [(final_told(scores[subject]), final_expected(oracle))]
        for name in said
        if not same(told.get(name), said[name])
    ]


def final_told(score: ScoreUpdated) -> dict[str, object]:
    """What is compared of a contact's last record."""
    told = score_as_told(score)
    return {
        name: value for name, value in told.items() if name in COMPARED or ("." in name and not name.startswith("by_"))
    }


def final_expected(oracle: OracleContact) -> dict[str, object]:
    """The same of the oracle."""
    said = oracle.published[-1].said
    expected: dict[str, object] = {name: getattr(said, name) for name in COMPARED}
    for name, component in said.components.items():
        expected |= {f"{name}.{part}": value for part, value in vars(component).items()}
    return expected


def same(told: object, expected: object) -> bool:
    """Equal; numbers to 1e-9."""
    return not differences_of([{"it": told}], [{"it": expected}])


def test_messages_sent_live_at_full_speed_give_the_scores_of_the_command_and_of_the_oracle(
    heartline: Heartline, exports: Exports, tmp_path: Path
) -> None:
    heartline.create_topics()
    heartline.start("intake")
    heartline.start("scoring")
    imported = "import", "--mapping", mapping_of("airline-messages")
    run(heartline, *imported, str(exports.airlines))
    heartline.wait_settled(300)

    messages = airline_events(exports.airlines)
    logged = [message for message in heartline.records(HEALTH_SIGNALS) if message.key() is not None]
    assert len(logged) == len(messages)
    assert verdict(heartline).problems == []

    events = tmp_path / "events.jsonl"
    run(heartline, *imported, "--to", str(events), str(exports.airlines))
    live = heartline.final_scores()
    moment = max(score.at for score in live.values()).replace(microsecond=0)
    lines = run(heartline, "score", str(events), "--at", f"{moment:%Y-%m-%dT%H:%M:%S}", "--json").splitlines()
    told = [msgspec.json.decode(line, type=ScoreUpdated) for line in lines]
    commanded = {(one.tenant, one.contact): one for one in told}
    assert commanded.keys() == live.keys()
    for subject, score in live.items():
        # The command closes the days of the past on its way, and so knows of a trend.
        pair = [final_told(one) | {"trend": None} for one in (score, commanded[subject])]
        assert differences_of(pair[:1], pair[1:]) == [], subject
    entries = (entry for _, message in messages for entry in entries_of(moment, message, label))
    assert different(live, run_oracle(entries)) == []
