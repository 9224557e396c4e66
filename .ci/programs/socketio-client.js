// A Socket.IO client: it comes by polling, upgrades, exchanges text and bytes, and returns when it is cut.
import { io } from "socket.io-client";
import { dismissed, noise, sum, tell } from "./actor.js";

const client = io(process.argv[2], { reconnectionDelay: 100, randomizationFactor: 0 });
client.io.on("open", () => tell("open by", client.io.engine.transport.name));
client.on("disconnect", (reason) => tell("disconnect:", reason));
client.on("connect_error", (error) => tell("connect error:", error.message));

// connected comes when the next connection is there and upgraded, in whichever order.
async function connected() {
  const upgrade = once(client.io, "open").then(() => once(client.io.engine, "upgrade"));
  await Promise.all([once(client, "connect"), upgrade]);
  tell("connected, upgraded to", client.io.engine.transport.name);
}

function once(emitter, event) {
  return new Promise((resolve) => emitter.once(event, resolve));
}

await connected();
const first = client.id;
tell("text", JSON.stringify(await client.emitWithAck("echo", { text: "grüß Gott", list: [1, 2, 3] })));
for (const size of [1, 125, 126, 65535, 65536, 900_000]) {
  tell("binary", sum(await client.emitWithAck("echo", noise(size))));
}
const attached = once(client, "attached");
client.emit("attach", "two at once", noise(300), noise(70_000));
const { note, parts } = await attached;
tell("attachments", note, ...parts.map(sum));

for (let beats = 0; beats < 3; beats++) await once(client.io, "ping");
tell("heard 3 beats of Socket.IO");

client.emit("cut");
await connected();
tell("back, as another:", client.id !== first);
tell("text", await client.emitWithAck("echo", "still there"));
tell("ready");

connected().then(async () => tell("again", await client.emitWithAck("echo", "and again")));
await dismissed;
client.disconnect();
