"""The connection of commands to the brokers, and the error that says why there is none."""

from typing import Any

from confluent_kafka import KafkaError, KafkaException

from stream.errors import BrokerError, BrokerUnreachable, CredentialsRefused
from stream.settings import Settings

SILENT = 0
"""Of a broker that is not there librdkafka would write twenty lines a second; the error says it in one."""
_REFUSED = {KafkaError._AUTHENTICATION, KafkaError._SSL}


class Connection:
    """Properties for a librdkafka client, and what it tells of its connections (when it is polled)."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._heard: KafkaError | None = None

    @property
    def properties(self) -> dict[str, Any]:
        """Where the brokers are and how to talk to them."""
        return {**self._settings.kafka(), "error_cb": self.hear, "log_level": SILENT}

    def hear(self, error: KafkaError) -> None:
        """An error of a connection; a refusal is not forgotten for what follows from it."""
        if self._heard is None or self._heard.code() not in _REFUSED:
            self._heard = error

    @property
    def refusal(self) -> CredentialsRefused | None:
        """Why the brokers do not let us in, if that was heard."""
        if self._heard is None or self._heard.code() not in _REFUSED:
            return None
        return CredentialsRefused(
            f"the brokers of {self._settings.bootstrap_servers} refuse the connection ({self._heard.str()}): check "
            "HEARTLINE_SECURITY_PROTOCOL, HEARTLINE_SASL_MECHANISM, HEARTLINE_SASL_USERNAME, HEARTLINE_SASL_PASSWORD "
            "and HEARTLINE_SSL_CA_LOCATION"
        )

    @property
    def last_word(self) -> str:
        """What was heard of the connections, to follow other words; "" if nothing."""
        return f"; {self._heard.str()}" if self._heard is not None else ""

    def unreachable(self, client: Any, error: KafkaException) -> BrokerError:
        """The error of brokers that do not answer this client."""
        client.poll(0)  # what was heard is told only now
        return self.refusal or BrokerUnreachable(
            f"no broker of {self._settings.bootstrap_servers} answers ({error.args[0].str()}{self.last_word}): "
            "start Kafka, or set HEARTLINE_BOOTSTRAP_SERVERS"
        )
