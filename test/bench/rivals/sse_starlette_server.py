"""sse-starlette on uvicorn. What it shall serve comes as JSON in the first argument; it prints its port.

Each line of the standard input is an event for all clients of /live; its end is that of the server.
"""

import asyncio
import json
import socket
import sys
import uuid

import uvicorn
from sse_starlette import EventSourceResponse
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

try:
    from uvloop import run
except ImportError:
    from asyncio import run

SETUP = json.loads(sys.argv[1])
# Seconds: the longest silence that any workload has a heartbeat for.
NEVER = 3_600

queues: set[asyncio.Queue[str]] = set()


def event(data: str) -> dict[str, str]:
    return {"data": data, "id": str(uuid.uuid4())} if SETUP["ids"] else {"data": data}


async def ticks():
    for n in range(SETUP["events"]):
        tick = {"symbol": "ACME" + SETUP["marker"], "price": 100 + n % 1_000 / 8, "at": 1_700_000_000_000 + n}
        yield event(json.dumps(tick, separators=(",", ":")))
    if SETUP["stays"]:
        await asyncio.Event().wait()


async def published():
    queue: asyncio.Queue[str] = asyncio.Queue()
    queues.add(queue)
    try:
        while True:
            yield event(await queue.get())
    finally:
        queues.discard(queue)


async def stream(_request):
    return EventSourceResponse(ticks(), ping=NEVER)


async def live(_request):
    return EventSourceResponse(published(), ping=SETUP["heartbeat"] or NEVER)


async def ping(_request):
    return PlainTextResponse("pong")


async def main() -> None:
    listener = socket.create_server(("127.0.0.1", 0), backlog=511)
    app = Starlette(routes=[Route("/stream", stream), Route("/live", live), Route("/ping", ping)])
    server = uvicorn.Server(uvicorn.Config(app, lifespan="off", log_level="error", access_log=False))
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    while not server.started:
        await asyncio.sleep(0.01)
    print(listener.getsockname()[1], flush=True)
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    while line := await lines.readline():
        for queue in queues:
            queue.put_nowait(line.decode().rstrip("\n"))
    server.force_exit = server.should_exit = True
    await serving


run(main())
