"""All kinds of alerts by name."""

import msgspec


class AlertRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When an alert of one kind goes out, by the parameters that a model gives it."""

    enabled: bool = True


ALERTS: dict[str, type[AlertRule]] = {}
