"""`contact_health_recovered`: a contact whose decline was told is at risk no more."""

from models.health.alerts.rule import OF_CONDITIONS, AlertRule


class ContactHealthRecovered(AlertRule, frozen=True, kw_only=True):
    """Goes out when the episode of a `contact_health_declined` ends, and carries its `episode_id`.

    It has no condition of its own: dwell, cooldown and `on_model_change` are those of the decline. Source: 002.
    """

    name = "contact_health_recovered"
    code = 2
    idle = OF_CONDITIONS
