from collections.abc import Callable
from datetime import time
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from stream.commands.settings import markdown
from stream.errors import ConfigurationError
from stream.settings import Settings

DOCS = Path(__file__).parents[3] / "docs" / "settings.md"


def test_the_documented_table_is_current() -> None:
    assert markdown() in DOCS.read_text(), "run `heartline settings --markdown` and put its table into docs/settings.md"


def test_tenants_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEARTLINE_TENANTS", "acme, globex")
    assert Settings().tenants == {"acme", "globex"}


def test_a_secret_is_never_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEARTLINE_SASL_PASSWORD", "hunter2")
    monkeypatch.setenv("HEARTLINE_SECURITY_PROTOCOL", "SASL_SSL")
    monkeypatch.setenv("HEARTLINE_SASL_MECHANISM", "PLAIN")
    monkeypatch.setenv("HEARTLINE_SASL_USERNAME", "hunter")
    settings = Settings()
    assert "hunter2" not in repr(settings)
    assert settings.kafka()["sasl.password"] == "hunter2"


def test_a_wrong_value_names_its_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEARTLINE_PARTITIONS", "none")
    with pytest.raises(ValidationError, match="partitions"):
        Settings()


@pytest.mark.parametrize("name", ["tenants", "labelled_examples"])
@pytest.mark.parametrize("value", ["A/B", "acme/eu", "acme,Globex", "a" * 64, "acme globex", "ä"])
def test_what_is_no_tenant_is_refused_for_its_keys_would_be_anothers(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(f"HEARTLINE_{name.upper()}", value)
    with pytest.raises(ValidationError, match=f"{name}\n.*is no tenant: write 1 to 63 of a-z, 0-9 and '-'"):
        Settings()


def test_the_daily_recompute_has_no_time_zone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEARTLINE_RECOMPUTE_AT", "04:30")
    assert Settings().recompute_at == time(4, 30)
    for value in ("04:00+05:00", "04:00Z"):
        monkeypatch.setenv("HEARTLINE_RECOMPUTE_AT", value)
        with pytest.raises(ValidationError, match=r"recompute_at\n.*without an offset"):
            Settings()


@pytest.mark.parametrize("name", ["application", "worker_id"])
@pytest.mark.parametrize("value", ["", " ", "a b", "a/b"])
def test_a_name_that_kafka_would_not_take_is_refused(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"HEARTLINE_{name.upper()}", value)
    with pytest.raises(ValidationError, match=name):
        Settings()


@pytest.mark.parametrize("missing", ["sasl_mechanism", "sasl_username", "sasl_password"])
def test_with_sasl_all_of_it_is_needed(missing: str) -> None:
    given: dict[str, Any] = {"sasl_mechanism": "PLAIN", "sasl_username": "u", "sasl_password": "p"}
    del given[missing]
    assert Settings(**given)
    with pytest.raises(ValidationError, match=f"{missing}\n.*is needed with HEARTLINE_SECURITY_PROTOCOL=SASL_SSL"):
        Settings(security_protocol="SASL_SSL", **given)


@pytest.mark.parametrize("content", [None, "", "no certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n"])
@pytest.mark.parametrize("connection", [Settings.kafka, Settings.faust])
def test_certificates_that_cannot_be_read_are_an_error_that_names_the_setting(
    tmp_path: Path, content: str | None, connection: Callable[[Settings], object]
) -> None:
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_text(content)
    assert Settings(ssl_ca_location=file).kafka()
    with pytest.raises(ConfigurationError, match=f"HEARTLINE_SSL_CA_LOCATION={file}: this is no file of certificates"):
        connection(Settings(security_protocol="SSL", ssl_ca_location=file))


def test_without_security_only_the_brokers_are_named() -> None:
    assert Settings(bootstrap_servers="k:9092").kafka() == {"bootstrap.servers": "k:9092"}
