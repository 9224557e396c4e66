// Many Socket.IO clients that come by the transports given, come back as their kind does, and have names.
import { io } from "socket.io-client";
import { dismissed, tell } from "./actor.js";

const [url, count, ...transports] = process.argv.slice(2);
const fleet = Array.from({ length: Number(count) }, (_, i) =>
  io(url, { forceNew: true, transports, query: { client: `fleet-${i + 1}` } }));
const { io: manager } = fleet[0];
tell("policy", JSON.stringify({
  base: manager.reconnectionDelay(), cap: manager.reconnectionDelayMax(), share: manager.randomizationFactor(),
}));
await dismissed;
for (const client of fleet) client.disconnect();
