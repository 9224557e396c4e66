// ws clients with the watchdog that the README of ws shows, for a server that pings every second: so many for each
// URL. It tells when they are open, and of each, with the number of its URL, when it has given its server up.
import { once } from "node:events";
import WebSocket from "ws";
import { dismissed, tell } from "./actor.js";

const [count, ...urls] = process.argv.slice(2);

function heartbeat() {
  clearTimeout(this.pingTimeout);
  this.pingTimeout = setTimeout(() => {
    this.gaveUp = true;
    this.terminate();
  }, 1000 + 1000);
}

const opened = urls.flatMap((url, i) => Array.from({ length: Number(count) }, () => {
  const client = new WebSocket(url.replace(/^http/, "ws"));
  client.on("error", (error) => tell("error:", error.message));
  client.on("open", heartbeat);
  client.on("ping", heartbeat);
  client.on("close", function clear() {
    clearTimeout(this.pingTimeout);
    tell(this.gaveUp ? "gave up" : "closed", i, Date.now());
  });
  return once(client, "open");
}));
await Promise.all(opened);
tell("ready");

await dismissed;
process.exit();
