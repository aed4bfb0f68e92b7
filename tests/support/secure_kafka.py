"""A broker that lets in only who has a password, over TLS, with certificates of an authority made for it."""

import subprocess
from pathlib import Path

from confluent_kafka.admin import ScramCredentialInfo, ScramMechanism, UserScramCredentialUpsertion

from tests.support.kafka import KafkaBroker, free_ports

STORE_PASSWORD = "of-the-store"
USER = "heartline"
PASSWORD = "correct horse, battery; staple"


class SecureKafka(KafkaBroker):
    """Beside the listener of the tests it has one with SASL_SSL: PLAIN and SCRAM-SHA-512."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        folder.mkdir(parents=True, exist_ok=True)
        self._secure_port = free_ports(1)[0]
        self.secure_bootstrap = f"127.0.0.1:{self._secure_port}"
        self.ca = folder / "ca.pem"
        """The certificate of the authority."""
        self._store = folder / "broker.p12"
        make_certificates(self.ca, self._store)

    def add_user(self) -> None:
        """Let `USER` in by SCRAM."""
        info = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, 4096)
        user = UserScramCredentialUpsertion(USER, info, PASSWORD.encode())
        admin = self.admin()
        for future in admin.alter_user_scram_credentials([user]).values():
            future.result(30)

    def _server_properties(self) -> dict[str, str]:
        properties = super()._server_properties()
        module = "org.apache.kafka.common.security"
        listener = "listener.name.secure"
        return properties | {
            "listeners": f"{properties['listeners']},SECURE://{self.secure_bootstrap}",
            "advertised.listeners": f"{properties['advertised.listeners']},SECURE://{self.secure_bootstrap}",
            "listener.security.protocol.map": f"{properties['listener.security.protocol.map']},SECURE:SASL_SSL",
            f"{listener}.ssl.keystore.type": "PKCS12",
            f"{listener}.ssl.keystore.location": str(self._store),
            f"{listener}.ssl.keystore.password": STORE_PASSWORD,
            f"{listener}.sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-512",
            f"{listener}.scram-sha-512.sasl.jaas.config": f"{module}.scram.ScramLoginModule required;",
            f"{listener}.plain.sasl.jaas.config": f'{module}.plain.PlainLoginModule required user_{USER}="{PASSWORD}";',
        }


def make_certificates(ca: Path, store: Path) -> None:
    """An authority, and a store with the broker's key and a certificate for 127.0.0.1 that the authority signed."""
    authority = store.with_name("ca.p12")
    request, signed = store.with_suffix(".csr"), store.with_suffix(".crt")
    key = ["-genkeypair", "-keyalg", "EC", "-validity", "2"]
    _keytool(authority, *key, "-alias", "ca", "-dname", "CN=tests", "-ext", "bc:c=ca:true", "-ext", "ku:c=keyCertSign")
    _keytool(authority, "-exportcert", "-rfc", "-alias", "ca", "-file", str(ca))
    _keytool(store, *key, "-alias", "broker", "-dname", "CN=broker")
    _keytool(store, "-certreq", "-alias", "broker", "-file", str(request))
    sign = ["-gencert", "-rfc", "-alias", "ca", "-infile", str(request), "-outfile", str(signed), "-validity", "2"]
    _keytool(authority, *sign, "-ext", "san=ip:127.0.0.1")
    _keytool(store, "-importcert", "-noprompt", "-alias", "ca", "-file", str(ca))
    _keytool(store, "-importcert", "-noprompt", "-alias", "broker", "-file", str(signed))


def _keytool(store: Path, *arguments: str) -> None:
    command = ["keytool", *arguments, "-keystore", str(store), "-storetype", "PKCS12", "-storepass", STORE_PASSWORD]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
