"""The broker of the Compose file, with its settings, started from Kafka's own jars by what the image itself runs."""

import os
import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import KafkaException, Producer
from confluent_kafka.admin import AdminClient, NewTopic

from tests.deploy.conftest import ROOT, SCRIPTS
from tests.support.kafka import HERE, free_ports, jars

START_SECONDS = 60.0
PORTS_IN_THE_CONTAINER = ("9092", "9093", "9094")


def on_this_machine(environment: dict[str, str], ports: list[int], folder: Path) -> dict[str, str]:
    """The same settings with free ports of the loopback interface and a folder of our own; nothing else changes."""
    mapping = dict(zip(PORTS_IN_THE_CONTAINER, map(str, ports), strict=True))

    def moved(value: str) -> str:
        value = re.sub(r":(909[234])\b", lambda match: ":" + mapping[match[1]], value)
        return re.sub(r"(//|@)(kafka|localhost)?(?=:)", r"\g<1>127.0.0.1", value)

    broker = {name: moved(value) for name, value in environment.items()}
    return broker | {"KAFKA_LOG_DIRS": str(folder / "data"), "CLUSTER_ID": "aGVhcnRsaW5lLXRlc3RzLQ"}


def java(heap: str, *arguments: str | Path) -> list[str]:
    logging = f"-Dlog4j2.configurationFile={HERE / 'log4j2.xml'}"
    return ["java", f"-Xmx{heap}", "-XX:+UseSerialGC", logging, "-cp", f"{jars()}/*", *map(str, arguments)]


def set_up(environment: dict[str, str], folder: Path) -> Path:
    """What the image does before it starts Kafka: write server.properties from the variables and format the storage."""
    for name in ("defaults", "mounted", "final"):
        (folder / name).mkdir()
    for name in ("server.properties", "log4j2.yaml", "tools-log4j2.yaml"):
        (folder / "defaults" / name).touch()
    directories = {"default": "defaults", "mounted": "mounted", "final": "final"}
    options = [word for kind, name in directories.items() for word in (f"--{kind}-configs-dir", folder / name)]
    command = java("128m", "kafka.docker.KafkaDockerWrapper", "setup", *options)
    done = subprocess.run(
        command, env=os.environ | environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "final" / "server.properties"


def wait_until_it_answers(process: subprocess.Popen[bytes], bootstrap: str) -> None:
    admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 0, "socket.timeout.ms": 2000})
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            admin.list_topics(timeout=1.0)
        except KafkaException:
            continue
        return
    pytest.fail("the broker of the Compose file did not start")


@pytest.fixture(scope="module")
def bootstrap(compose: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address inside the Compose network, moved to this machine."""
    folder = tmp_path_factory.mktemp("broker")
    ports = free_ports(3)
    environment = on_this_machine(compose["services"]["kafka"]["environment"], ports, folder)
    properties = set_up(environment, folder)
    with (folder / "broker.log").open("wb") as log:
        process = subprocess.Popen(java("512m", "kafka.Kafka", properties), stdout=log, stderr=log)
    try:
        wait_until_it_answers(process, f"127.0.0.1:{ports[0]}")
        yield f"127.0.0.1:{ports[0]}"
    finally:
        process.terminate()
        process.wait(timeout=30)


def heartline(*arguments: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = [str(SCRIPTS / "heartline"), *arguments]
    variables = os.environ | environment
    return subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, timeout=120, check=False)


def test_the_topics_service_makes_topics_that_the_workers_find_right(compose: dict[str, Any], bootstrap: str) -> None:
    service = compose["services"]["topics"]
    environment = service["environment"] | {"HEARTLINE_BOOTSTRAP_SERVERS": bootstrap}
    for _again in range(2):  # the service runs at every `docker compose up`
        created = heartline(*service["command"], environment=environment)
        assert created.returncode == 0, created.stdout + created.stderr
    checked = heartline("topics", "check", environment=environment)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    topics = AdminClient({"bootstrap.servers": bootstrap}).list_topics(timeout=10).topics
    assert len(topics["support.tickets"].partitions) == int(environment["HEARTLINE_PARTITIONS"])


def test_one_broker_of_compose_commits_a_transaction(bootstrap: str) -> None:
    admin = AdminClient({"bootstrap.servers": bootstrap})
    admin.create_topics([NewTopic("trial", 1, 1)])["trial"].result(timeout=30)
    producer = Producer({"bootstrap.servers": bootstrap, "transactional.id": "trial", "log_level": 3})
    producer.init_transactions(30)
    producer.begin_transaction()
    producer.produce("trial", b"{}")
    producer.commit_transaction(30)


def test_compose_runs_the_kafka_that_the_tests_run() -> None:
    image = re.findall(r"image: apache/kafka:(\S+)", (ROOT / "docker-compose.yml").read_text())
    pom = (HERE / "pom.xml").read_text()
    assert image == re.findall(r"<artifactId>kafka_2.13</artifactId>\s*<version>(.+)</version>", pom)
