"""A server of Python's websockets that echoes, beats often, and ends connections as it is told."""
import asyncio
import sys

import websockets


async def serve(ws):
    """Tells what one connection says, in the order in which it came."""
    name = str(next(people))
    try:
        async for message in ws:
            if isinstance(message, str) and message.startswith("close "):
                _, code, reason = message.split(" ", 2)
                await ws.close(int(code), reason)
            elif message == "beat":
                for payload in (b"", b"server's beat", b"x" * 125):
                    await (await ws.ping(payload))
                await ws.send("the client answered three pings")
            else:
                await ws.send(message)
    finally:
        print(name, "closed:", ws.close_code, ws.close_reason, flush=True)


async def main():
    async with websockets.serve(serve, "127.0.0.1", 0, ping_interval=0.3, ping_timeout=5, max_size=8 << 20) as server:
        print("listening on", server.sockets[0].getsockname()[1], flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


people = iter(range(1, 1000))
asyncio.run(main())
