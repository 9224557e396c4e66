// A ws server that pings every second, and nothing else.
import { WebSocketServer } from "ws";
import { dismissed, tell } from "./actor.js";

const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
server.on("listening", () => tell("listening on", server.address().port));
const beats = setInterval(() => {
  for (const ws of server.clients) ws.ping();
}, 1000);

await dismissed;
clearInterval(beats);
for (const ws of server.clients) ws.terminate();
server.close();
