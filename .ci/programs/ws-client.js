// A ws client: compressed, fragmented and large messages, beats of both sides, and many ways to end.
import { once } from "node:events";
import WebSocket from "ws";
import { dismissed, noise, sleep, sum, tell } from "./actor.js";

const base = process.argv[2].replace(/^http/, "ws");

// open tells all of a connection but its messages, and but for beats that come at any moment.
async function open(name, path, options) {
  const ws = new WebSocket(base + path, ["v1", "v2"], options);
  ws.on("pong", (payload) => tell(name, "pong", payload));
  ws.on("error", (error) => tell(name, "error:", error.message));
  ws.on("close", (code, reason) => tell(name, `closed: ${code} ${reason}`));
  await once(ws, "open");
  tell(name, "opened:", ws.protocol, ws.extensions);
  return ws;
}

async function echo(ws, message) {
  ws.send(message);
  const [answer, binary] = await once(ws, "message");
  tell("echo", binary ? "binary" : "text", sum(answer), "unchanged:", Buffer.from(message).equals(answer));
}

// pieces sends fragments of a message with pauses, in which others may beat.
async function pieces(ws, ...fragments) {
  for (const [i, fragment] of fragments.entries()) {
    ws.send(fragment, { fin: i === fragments.length - 1 });
    if (i < fragments.length - 1) await sleep(250);
  }
  const [answer] = await once(ws, "message");
  tell("in pieces", sum(answer));
}

async function end(name, path, how) {
  const ws = await open(name, path);
  const over = once(ws, "close");
  await how(ws);
  await over;
}

await new Promise((resolve) => {
  const refused = new WebSocket(base + "/private");
  refused.on("unexpected-response", (_, response) => {
    let body = "";
    response.on("data", (data) => (body += data));
    response.on("end", () => resolve(tell("refused:", response.statusCode, response.headers["x-why"], body)));
  });
});

for (const compressed of [true, false]) {
  const path = compressed ? "/compressed" : "/plain";
  const ws = await open(path, path, { perMessageDeflate: compressed });
  for (const size of [0, 1, 125, 126, 65535, 65536, 3 << 20]) {
    await echo(ws, noise(size));
  }
  for (const size of [1, 100, 1 << 20]) {
    await echo(ws, "ä".repeat(size));
  }
  await pieces(ws, noise(100), noise(70_000), Buffer.alloc(0), noise(200));
  ws.send("pieces");
  const [answer] = await once(ws, "message");
  tell("pieces of the server", sum(answer));
  for (const payload of ["client's 1", "client's 2", "client's " + "3".repeat(116)]) {
    ws.ping(payload);
    await once(ws, "pong");
  }
  ws.pong("nobody asked");
  ws.close(1000, "done");
  await once(ws, "close");
}

await end("coded", "/coded", (ws) => ws.close(4321, "the client goes"));
await end("codeless", "/codeless", (ws) => ws.close());
await end("dismissed", "/dismissed", (ws) => ws.send("close 4002 the server goes"));
await end("restart", "/restart", (ws) => ws.send("close 1012 restart"));
await end("cut", "/cut", (ws) => ws.send("terminate"));
await end("vanished", "/vanished", (ws) => ws.terminate());

const stays = await open("stays", "/stays");
for (let beat = 1; beat <= 3; ) {
  const [payload] = await once(stays, "ping");
  if (/^beat /.test(payload)) tell("stays ping", payload, "expected", beat++);
}
await echo(stays, "still here after three beats");
tell("ready");

await dismissed;
stays.close(1001, "end of work");
