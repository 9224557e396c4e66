"""A server of aiohttp's that beats every two seconds and takes any frame for a sign of life: heartbeat= does that."""
import asyncio
import sys

from aiohttp import web


async def serve(request):
    """Reads until the client has gone, or has been silent for too long."""
    ws = web.WebSocketResponse(heartbeat=2)
    await ws.prepare(request)
    async for _ in ws:
        pass
    return ws


async def main():
    app = web.Application()
    app.router.add_get("/{path:.*}", serve)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print("listening on", runner.addresses[0][1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    await runner.cleanup()


asyncio.run(main())
