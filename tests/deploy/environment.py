"""The environment variables that a container is given, however they are written."""

from typing import Any


def variables(container: dict[str, Any]) -> dict[str, str]:
    """Of a Kubernetes container: name to value, or to what the value refers to (`metadata.name`, `secret NAME/KEY`)."""
    return {entry["name"]: _value(entry) for entry in container["env"]}


def _value(entry: dict[str, Any]) -> str:
    if "value" in entry:
        return str(entry["value"])
    source = entry["valueFrom"]
    if "fieldRef" in source:
        return str(source["fieldRef"]["fieldPath"])
    secret = source["secretKeyRef"]
    return f"secret {secret['name']}/{secret['key']}"
