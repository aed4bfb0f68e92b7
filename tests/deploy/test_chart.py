"""The chart, by helm itself and by Kubernetes' own schemas."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, get_args

import jsonschema
import pytest
import yaml

from stream.settings import Stage
from stream.topics import TABLES
from tests.deploy.conftest import CHART, ROOT, SCRIPTS, Helm, run
from tests.deploy.environment import variables

VALUES = [*sorted((CHART / "ci").glob("*.yaml")), CHART / "values-production.yaml"]
PRODUCTION = CHART / "values-production.yaml"
OLDEST, NEWEST = "1.29", "1.37"
FOLDING = ("scoring", "accounts", "portfolios")
KINDS = {"intake": "Deployment"} | dict.fromkeys(FOLDING, "StatefulSet")
"""What runs the worker of each stage."""


def kubernetes_validate(rendered: Path, version: str) -> subprocess.CompletedProcess[str]:
    return run(SCRIPTS / "kubernetes-validate", "--strict", "-k", version, rendered)


def names(path: Path) -> str:
    return path.stem


def only(objects: list[dict[str, Any]], kind: str, suffix: str = "") -> dict[str, Any]:
    found = [item for item in objects if item["kind"] == kind and item["metadata"]["name"].endswith(suffix)]
    assert len(found) == 1, f"{len(found)} objects of kind {kind} {suffix}"
    return found[0]


def worker(objects: list[dict[str, Any]], stage: str) -> dict[str, Any]:
    return only(objects, KINDS[stage], f"-{stage}")


def container(workload: dict[str, Any]) -> dict[str, Any]:
    (only_one,) = workload["spec"]["template"]["spec"]["containers"]
    return dict(only_one)


@pytest.mark.parametrize("values", VALUES, ids=names)
def test_helm_finds_nothing_to_say_against_the_chart(helm: Helm, values: Path) -> None:
    linted = run(helm.program, "lint", "--strict", "--values", values, CHART)
    assert linted.returncode == 0, linted.stdout


@pytest.mark.parametrize("values", VALUES, ids=names)
@pytest.mark.parametrize("version", [OLDEST, NEWEST])
def test_kubernetes_knows_every_field_of_what_the_chart_renders(
    helm: Helm, values: Path, version: str, tmp_path: Path
) -> None:
    rendered = tmp_path / "rendered.yaml"
    rendered.write_text(helm.template(values).stdout)
    assert "kind: StatefulSet" in rendered.read_text()
    checked = kubernetes_validate(rendered, version)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    lines = (checked.stdout + checked.stderr).splitlines()
    unknown = [line for line in lines if "Couldn't find schema" in line]
    assert all("ServiceMonitor" in line for line in unknown), unknown


def test_the_checker_of_kubernetes_would_notice_a_field_that_is_none(helm: Helm, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(helm.template().stdout.replace("podManagementPolicy:", "podManagmentPolicy:"))
    assert kubernetes_validate(wrong, NEWEST).returncode != 0


def test_the_commands_of_the_readme_install_the_image_that_they_build(helm: Helm) -> None:
    readme = (ROOT / "README.md").read_text()
    (built,), (pushed,) = re.findall(r"docker build -t (\S+)", readme), re.findall(r"docker push (\S+)", readme)
    (options,) = re.findall(r"helm install heartline helm/heartline (.+)", readme)
    rendered = run(helm.program, "template", "heartline", CHART, *options.split())
    assert rendered.returncode == 0, rendered.stderr
    objects = [document for document in yaml.safe_load_all(rendered.stdout) if document]
    for stage in KINDS:
        assert container(worker(objects, stage))["image"] == built == pushed
        assert variables(container(worker(objects, stage)))["HEARTLINE_BOOTSTRAP_SERVERS"] == "kafka.example.com:9092"


def test_the_chart_asks_for_the_oldest_kubernetes_that_it_is_checked_against() -> None:
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    assert chart["kubeVersion"] == f">={OLDEST}.0-0"


def test_the_notes_after_installation_name_commands_that_exist(helm: Helm) -> None:
    options = ("--dry-run=client", "--kubeconfig", "/dev/null")
    installed = run(helm.program, "install", "trial", CHART, *options)
    assert installed.returncode == 0, installed.stderr
    notes = installed.stdout.split("NOTES:", 1)[1]
    commands = re.findall(r"-- heartline ([a-z ]+[a-z])", notes)
    assert commands == ["topics check", "explain"]
    for command in commands:
        assert run(SCRIPTS / "heartline", *command.split(), "--help").returncode == 0, command


BAD = {
    "an unknown value": 'intake={"replica": 2}',
    "an unknown part": 'gateway={"replicas": 2}',
    "a tenant in capitals": 'tenants=["Acme"]',
    "no tenant": "tenants=[]",
    "a number of partitions in quotes": 'topics.partitions="12"',
    "no partition": "topics.partitions=0",
    "fewer workers than none": "scoring.replicas=-1",
    "fewer workers of intake than none": "intake.replicas=-1",
    "an unknown value of a roll-up": 'accounts={"standby": 1}',
    "a time that is none": 'recomputeAt="4am"',
    "a broker without its port": 'kafka.bootstrapServers="kafka"',
    "a protocol that Kafka has not": 'kafka.securityProtocol="TLS"',
    "SASL without a Secret": 'kafka.securityProtocol="SASL_SSL"',
    "a setting that is not Heartline's": 'settings={"PATH": "/"}',
    "a setting that the chart decides": 'settings={"HEARTLINE_WORKER_ID": "0"}',
    "a secret among the settings": 'settings={"HEARTLINE_SASL_PASSWORD": "secret"}',
    "a volume without a name": 'intake.extraVolumes=[{"emptyDir": {}}]',
    "a setting that is not text": 'settings={"HEARTLINE_CYCLE_RECORDS": 100}',
    "a size without its unit": 'scoring.persistence.size="10"',
    "a digest that is none": 'image.digest="latest"',
    "a password among the values": 'kafka.sasl.password="secret"',
}


@pytest.mark.parametrize("setting", BAD.values(), ids=BAD.keys())
def test_the_schema_of_the_values_refuses(helm: Helm, setting: str) -> None:
    refused = helm.template(sets=(setting,))
    assert refused.returncode != 0
    assert "values don't meet the specifications of the schema" in refused.stderr, refused.stderr


@pytest.mark.parametrize("stage", FOLDING)
def test_a_standby_without_another_worker_to_live_on_is_refused_in_words(helm: Helm, stage: str) -> None:
    refused = helm.template(sets=(f"{stage}.standbyReplicas=1",))
    assert refused.returncode != 0
    assert f"must be less than {stage}.replicas" in refused.stderr


@pytest.mark.parametrize("stage", KINDS)
def test_a_stage_can_be_stopped_by_its_values(helm: Helm, stage: str) -> None:
    assert worker(helm.objects(PRODUCTION, sets=(f"{stage}.replicas=0",)), stage)["spec"]["replicas"] == 0


def test_the_pod_that_the_handbook_makes_of_a_stopped_stage_is_one_that_resets_it(helm: Helm, tmp_path: Path) -> None:
    """Its command is run as it stands there, on the chart's own StatefulSet."""
    handbook = (ROOT / "docs" / "operations.md").read_text()
    (program,) = re.findall(r"python3 -c '(.+?)'", handbook, re.DOTALL)
    workload = worker(helm.objects(CHART / "ci" / "secured-values.yaml"), "scoring")
    command = [sys.executable, "-c", program]
    made = subprocess.run(command, input=json.dumps(workload), capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stderr
    pod = json.loads(made.stdout)
    (tmp_path / "pod.json").write_text(made.stdout)
    checked = kubernetes_validate(tmp_path / "pod.json", NEWEST)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    (resetting,) = pod["spec"]["containers"]
    assert resetting["args"] == ["state", "reset", "--everywhere", "--yes"]
    assert not [name for name in resetting if name.endswith("Probe")]
    assert resetting["env"] == container(workload)["env"]
    mounted = {mount["name"] for mount in resetting["volumeMounts"]}
    assert mounted == {volume["name"] for volume in pod["spec"]["volumes"]}
    assert "labels" not in pod["metadata"], "no Service, budget or set takes it for a worker"
    (claim,) = workload["spec"]["volumeClaimTemplates"]
    selected = re.findall(r"delete pvc -l (\S+)", handbook)
    labels = claim["metadata"]["labels"] | {"app.kubernetes.io/instance": "heartline"}
    assert selected == [
        ",".join(f"app.kubernetes.io/{key}={labels[f'app.kubernetes.io/{key}']}" for key in ("instance", "component"))
    ]


def test_the_schema_closes_every_object_that_the_chart_reads() -> None:
    schema = json.loads((CHART / "values.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)

    def open_ones(node: object, path: str) -> list[str]:
        if not isinstance(node, dict):
            return []
        here = (
            [path] if "properties" in node and "type" in node and node.get("additionalProperties") is not False else []
        )
        return here + [found for key, child in node.items() for found in open_ones(child, f"{path}/{key}")]

    assert open_ones(schema, "") == []


def test_the_chart_runs_every_stage_that_heartline_has(helm: Helm) -> None:
    objects = helm.objects()
    assert set(KINDS) == set(get_args(Stage))
    assert set(FOLDING) == set(TABLES)
    for stage in KINDS:
        assert container(worker(objects, stage))["args"] == ["worker", stage]
    assert len([item for item in objects if item["kind"] in {"Deployment", "StatefulSet"}]) == len(KINDS)


@pytest.mark.parametrize("stage", FOLDING)
def test_a_pod_that_folds_keeps_its_name_its_membership_and_its_volume(helm: Helm, stage: str) -> None:
    workload = worker(helm.objects(PRODUCTION), stage)
    settings = variables(container(workload))
    assert settings["HEARTLINE_WORKER_ID"] == "metadata.name"
    assert settings["HEARTLINE_DATA_DIRECTORY"] == "/var/lib/heartline"
    assert "HEARTLINE_STATIC_MEMBERSHIP" not in settings
    (claim,) = workload["spec"]["volumeClaimTemplates"]
    mounts = {mount["name"]: mount["mountPath"] for mount in container(workload)["volumeMounts"]}
    assert mounts[claim["metadata"]["name"]] == settings["HEARTLINE_DATA_DIRECTORY"]


@pytest.mark.parametrize("stage", FOLDING)
def test_the_volume_of_a_stage_is_as_its_own_values_say(helm: Helm, stage: str) -> None:
    given = f'{stage}.persistence={{"size": "7Gi", "storageClassName": "quick"}}'
    (claim,) = worker(helm.objects(sets=(given,)), stage)["spec"]["volumeClaimTemplates"]
    assert claim["spec"]["resources"]["requests"]["storage"] == "7Gi"
    assert claim["spec"]["storageClassName"] == "quick"


def test_every_name_and_label_of_the_longest_release_fits(helm: Helm) -> None:
    objects = helm.objects(sets=(f'fullnameOverride="{"n" * 50}"',))
    for stage, kind in KINDS.items():
        name = only(objects, kind, f"-{stage}")["metadata"]["name"]
        # Kubernetes labels each pod with the name and a hash of up to ten characters.
        assert len(name) + 11 <= 63


def test_an_intake_pod_leaves_its_group_when_it_goes(helm: Helm) -> None:
    intake = only(helm.objects(), "Deployment", "-intake")
    assert variables(container(intake))["HEARTLINE_STATIC_MEMBERSHIP"] == "false"


@pytest.mark.parametrize("stage", KINDS)
def test_a_pod_is_given_longer_to_stop_than_it_drains(helm: Helm, stage: str) -> None:
    workload = worker(helm.objects(sets=(f"{stage}.drainSeconds=90",)), stage)
    drain = int(variables(container(workload))["HEARTLINE_DRAIN_SECONDS"])
    assert drain == 90
    assert workload["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] >= drain + 10


@pytest.mark.parametrize("stage", KINDS)
def test_liveness_is_asked_apart_from_readiness(helm: Helm, stage: str) -> None:
    probed = container(worker(helm.objects(), stage))
    assert probed["livenessProbe"]["httpGet"]["path"] == "/live"
    assert probed["startupProbe"]["httpGet"]["path"] == "/live"
    assert probed["readinessProbe"]["httpGet"]["path"] == "/ready"
    ports = {port["name"]: port["containerPort"] for port in probed["ports"]}
    assert str(ports["http"]) == variables(probed)["HEARTLINE_HTTP_PORT"]


def test_topics_are_made_before_the_workers_come(helm: Helm) -> None:
    job = only(helm.objects(), "Job", "-topics")
    assert job["metadata"]["annotations"]["helm.sh/hook"] == "pre-install,pre-upgrade"
    assert container(job)["args"] == ["topics", "create"]


@pytest.mark.parametrize("process", ["topics", *KINDS])
def test_a_pod_runs_where_its_own_values_let_it(helm: Helm, process: str) -> None:
    placement = {
        "nodeSelector": {"pool": process},
        "tolerations": [{"key": "dedicated", "operator": "Exists"}],
        "affinity": {"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": []}},
    }
    objects = helm.objects(sets=(f"{process}={json.dumps(placement)}",))
    workload = only(objects, "Job") if process == "topics" else worker(objects, process)
    pod = workload["spec"]["template"]["spec"]
    assert {name: pod[name] for name in placement} == placement


def test_a_classifier_of_your_own_lies_where_its_setting_says(helm: Helm) -> None:
    intake = worker(helm.objects(CHART / "ci" / "secured-values.yaml"), "intake")
    (mount,) = (mount for mount in container(intake)["volumeMounts"] if mount["name"] == "model")
    assert variables(container(intake))["HEARTLINE_CLASSIFIER"] == f"onnx:{mount['mountPath']}"
    (volume,) = (volume for volume in intake["spec"]["template"]["spec"]["volumes"] if volume["name"] == "model")
    assert volume["persistentVolumeClaim"]["claimName"] == "our-model"


def test_topics_of_somebody_else_are_left_alone(helm: Helm) -> None:
    objects = helm.objects(CHART / "ci" / "existing-topics-values.yaml")
    assert "Job" not in {item["kind"] for item in objects}


@pytest.mark.parametrize("stage", FOLDING)
def test_production_keeps_three_copies_on_the_brokers_and_a_warm_one_beside(helm: Helm, stage: str) -> None:
    workload = worker(helm.objects(PRODUCTION), stage)
    settings = variables(container(workload))
    assert settings["HEARTLINE_REPLICATION_FACTOR"] == "3"
    assert settings["HEARTLINE_STANDBY_REPLICAS"] == "1"
    assert workload["spec"]["replicas"] > 1


def test_secrets_reach_every_process_by_reference_only(helm: Helm) -> None:
    objects = helm.objects(CHART / "ci" / "secured-values.yaml")
    for workload in (item for item in objects if item["kind"] in {"Deployment", "StatefulSet", "Job"}):
        settings = variables(container(workload))
        assert settings["HEARTLINE_SASL_USERNAME"] == "secret kafka-user/user"
        assert settings["HEARTLINE_SASL_PASSWORD"] == "secret kafka-user/password"
        assert settings["HEARTLINE_SSL_CA_LOCATION"] == "/etc/heartline/tls/authority.pem"
    assert "Secret" not in {item["kind"] for item in objects}


@pytest.mark.parametrize("values", VALUES, ids=names)
def test_no_pod_runs_as_root_writes_its_image_or_holds_a_token(helm: Helm, values: Path) -> None:
    workloads = [item for item in helm.objects(values) if item["kind"] in {"Deployment", "StatefulSet", "Job"}]
    assert len(workloads) >= len(KINDS)
    for workload in workloads:
        pod = workload["spec"]["template"]["spec"]
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["automountServiceAccountToken"] is False
        security = container(workload)["securityContext"]
        assert security["readOnlyRootFilesystem"] is True
        assert security["allowPrivilegeEscalation"] is False
        assert security["capabilities"] == {"drop": ["ALL"]}
        assert container(workload)["resources"]["limits"]["memory"]


def test_every_service_and_budget_finds_the_pods_of_its_stage(helm: Helm) -> None:
    objects = helm.objects(CHART / "ci" / "secured-values.yaml")
    for stage in KINDS:
        labels = worker(objects, stage)["spec"]["template"]["metadata"]["labels"]
        service = only(objects, "Service", f"-{stage}")["spec"]["selector"]
        budget = only(objects, "PodDisruptionBudget", f"-{stage}")["spec"]["selector"]["matchLabels"]
        assert service.items() <= labels.items()
        assert budget.items() <= labels.items()
        assert service["app.kubernetes.io/component"] == stage


def test_prometheus_finds_every_service(helm: Helm) -> None:
    objects = helm.objects(CHART / "ci" / "secured-values.yaml")
    monitor = only(objects, "ServiceMonitor")["spec"]
    for stage in KINDS:
        service = only(objects, "Service", f"-{stage}")
        assert monitor["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
        assert monitor["endpoints"][0]["port"] in {port["name"] for port in service["spec"]["ports"]}
