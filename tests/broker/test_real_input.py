"""Real exports through a real broker, against an oracle that reads the same files by itself."""

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from models.sentiment.vader import VaderClassifier
from schemas.catalogue import HEALTH_SIGNALS
from schemas.messages import MessageCreated
from tests.oracle.comparing import close_as_expected, close_as_told, differences, score_as_told
from tests.oracle.contact import OracleContact
from tests.oracle.log import Entry, log_of, run_oracle
from tests.oracle.real_data import AIRLINES, DATA, HELPDESK, ROOT, airline_events, helpdesk_events
from tests.support.heartline import Heartline
from tests.support.kafka import KafkaBroker

pytestmark = [
    pytest.mark.skipif(not DATA.is_dir(), reason="HEARTLINE_DATA_DIR names no directory with the real exports"),
    pytest.mark.timeout(600),
]

HELPDESK_END = datetime(2014, 1, 4, 4, tzinfo=UTC)
AIRLINES_END = datetime(2015, 2, 25, 4, tzinfo=UTC)
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


@pytest.fixture
def heartline(tmp_path: Path) -> Iterator[Heartline]:
    # Retention is looked at every second: records that were stamped with the past would vanish during the test.
    with KafkaBroker(properties={"log.retention.check.interval.ms": "1000"}) as broker:
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


def history_log() -> list[Entry]:
    """The log that the two imports have to write, one after the other."""
    classifier = VaderClassifier()

    def label(event: MessageCreated) -> str | None:
        return classifier.classify([event.text])[0].label

    return [
        *log_of(helpdesk_events(), label, HELPDESK_END),  # type: ignore[arg-type]
        *log_of(airline_events(), label, AIRLINES_END),  # type: ignore[arg-type]
    ]


def test_both_histories_give_the_oracles_scores_and_daily_closes_though_retention_is_a_day(
    heartline: Heartline,
) -> None:
    heartline.create_topics()
    heartline.alter_topic(HEALTH_SIGNALS, {"retention.ms": str(86_400_000), "segment.ms": "1000"})
    run(
        heartline,
        "import",
        "--history",
        "--mapping",
        "examples/mappings/helpdesk-log.yaml",
        "--until",
        f"{HELPDESK_END:%Y-%m-%dT%H:%M:%S}",
        str(HELPDESK),
    )
    run(
        heartline,
        "import",
        "--history",
        "--mapping",
        "examples/mappings/airline-messages.yaml",
        "--until",
        f"{AIRLINES_END:%Y-%m-%dT%H:%M:%S}",
        str(AIRLINES),
    )
    heartline.start("scoring")
    heartline.wait_settled(120, quiet_seconds=5, stages=["scoring"])

    expected = {subject: oracle for subject, oracle in run_oracle(history_log()).items() if oracle.published}
    scores = heartline.final_scores()
    assert scores.keys() == expected.keys()
    wrong = [
        f"{subject}: {name} is {told[name]}, not {said[name]}"
        for subject, oracle in expected.items()
        for told, said in [(final_told(scores[subject]), final_expected(oracle))]
        for name in said
        if not same(told.get(name), said[name])
    ]
    assert wrong == []

    closes: dict[tuple[str, str], list[dict[str, object]]] = {}
    for close in heartline.closes():
        closes.setdefault((close.tenant, close.contact), []).append(close_as_told(close))
    assert sum(map(len, closes.values())) > 10_000
    for subject, oracle in expected.items():
        assert differences(closes.get(subject, []), [close_as_expected(close) for close in oracle.closes]) == [], (
            subject
        )


def final_told(score: object) -> dict[str, object]:
    """What is compared of a contact's last record."""
    told = score_as_told(score)  # type: ignore[arg-type]
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
    return not differences([{"it": told}], [{"it": expected}])


def test_messages_sent_live_at_full_speed_give_the_scores_of_the_command(heartline: Heartline, tmp_path: Path) -> None:
    heartline.create_topics()
    heartline.start("intake")
    heartline.start("scoring")
    run(heartline, "import", "--mapping", "examples/mappings/airline-messages.yaml", str(AIRLINES))
    heartline.wait_settled(300)

    logged = [message for message in heartline.records(HEALTH_SIGNALS) if message.key() is not None]
    assert len(logged) == len(airline_events())

    events = tmp_path / "events.jsonl"
    run(heartline, "import", "--mapping", "examples/mappings/airline-messages.yaml", "--to", str(events), str(AIRLINES))
    live = heartline.final_scores()
    moment = f"{max(score.at for score in live.values()):%Y-%m-%dT%H:%M:%S}"
    told = [json.loads(line) for line in run(heartline, "score", str(events), "--at", moment, "--json").splitlines()]
    assert {(line["tenant"], line["contact"]): (line["score_raw"], line["band"]) for line in told} == {
        subject: (score.score_raw, score.band) for subject, score in live.items()
    }
