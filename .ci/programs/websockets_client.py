"""A client of Python's websockets: messages whole and in pieces, beats of both sides, and close codes."""
import asyncio
import hashlib
import random
import sys

import websockets

URL = sys.argv[1].replace("http", "ws", 1)


def tell(*words):
    """Writes one line of the transcript."""
    print(*words, flush=True)


def total(message):
    """Is a message's size and hash, for transcripts."""
    data = message.encode() if isinstance(message, str) else message
    return f"{type(message).__name__} of {len(data)} bytes, {hashlib.sha256(data).hexdigest()[:16]}"


def connect(path):
    """Opens a connection that is given up where a beat stays unanswered for five seconds."""
    return websockets.connect(URL + path, ping_interval=0.3, ping_timeout=5, max_size=8 << 20)


async def pieces(*fragments):
    """Yields fragments with pauses, in which others may beat."""
    for fragment in fragments:
        yield fragment
        await asyncio.sleep(0.25)


async def echo(ws, message):
    """Sends a message and tells what returns."""
    await ws.send(message)
    tell("echo", total(await ws.recv()))


async def end(path, how):
    """Opens a connection, ends it somehow, and tells what it saw of its end."""
    async with connect(path) as ws:
        await how(ws)
        await ws.wait_closed()
        tell(path, "closed:", ws.close_code, ws.close_reason)


async def main():
    noise = random.Random(1).randbytes(1 << 20)
    async with connect("/stays") as ws:
        for size in (0, 1, 125, 126, 65535, 65536, 1 << 20):
            await echo(ws, noise[:size])
        await echo(ws, "grüß Gott " * 20000)
        await echo(ws, pieces(noise[:100], b"", noise[:70000], noise[:9]))
        for payload in (b"", b"client's beat", b"y" * 125):
            await (await ws.ping(payload))
            tell("pong to", payload)
        await ws.pong(b"nobody asked")
        await echo(ws, "beat")
        await asyncio.sleep(1)  # for some beats of both sides' keepalive
        await echo(ws, "still here")

        await end("/mine", lambda ws: ws.close(4001, "the client goes"))
        await end("/yours", lambda ws: ws.send("close 4002 the server goes"))
        tell("ready")
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    tell("closed:", ws.close_code, ws.close_reason)


asyncio.run(main())
