"""The service as an agent sees it: orders and networks come from it, visits go to it.

The device opens every connection, so an agent works from behind NAT. A service that is away or restarting is asked
again, for as long as it takes.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from http.client import HTTPException
from itertools import chain, repeat
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote, urlencode
from urllib.request import Request, urlopen

from .measure import Visit
from .orders import VERSION, Order

ANSWER_S = 60.0
PAUSES_S = (1.0, 2.0, 5.0, 10.0, 30.0)  # between attempts; the last one from then on

Say = Callable[[str], None]


class Refused(Exception):
    """An answer of 400 to 499: the service's own sentence, and its status."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Server:
    """`key` has the scope `measure`, or is empty where the service asks for none."""

    def __init__(self, url: str, key: str = "", say: Say = lambda _: None, pause: Callable[[float], None] = time.sleep):
        if not url.startswith(("http://", "https://")):
            raise ValueError(f"{url!r} is no address of a service; it begins with http:// or https://")
        self._url = url.rstrip("/") + "/api/v1/agent"
        self._headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {key}"} if key else {})
        self._say, self._pause = say, pause

    def order(self, machine: Mapping[str, Any]) -> Order | None:
        """What there is to measure on this machine now, if anything. Raises OtherVersion."""
        answer = self._ask("POST", "/orders", dict(machine))
        return Order.from_json(json.loads(answer)) if answer else None

    def network(self, order: Order, subject: str) -> bytes:
        """The ONNX file of a subject of the order."""
        query = urlencode({"agent": order.agent, "attempt": order.attempt, "subject": subject})
        return self._ask("GET", f"/orders/{quote(order.campaign)}/network?{query}")

    def visits(self, order: Order, first: int, made: list[tuple[str, Visit]]) -> None:
        """Hand over visits, of which the first has this number; none, to say that the agent is still there."""
        listed = [[subject, visit.latency_ms, visit.runs] for subject, visit in made]
        told = _whose(order) | {"first": first, "visits": listed}
        self._ask("POST", f"/orders/{quote(order.campaign)}/visits", told)

    def cannot(self, order: Order, subject: str, message: str) -> None:
        """Say that this device's runtime cannot run a subject."""
        told = _whose(order) | {"subject": subject, "message": message}
        self._ask("POST", f"/orders/{quote(order.campaign)}/failure", told)

    def _ask(self, method: str, path: str, told: Any = None) -> bytes:
        """The body of a good answer. Raises Refused; whatever else goes wrong is tried again."""
        body = None if told is None else json.dumps(told).encode()
        for wait_s in chain(PAUSES_S, repeat(PAUSES_S[-1])):
            request = Request(self._url + path, body, self._headers, method=method)  # noqa: S310 - see the constructor
            try:
                with urlopen(request, timeout=ANSWER_S) as answer:  # noqa: S310
                    found: bytes = answer.read()
                    return found
            except HTTPError as error:
                with error:
                    if error.code < 500:
                        raise Refused(error.code, _sentence(error)) from None
                    problem = f"the service answered {error.code}"
            except (OSError, HTTPException) as error:
                problem = str(getattr(error, "reason", error)) or type(error).__name__
            self._say(f"{problem}; asking again in {wait_s:g} s")
            self._pause(wait_s)
        return b""  # which nobody gets: the last pause is repeated for ever


def _whose(order: Order) -> dict[str, Any]:
    return {"version": VERSION, "agent": order.agent, "attempt": order.attempt}


def _sentence(error: HTTPError) -> str:
    try:
        told = json.loads(error.read())
        return str(told["detail"])
    except (ValueError, KeyError, TypeError, OSError):
        return f"the service answered {error.code} {error.reason}"
