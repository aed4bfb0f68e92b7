"""Values that are worked out when they are first asked for."""

from collections.abc import Callable
from typing import Any, Generic, TypeVar

ValueT = TypeVar("ValueT")


class Once(Generic[ValueT]):
    """`functools.cached_property` without its lock, which costs as much as what is worked out here (Python 3.11)."""

    def __init__(self, work_out: Callable[[Any], ValueT]) -> None:
        self._work_out = work_out
        self._name = work_out.__name__
        self.__doc__ = work_out.__doc__

    def __get__(self, instance: Any, owner: type) -> ValueT:
        value = self._work_out(instance)
        instance.__dict__[self._name] = value
        return value
