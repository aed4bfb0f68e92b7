"""Every variable that a deployment file sets is one that Heartline reads, with a value that it takes."""

import json
import re
from typing import Any, get_args

import pytest
import yaml

from stream.settings import Settings, Stage
from stream.topics import TABLES
from tests.deploy.conftest import CHART, ROOT, Helm
from tests.deploy.environment import variables

WORKLOADS = {"Deployment", "StatefulSet", "Job"}
KNOWN = {f"HEARTLINE_{name.upper()}" for name in Settings.model_fields}
FILES = [
    ROOT / "Dockerfile",
    ROOT / "docker-compose.yml",
    *sorted(path for path in CHART.rglob("*") if path.is_file() and path.name != "values.schema.json"),
]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_heartline_reads_every_variable_that_is_named_in(path: Any) -> None:
    named = set(re.findall(r"HEARTLINE_[A-Z0-9_]+", path.read_text()))
    assert named <= KNOWN, named - KNOWN


def taken(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Settings:
    for name, value in environment.items():
        if name.startswith("HEARTLINE_"):
            monkeypatch.setenv(name, value)
    return Settings(_env_file=None)


@pytest.mark.parametrize("service", ["topics", *get_args(Stage)])
def test_heartline_takes_the_settings_of_compose(
    compose: dict[str, Any], service: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = taken(compose["services"][service]["environment"], monkeypatch)
    assert settings.bootstrap_servers == "kafka:9092"
    assert settings.partitions == 4


@pytest.mark.parametrize("values", ["ci/default-values.yaml", "ci/secured-values.yaml", "values-production.yaml"])
@pytest.mark.parametrize("process", ["topics", *get_args(Stage)])
def test_heartline_takes_the_settings_of_the_chart(
    helm: Helm, values: str, process: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (workload,) = (item for item in helm.objects(CHART / values) if runs(item, process))
    (container,) = workload["spec"]["template"]["spec"]["containers"]
    settings = taken(variables(container), monkeypatch)
    assert settings.partitions == 12
    assert settings.tenants


def test_the_values_take_every_setting_that_the_chart_does_not_decide_itself(helm: Helm) -> None:
    """What it decides could break a worker, and a password would stand there in plain text."""
    workloads = [item for item in helm.objects(CHART / "ci" / "secured-values.yaml") if item["kind"] in WORKLOADS]
    given = yaml.safe_load((CHART / "ci" / "secured-values.yaml").read_text())["settings"].keys()
    decided = {name for item in workloads for name in variables(item["spec"]["template"]["spec"]["containers"][0])}
    schema = json.loads((CHART / "values.schema.json").read_text())["properties"]["settings"]
    assert set(schema["propertyNames"]["enum"]) == KNOWN - (decided - given)


def runs(item: dict[str, Any], process: str) -> bool:
    """Whether this object of the chart runs that process."""
    labels = item["metadata"]["labels"]
    return item["kind"] in WORKLOADS and bool(labels["app.kubernetes.io/component"] == process)


@pytest.mark.parametrize("stage", TABLES)
def test_the_chart_shares_the_defaults_of_the_settings(helm: Helm, stage: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (workload,) = (item for item in helm.objects() if runs(item, stage))
    settings = taken(variables(workload["spec"]["template"]["spec"]["containers"][0]), monkeypatch)
    for name in ("partitions", "replication_factor", "standby_replicas", "recompute_at", "drain_seconds", "http_port"):
        assert getattr(settings, name) == Settings.model_fields[name].default, name
