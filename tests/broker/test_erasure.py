"""An erased person is gone: from the scores at once, and in time from every byte that is kept of the topics and the
disk. Retention and segments are short here, so that "in time" is now.
"""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Producer

from schemas.base import Event, to_milliseconds
from schemas.catalogue import (
    HEALTH_ACCOUNT_SIGNALS,
    HEALTH_CONTROL,
    HEALTH_SCORE_HISTORY,
    HEALTH_SIGNALS,
    SUPPORT_MESSAGES,
)
from schemas.control import ContactMerged, OverrideSet, SentimentCorrected
from schemas.decoding import decode_account_signal, encode
from schemas.messages import MessageCreated
from schemas.profiles import ContactUpdated
from schemas.signals import AccountSignal, Clock, MemberContribution, MemberLeft, Signal
from schemas.surveys import ReviewPosted, SurveyAnswered
from schemas.tickets import TicketOpened
from stream.erasure import rewrite
from stream.rewrite import Rewriter
from stream.topics import all_topics
from tests.support.heartline import Heartline, wait_until
from tests.support.kafka import KafkaBroker

SECRETS = ("Zanzibar-Quill", "quill@zanzibar.example", "Chief-Zanzibarian", "Old-Zanzibarian", "Quill-was-angry")
"""Words of the person: in a message, an address in it, the role in a profile, the one in the profile of its old name,
the reason of an override.
"""
QUICK = {
    "log.retention.check.interval.ms": "500",
    "log.cleaner.backoff.ms": "200",
    "log.segment.delete.delay.ms": "100",
    "log.initial.task.delay.ms": "100",
    "compression.type": "uncompressed",
}


@pytest.fixture
def heartline(tmp_path: Path) -> Iterator[Heartline]:
    with KafkaBroker(tmp_path / "kafka", properties=QUICK) as broker:
        running = Heartline(
            broker, tmp_path / "heartline", HEARTLINE_LABELLED_EXAMPLES="default", HEARTLINE_DEAD_LETTER_LIMIT="1"
        )
        running.create_topics()
        yield running
        running.stop()


def test_nothing_of_an_erased_person_stays_on_any_disk(heartline: Heartline, monkeypatch: pytest.MonkeyPatch) -> None:
    intake, scoring = heartline.start("intake"), heartline.start("scoring")
    for name in ("ann", "bob"):
        heartline.send(life_of(name, f"{name}-old", words="nothing special"))
    heartline.send(life_of("quill", "quill-old"))
    put(heartline, HEALTH_ACCOUNT_SIGNALS, b"{}", b"not JSON", None)
    put(heartline, HEALTH_SCORE_HISTORY, b"{}", b"not JSON", None)
    heartline.wait_settled()
    scores = heartline.final_scores()
    assert {contact for _, contact in scores} >= {"quill", "ann", "bob"}
    assert all(found(heartline, secret) for secret in SECRETS[:1])
    assert members(heartline) >= {"quill", "quill-old", "ann"}
    set_clock_ahead(heartline, timedelta(minutes=1))

    receipt = command(heartline, "erase", "quill")
    assert "quill was erased" in receipt
    assert "quill-old" in receipt
    command(heartline, "erase", "bob")
    heartline.wait_settled()
    before = heartline.final_scores()["default", "ann"]
    scoring.stop()
    said = stamps(heartline)
    assert "workers still run" in command(heartline, "erase", "quill", "--rewrite", exit_code=10), "intake writes"
    intake.stop()
    dropped = command(heartline, "erase", "quill", "--rewrite")
    assert f"{HEALTH_SIGNALS}: " in dropped
    kept = stamps(heartline)
    assert 0 < len(kept) < len(said)
    assert kept.items() <= said.items(), "they are judged by their stamps"
    assert members(heartline) == {"ann", "ann-old", "bob", "bob-old"}
    with monkeypatch.context() as patch:  # a second person, after the first, and killed when health.signals is empty
        patch.setattr(Rewriter, "_copy", killed_at_the_second(Rewriter._copy))
        with pytest.raises(Killed):
            rewrite(heartline.settings, "default", "bob", print)
    assert not heartline.records(HEALTH_SIGNALS)
    assert f"{HEALTH_CONTROL}: 2 " in command(heartline, "erase", "bob", "--rewrite")
    assert stamps(heartline).items() < kept.items()
    assert members(heartline) == {"ann", "ann-old"}
    for topic in (HEALTH_ACCOUNT_SIGNALS, HEALTH_SCORE_HISTORY):
        assert {b"{}", b"not JSON"} <= {record.value() for record in heartline.records(topic)}, "no word of a person"

    expire(heartline)
    for secret in SECRETS:
        wait_until(partial(is_gone, heartline, secret), 90, f"{secret} to be gone from {found(heartline, secret)}")

    heartline.alter_topic(SUPPORT_MESSAGES, {"retention.ms": "-1"})
    heartline.start("intake")
    heartline.start("scoring")
    heartline.send([message("quill", "late", "I am Zanzibar-late"), message("ann", "m9", "thank you, that is great")])
    wait_until(lambda: heartline.final_scores()["default", "ann"].seq > before.seq, 60, "a score of ann's last message")
    heartline.wait_settled()
    late = [record for record in heartline.records("health.scores") if record.key() == b"default/quill"]
    assert not late or late[-1].value() is None


def life_of(contact: str, old: str, words: str = " ".join(SECRETS[:2])) -> list[Event]:
    """All that can be known of a person, by two names."""
    return [
        ContactUpdated(
            **base(contact),
            name=words[:60],
            role="Chief-Zanzibarian" if contact == "quill" else "buyer",
            account="acme",
        ),
        ContactUpdated(**base(old), role="Old-Zanzibarian" if contact == "quill" else "buyer", account="acme"),
        message(contact, "m1", f"{words} is very bad"),
        message(old, "m2", f"{words} is terrible"),
        TicketOpened(**base(old), ticket=f"t-{contact}", opened_by="customer"),
        SurveyAnswered(**base(contact), kind="nps", value=3, scale_min=0, scale_max=10),
        ReviewPosted(**base(contact), site="a-site", value=2, scale_min=1, scale_max=5),
        SentimentCorrected(**base(contact), message="m1", label="negative", author="agent", text=words),
        OverrideSet(
            **base(contact),
            band="at_risk",
            author="csm",
            reason="Quill-was-angry" if contact == "quill" else "known",
        ),
        ContactMerged(**base(old), into=contact),
    ]


def base(contact: str) -> dict[str, Any]:
    base.count += 1  # type: ignore[attr-defined]
    number = base.count  # type: ignore[attr-defined]
    at = datetime.now(UTC) - timedelta(hours=1) + timedelta(seconds=number)
    return {"event_id": f"e{number}", "occurred_at": at, "contact": contact}


base.count = 0  # type: ignore[attr-defined]


def message(contact: str, name: str, text: str) -> MessageCreated:
    return MessageCreated(**base(contact), message=f"{contact}-{name}", author="customer", text=text)


def stamps(heartline: Heartline) -> dict[int, tuple[int, int]]:
    """The timestamps of what is said on the control topic, by offset."""
    return {record.offset() or 0: record.timestamp() for record in heartline.records(HEALTH_CONTROL) if record.value()}


def members(heartline: Heartline) -> set[str]:
    """The contacts of whom accounts were told."""
    signals = [decode_account_signal(message.value()) for message in heartline.records(HEALTH_ACCOUNT_SIGNALS)]
    facts = [signal.fact for signal in signals if isinstance(signal, AccountSignal)]
    return {fact.contact for fact in facts if isinstance(fact, MemberContribution | MemberLeft)}


def set_clock_ahead(heartline: Heartline, ahead: timedelta) -> None:
    """As another intake's clock may be: what comes of an erasure then is later than the erasure is in the log."""
    put(heartline, HEALTH_SIGNALS, encode(Signal(at=to_milliseconds(datetime.now(UTC) + ahead), fact=Clock())))


def put(heartline: Heartline, topic: str, *values: bytes | None) -> None:
    """Records without a key, in every partition."""
    producer = Producer({"bootstrap.servers": heartline.broker.bootstrap})
    for partition in range(heartline.settings.partitions):
        for value in values:
            producer.produce(topic, value, partition=partition)
    assert producer.flush(30) == 0


class Killed(BaseException):
    """The process is no more."""


def killed_at_the_second(method: Callable[..., int]) -> Callable[..., int]:
    calls: list[object] = []

    def call(*arguments: Any) -> int:
        calls.append(arguments)
        if len(calls) == 2:
            raise Killed
        return method(*arguments)

    return call


def command(heartline: Heartline, *arguments: str, exit_code: int = 0) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "stream", *arguments],
        env={**heartline.process_environment, "COLUMNS": "160"},
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == exit_code, done.stderr[-3000:]
    return done.stdout if exit_code == 0 else done.stderr


def expire(heartline: Heartline) -> None:
    """Days go by: what has a retention is over it, what is compacted is due, and new records close the segments."""
    for topic in all_topics(heartline.settings):
        quick = {"segment.ms": "200"}
        if topic.cleanup == "compact":
            quick |= {
                "max.compaction.lag.ms": "200",
                "min.cleanable.dirty.ratio": "0.001",
                "delete.retention.ms": "100",
            }
        elif topic.retention_ms is not None:
            quick["retention.ms"] = "500"
        if not topic.unlimited:
            heartline.alter_topic(topic.name, quick)
    producer = Producer({"bootstrap.servers": heartline.broker.bootstrap})
    for _ in range(3):
        time.sleep(0.5)
        for topic in all_topics(heartline.settings):
            if topic.retention_ms is not None or topic.cleanup == "compact":
                for partition in range(topic.partitions or heartline.settings.partitions):
                    producer.produce(topic.name, None, b"\0nobody", partition=partition)
        producer.flush(30)


def is_gone(heartline: Heartline, words: str) -> bool:
    return not found(heartline, words)


def found(heartline: Heartline, words: str) -> list[str]:
    """The files of the broker and of the workers that hold these words; records are not compressed beyond finding."""
    folders = (heartline.broker.folder / "data", heartline.folder)
    holding = []
    for folder in folders:
        for file in folder.rglob("*"):
            if file.is_file():
                try:
                    data = file.read_bytes()
                except FileNotFoundError:  # deleted meanwhile, as it has to be
                    continue
                if words.encode() in data:
                    holding.append(str(file.relative_to(folder)))
    return holding
