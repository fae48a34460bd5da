"""The event loop of a crawling child: it connects only to addresses that the policy allows."""

import asyncio
from typing import Any

from twisted.internet.asyncioreactor import AsyncioSelectorReactor
from twisted.internet.interfaces import IConnector
from twisted.internet.main import installReactor

from listener.crawl.guards import AddressPolicy

REACTOR = "listener.crawl.reactor.GuardedReactor"


class GuardedReactor(AsyncioSelectorReactor):
    """Checks every outgoing connection where it is made.

    By then each name is resolved, so there is no moment in which it could be pointed elsewhere.
    Without a policy nothing is connected to.
    """

    policy: AddressPolicy = AddressPolicy(networks=(), endpoints=())

    def connectTCP(self, host: str, port: int, *arguments: Any, **keywords: Any) -> IConnector:
        """Connect to an address; raises ``AddressRefused`` for one that is not allowed."""
        self.policy.check_endpoint(host, port)
        return super().connectTCP(host, port, *arguments, **keywords)


def install() -> None:
    """Install the reactor; Scrapy finds this function beside the class that a setting names."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    installReactor(GuardedReactor(loop))  # type: ignore[no-untyped-call]  # Twisted's own
