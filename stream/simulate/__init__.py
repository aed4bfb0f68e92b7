"""A believable helpdesk, for the demo, for load, and for tests. Seeded: the same numbers give the same events."""

from stream.simulate.delivery import Delivery, deliver
from stream.simulate.helpdesk import simulate

__all__ = ["Delivery", "deliver", "simulate"]
