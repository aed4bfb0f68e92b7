"""`/metrics`, `/live` and `/ready` of a worker."""

from collections.abc import Callable

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from stream.metrics import Metrics


class HealthServer:
    """Serves what an orchestrator and Prometheus ask for.

    Live: the process answers. Ready: it has its partitions and their state; not while it recovers or the group
    rebalances.
    """

    def __init__(self, host: str, port: int, metrics: Metrics, ready: Callable[[], bool]) -> None:
        self._host, self._port = host, port
        self._metrics = metrics
        self._ready = ready
        app = web.Application()
        app.add_routes(
            [web.get("/metrics", self._scrape), web.get("/live", self._live), web.get("/ready", self._readiness)]
        )
        self._runner = web.AppRunner(app, access_log=None)

    async def start(self) -> int:
        """Listen; returns the port."""
        await self._runner.setup()
        site = web.TCPSite(self._runner, self._host, self._port)
        await site.start()
        return int(self._runner.addresses[0][1])

    async def stop(self) -> None:
        """Stop listening."""
        await self._runner.cleanup()

    async def _scrape(self, _request: web.Request) -> web.Response:
        return web.Response(body=generate_latest(self._metrics.registry), headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def _live(self, _request: web.Request) -> web.Response:
        return web.Response(text="live\n")

    async def _readiness(self, _request: web.Request) -> web.Response:
        return (
            web.Response(text="ready\n")
            if self._ready()
            else web.Response(text="recovering or rebalancing\n", status=503)
        )
