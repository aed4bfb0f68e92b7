"""Every setting, read from `HEARTLINE_…` environment variables (and a `.env` file).

The table is in `docs/settings.md`.
"""

import re
import ssl
from datetime import time
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from schemas.base import TENANT_PATTERN
from stream.errors import ConfigurationError

Stage = Literal["intake", "scoring", "accounts", "portfolios"]
Share = Annotated[float, Field(ge=0.0, le=1.0)]
Tenants = Annotated[frozenset[str], NoDecode]
Name = Annotated[str, Field(pattern=r"^[a-zA-Z0-9._-]+$")]
"""What Kafka takes as a part of the name of a topic or a member."""

_is_tenant = re.compile(TENANT_PATTERN).fullmatch


class Settings(BaseSettings):
    """Settings of all commands and workers. A wrong value is an error that names the variable."""

    model_config = SettingsConfigDict(env_prefix="HEARTLINE_", env_file=".env", extra="ignore", frozen=True)

    bootstrap_servers: str = Field("127.0.0.1:9092", description="Kafka brokers, host:port separated by commas.")
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        "PLAINTEXT", description="How to talk to the brokers."
    )
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] | None = Field(
        None, validate_default=True, description="With SASL_…: the mechanism."
    )
    sasl_username: str | None = Field(None, validate_default=True, description="With SASL_…: the user.")
    sasl_password: SecretStr | None = Field(
        None, validate_default=True, description="With SASL_…: the password. Never printed."
    )
    ssl_ca_location: Path | None = Field(None, description="With …SSL: the file of the certificate authority.")

    application: Name = Field(
        "heartline", description="Prefix of consumer groups, transactional ids and the changelog's name."
    )
    worker_id: Name = Field("0", description="Stable name of this worker: its static member id and transactional id.")
    static_membership: bool = Field(
        True, description="Join the group under the worker id, so that a restart moves no partitions."
    )
    data_directory: Path = Field(
        Path("data"), description="Where a worker keeps its RocksDB tables; one directory per worker."
    )
    delivery: Literal["transactional", "plain"] = Field(
        "transactional",
        description="transactional: exactly once; plain: at least once, for brokers without transactions.",
    )

    partitions: int = Field(
        12, ge=1, le=10_000, description="Partitions of each topic made by `heartline topics create`."
    )
    replication_factor: int = Field(
        1, ge=1, le=15, description="Copies of each partition on the brokers (3 in production)."
    )
    standby_replicas: int = Field(
        0, ge=0, le=5, description="Workers that keep a warm copy of a partition's state (1 in production)."
    )

    tenants: Tenants = Field(
        frozenset({"default"}),
        description="Tenants (of a-z, 0-9, -) whose events are accepted, separated by commas, beside those registered.",
    )
    classifier: str = Field("default", description="default, vader, onnx:DIRECTORY or hf:NAME_OR_DIRECTORY.")
    classifier_sessions: int | None = Field(
        None, ge=1, le=128, description="Networks side by side, one thread each; by default one per core."
    )
    classifier_labels: Annotated[dict[str, str] | None, NoDecode] = Field(
        None, description="Another model's labels: LABEL_0=negative,LABEL_1=neutral,LABEL_2=positive."
    )
    min_confidence: Share = Field(0.0, description="A message read with less confidence has no sentiment.")
    prior_tau: Share | None = Field(
        None,
        description="How far the shipped model takes its prior back; by default its own choice.",
    )
    labelled_examples: Tenants = Field(
        frozenset(), description="Tenants whose corrected messages are kept with their text, for later training."
    )
    recompute_at: time = Field(time(4, 0), description="UTC time of day of the daily recompute.")
    dead_letter_limit: float = Field(
        0.5,
        ge=0.0,
        le=1.0,
        description="A worker stops when more than this share of the last 1,000 records is bad; 1 turns it off.",
    )

    session_timeout_seconds: float = Field(
        10.0, ge=3, description="A worker that is silent for so long loses its partitions."
    )
    cycle_records: int = Field(4000, ge=1, description="Most records of one transaction.")
    drain_seconds: float = Field(20.0, ge=0, description="Bound of finishing work in hand when asked to stop.")
    stall_seconds: float = Field(
        60.0, ge=5, description="A worker that makes no progress for so long while records wait ends itself."
    )

    http_host: str = Field(
        "0.0.0.0", description="Address of /metrics, /live and /ready (no authentication: keep it inside)."
    )
    http_port: int = Field(8080, ge=0, le=65535, description="Port of /metrics, /live and /ready; 0 for any free one.")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="Least severity that is logged."
    )
    log_format: Literal["json", "console"] = Field("json", description="json for machines, console for people.")

    @field_validator("tenants", "labelled_examples", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return frozenset(_parts(value)) if isinstance(value, str) else value

    @field_validator("tenants", "labelled_examples")
    @classmethod
    def _refuse_what_is_no_tenant(cls, tenants: frozenset[str]) -> frozenset[str]:
        """A key is tenant/id: with a slash in its tenant it would be another tenant's."""
        for tenant in sorted(tenants):
            if not _is_tenant(tenant):
                raise ValueError(f"{tenant!r} is no tenant: write 1 to 63 of a-z, 0-9 and '-'")
        return tenants

    @field_validator("recompute_at")
    @classmethod
    def _refuse_an_offset(cls, at: time) -> time:
        if at.tzinfo is not None:
            raise ValueError("write a time of day in UTC, like 04:00, without an offset")
        return at

    @field_validator("sasl_mechanism", "sasl_username", "sasl_password")
    @classmethod
    def _need_with_sasl(cls, value: object, others: ValidationInfo) -> object:
        protocol = others.data.get("security_protocol", "")
        if not value and protocol.startswith("SASL"):
            raise ValueError(f"is needed with HEARTLINE_SECURITY_PROTOCOL={protocol}")
        return value

    @field_validator("classifier_labels", mode="before")
    @classmethod
    def _split_pairs(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        pairs = [part.partition("=") for part in _parts(value)]
        if not all(name and equals and label for name, equals, label in pairs):
            raise ValueError("write NAME=label pairs, separated by commas")
        return {name: label for name, _, label in pairs}

    def kafka(self) -> dict[str, str | int | float | bool]:
        """The connection as librdkafka properties. Raises `ConfigurationError` if its certificates cannot be read."""
        properties: dict[str, str | int | float | bool] = {"bootstrap.servers": self.bootstrap_servers}
        if "SSL" in self.security_protocol:
            self._tls()
        if self.security_protocol != "PLAINTEXT":
            properties["security.protocol"] = self.security_protocol.lower()
        optional = {
            "sasl.mechanism": self.sasl_mechanism,
            "sasl.username": self.sasl_username,
            "sasl.password": self.sasl_password.get_secret_value() if self.sasl_password else None,
            "ssl.ca.location": str(self.ssl_ca_location) if self.ssl_ca_location else None,
        }
        return properties | {name: value for name, value in optional.items() if value is not None}

    def faust(self) -> dict[str, Any]:
        """The connection as settings of the Faust app, whose member of the group speaks for a worker."""
        if self.security_protocol == "PLAINTEXT":
            return {}
        context = self._tls() if "SSL" in self.security_protocol else None
        from faust import SASLCredentials, SSLCredentials  # a second to import, and only workers need it

        if not self.security_protocol.startswith("SASL"):
            return {"broker_credentials": SSLCredentials(context)}
        password = self.sasl_password.get_secret_value() if self.sasl_password else None
        credentials = SASLCredentials(
            username=self.sasl_username, password=password, mechanism=self.sasl_mechanism, ssl_context=context
        )
        return {"broker_credentials": credentials}

    def _tls(self) -> ssl.SSLContext:
        """Whom we trust. librdkafka would tell of a file that is none only in words of OpenSSL."""
        try:
            return ssl.create_default_context(cafile=self.ssl_ca_location)
        except OSError as error:
            raise ConfigurationError(
                f"HEARTLINE_SSL_CA_LOCATION={self.ssl_ca_location}: this is no file of certificates in PEM format "
                f"({error.strerror})"
            ) from error

    def group(self, stage: Stage) -> str:
        """The consumer group of a stage, which is also its Faust application id."""
        return f"{self.application}-{stage}"


def _parts(value: str) -> list[str]:
    return [part.strip() for part in value.split(",") if part.strip()]
