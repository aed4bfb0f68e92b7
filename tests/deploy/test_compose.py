"""The Compose file, as Compose's own library reads it."""

import re
from pathlib import Path
from typing import Any, get_args

import pytest

from stream.settings import Stage
from tests.deploy.conftest import ROOT, built, run

WORKERS = get_args(Stage)


def seconds(duration: str) -> float:
    units = {"h": 3600.0, "m": 60.0, "s": 1.0}
    return sum(float(number) * units[unit] for number, unit in re.findall(r"([0-9.]+)([hms])", duration))


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("condition: service_healthy", "condition: service_is_healthy"),
        ('["scoring-data:', '["scores-data:'),
        ("    depends_on:\n      kafka:", "    depends_on:\n      broker:"),
        ("stop_grace_period: 35s", "stop_grace_time: 35s"),
    ],
)
def test_compose_would_notice(tmp_path: Path, right: str, wrong: str) -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    assert right in text
    broken = tmp_path / "docker-compose.yml"
    broken.write_text(text.replace(right, wrong))
    assert run(built("compose_check"), broken).returncode != 0


def test_workers_wait_for_the_topics_and_the_topics_for_a_healthy_broker(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert services["topics"]["depends_on"]["kafka"]["condition"] == "service_healthy"
    assert services["kafka"]["healthcheck"]["test"]
    for worker in WORKERS:
        assert services[worker]["depends_on"]["topics"]["condition"] == "service_completed_successfully"


def test_every_stage_has_a_worker(compose: dict[str, Any]) -> None:
    commands = [service.get("command") for service in compose["services"].values()]
    assert [command for command in commands if command and command[0] == "worker"] == [
        ["worker", stage] for stage in sorted(WORKERS)
    ]


def test_each_worker_has_an_id_and_a_data_directory_of_its_own(compose: dict[str, Any]) -> None:
    workers = [compose["services"][worker] for worker in WORKERS]
    assert len({worker["environment"]["HEARTLINE_WORKER_ID"] for worker in workers}) == len(workers)
    assert len({worker["volumes"][0]["source"] for worker in workers}) == len(workers)
    assert {worker["volumes"][0]["target"] for worker in workers} == {"/var/lib/heartline"}


@pytest.mark.parametrize("worker", WORKERS)
def test_a_worker_is_given_longer_to_stop_than_it_drains(compose: dict[str, Any], worker: str) -> None:
    service = compose["services"][worker]
    assert seconds(service["stop_grace_period"]) >= float(service["environment"]["HEARTLINE_DRAIN_SECONDS"]) + 10


def test_nothing_is_open_to_other_machines(compose: dict[str, Any]) -> None:
    ports = [port for service in compose["services"].values() for port in service.get("ports", ())]
    assert len(ports) == 1 + len(WORKERS)
    assert {port["host_ip"] for port in ports} == {"127.0.0.1"}
    assert len({port["published"] for port in ports}) == len(ports)


def test_one_broker_holds_every_copy_that_is_asked_of_it(compose: dict[str, Any]) -> None:
    services = compose["services"]
    broker = services["kafka"]["environment"]
    copies = {name: value for name, value in broker.items() if name.endswith(("REPLICATION_FACTOR", "MIN_ISR"))}
    assert len(copies) == 5
    assert set(copies.values()) == {"1"}
    assert services["topics"]["environment"]["HEARTLINE_REPLICATION_FACTOR"] == "1"


def test_all_processes_agree_on_what_they_share(compose: dict[str, Any]) -> None:
    environments = [compose["services"][name]["environment"] for name in ("topics", *WORKERS)]
    shared = set.intersection(*(set(environment) for environment in environments))
    assert {"HEARTLINE_BOOTSTRAP_SERVERS", "HEARTLINE_PARTITIONS", "HEARTLINE_TENANTS"} <= shared
    for name in shared:
        assert len({environment[name] for environment in environments}) == 1, name
