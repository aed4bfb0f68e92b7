"""The whole worker over TLS with a password: Faust's member of the group and every librdkafka client."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from schemas.catalogue import HEALTH_SCORES
from stream.errors import CredentialsRefused
from stream.simulate import simulate
from stream.topics import all_topics
from tests.chaos.truth import verdict
from tests.oracle.real_data import ROOT
from tests.support.heartline import Heartline
from tests.support.secure_kafka import PASSWORD, USER, SecureKafka, make_certificates

END_SECONDS = 60.0


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecureKafka]:
    """A broker that asks for a password."""
    with SecureKafka(tmp_path_factory.mktemp("secure")) as broker:
        broker.add_user()
        yield broker


def secured(broker: SecureKafka, folder: Path, mechanism: str = "SCRAM-SHA-512", **changes: str) -> Heartline:
    """A Heartline that knows the secure listener only."""
    secrets = {
        "HEARTLINE_BOOTSTRAP_SERVERS": broker.secure_bootstrap,
        "HEARTLINE_SECURITY_PROTOCOL": "SASL_SSL",
        "HEARTLINE_SASL_MECHANISM": mechanism,
        "HEARTLINE_SASL_USERNAME": USER,
        "HEARTLINE_SASL_PASSWORD": PASSWORD,
        "HEARTLINE_SSL_CA_LOCATION": str(broker.ca),
        "HEARTLINE_LOG_LEVEL": "debug",
    }
    return Heartline(broker, folder, **(secrets | changes))


def run(heartline: Heartline, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A command of ours."""
    return subprocess.run(
        [sys.executable, "-m", "stream", *arguments],
        env=heartline.process_environment | {"COLUMNS": "300"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.mark.parametrize("mechanism", ["SCRAM-SHA-512", "PLAIN"])
def test_events_become_scores_over_tls_with_a_password_that_is_never_told(
    broker: SecureKafka, tmp_path: Path, mechanism: str
) -> None:
    heartline = secured(broker, tmp_path, mechanism, HEARTLINE_APPLICATION=f"by-{mechanism.lower()}")
    events = list(simulate(seed=1, contacts=30, events=300, decisions=False))
    try:
        created = run(heartline, "topics", "create")
        assert created.returncode == 0, created.stderr
        workers = heartline.start("intake"), heartline.start("scoring")
        heartline.send(events)
        heartline.wait_settled()
        found = verdict(heartline, events)
        assert found.problems == []
        assert found.records[HEALTH_SCORES] > 30
        for worker in workers:
            worker.stop()
        shown = run(heartline, "settings")
        assert USER in shown.stdout
        for told in (created.stdout, created.stderr, shown.stdout, shown.stderr, *(worker.log for worker in workers)):
            assert PASSWORD not in told
    finally:
        heartline.stop()
        broker.delete_topics(*(topic.name for topic in all_topics(heartline.settings)))


def test_a_wrong_password_is_named_and_not_told(broker: SecureKafka, tmp_path: Path) -> None:
    wrong = "guessed-and-wrong"
    heartline = secured(broker, tmp_path, HEARTLINE_SASL_PASSWORD=wrong)
    workers = heartline.start("intake"), heartline.start("scoring")
    for worker in workers:
        refused(worker.exit_code(END_SECONDS), worker.log, wrong)
    events = tmp_path / "events.jsonl"
    assert run(heartline, "simulate", "--events", "5", "--contacts", "2", "--to", str(events)).returncode == 0
    for command in (["topics", "check"], ["explain", "c1"], ["send", str(events)]):
        done = run(heartline, *command)
        refused(done.returncode, done.stderr, wrong)


def refused(exit_code: int, told: str, secret: str) -> None:
    """One line that says which settings to look at."""
    assert exit_code == CredentialsRefused.exit_code, told
    (line,) = [line for line in told.splitlines() if line.startswith("CredentialsRefused: ")]
    assert "HEARTLINE_SASL_PASSWORD" in line
    assert secret not in told
    assert PASSWORD not in told


def test_a_broker_whose_certificate_another_authority_signed_is_not_talked_to(
    broker: SecureKafka, tmp_path: Path
) -> None:
    other = tmp_path / "other.pem"
    make_certificates(other, tmp_path / "other.p12")
    done = run(secured(broker, tmp_path, HEARTLINE_SSL_CA_LOCATION=str(other)), "topics", "check")
    refused(done.returncode, done.stderr, PASSWORD)
    assert "HEARTLINE_SSL_CA_LOCATION" in done.stderr


def test_no_password_at_all_is_no_way_in(broker: SecureKafka, tmp_path: Path) -> None:
    heartline = Heartline(broker, tmp_path, HEARTLINE_BOOTSTRAP_SERVERS=broker.secure_bootstrap)
    done = run(heartline, "topics", "check")
    assert done.returncode == 20
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("BrokerUnreachable: ")]
    assert broker.secure_bootstrap in line
