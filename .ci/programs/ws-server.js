// A ws server that echoes in the fragments in which it was told to, beats as the README of ws says (with more patience), and
// ends connections in several ways.
import { WebSocketServer } from "ws";
import { dismissed, sleep, sum, tell } from "./actor.js";

const server = new WebSocketServer({
  port: 0,
  host: "127.0.0.1",
  perMessageDeflate: { threshold: 100 },
  maxPayload: 8 << 20,
  handleProtocols: (offered) => (offered.has("v2") ? "v2" : false),
  verifyClient: ({ req }, done) => done(req.url !== "/private", 401, "not for you", { "X-Why": "private" }),
});
server.on("listening", () => tell("listening on", server.address().port));

let people = 0;
server.on("connection", (ws, request) => {
  const name = `${++people} ${request.url}`;
  tell(name, "opened:", ws.protocol, ws.extensions);
  ws.beat = ws.missed = 0;
  ws.on("pong", (payload) => {
    ws.missed = 0;
    if (request.url === "/stays" ? !/^beat ([4-9]|\d\d+)$/.test(payload) : !/^beat /.test(payload)) tell(name, "pong", payload);
  });
  ws.on("ping", (payload) => payload.toString().startsWith("client's") && tell(name, "ping", payload));
  ws.on("message", (message, binary) => answer(ws, message, binary));
  ws.on("close", (code, reason) => tell(name, `closed: ${code} ${reason}`));
  ws.on("error", (error) => tell(name, "error:", error.code, error.message));
});

async function answer(ws, message, binary) {
  const [command, ...words] = binary ? [] : message.toString().split(" ");
  switch (command) {
    case "close":
      return ws.close(Number(words[0]), words.slice(1).join(" "));
    case "terminate":
      return ws.terminate();
    case "pieces":
      for (let i = 1; i <= 3; i++) {
        ws.send(`piece ${i};`.repeat(20), { fin: i === 3 });
        await sleep(250); // for pings in between
      }
      return;
    default:
      ws.send(message, { binary });
  }
}

const beats = setInterval(() => {
  for (const ws of server.clients) {
    if (ws.missed++ === 20) {
      tell("an unanswered beat:", ws.beat);
      ws.terminate();
      continue;
    }
    ws.ping(`beat ${++ws.beat}`);
  }
}, 400);

await dismissed;
clearInterval(beats);
server.close();
