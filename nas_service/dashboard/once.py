"""What is worked out of an answer once, for all pages that have it: they share answers, and so what is made of them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import is_dataclass
from functools import wraps
from typing import Any, Final, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")
KEPT: Final = 8  # results of each function
PLAIN: Final = (str, int, float, bool, type(None))


def once(function: Callable[P, T]) -> Callable[P, T]:
    """The same result for the same answers, which nobody may change afterwards; for one thread.

    An argument is the same if it is that very object, or an equal text, number or dataclass of such.
    """
    known: OrderedDict[Hashable, tuple[tuple[Any, ...], T]] = OrderedDict()

    @wraps(function)
    def remembered(*args: P.args, **kwargs: P.kwargs) -> T:
        given = (*args, *kwargs.values())
        name = (*map(_identity, given), *kwargs)
        if name not in known:
            known[name] = given, function(*args, **kwargs)  # the arguments are kept: an id is only of what is there
            if len(known) > KEPT:
                known.popitem(last=False)
        known.move_to_end(name)
        return known[name][1]

    return remembered


def _identity(given: Any) -> Hashable:
    return (type(given), given) if isinstance(given, PLAIN) or is_dataclass(given) else id(given)
