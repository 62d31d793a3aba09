"""A value of an object that is computed when it is first asked for, and kept.

Like `functools.cached_property`, without the lock that it takes in the Python we run on: a fold
asks for hundreds of thousands of them in one thread.
"""

from collections.abc import Callable
from typing import Any, Generic, TypeVar, overload

T = TypeVar("T")


class lazy(Generic[T]):  # it is used like a function
    """Of a method without arguments; the object needs a `__dict__`."""

    def __init__(self, compute: Callable[[Any], T]) -> None:
        self._compute = compute
        self._name = compute.__name__
        self.__doc__ = compute.__doc__

    @overload
    def __get__(self, instance: None, owner: type) -> "lazy[T]": ...

    @overload
    def __get__(self, instance: object, owner: type) -> T: ...

    def __get__(self, instance: object | None, owner: type) -> "T | lazy[T]":
        if instance is None:
            return self
        # From now on found in the object itself: this is never asked again.
        value = instance.__dict__[self._name] = self._compute(instance)
        return value
