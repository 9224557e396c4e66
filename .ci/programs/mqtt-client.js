// Two MQTT clients over WebSocket: subscriptions, publishing with and without acknowledgement, keepalive,
// and one that another takes the place of.
import { once } from "node:events";
import mqtt from "mqtt";
import { dismissed, noise, sum, tell } from "./actor.js";

// told is what each client has to tell, as nobody knows which of two hears of something first.
const told = { publisher: [], subscriber: [], successor: [] };
const note = (name, ...words) => told[name].push([name, ...words]);

const url = process.argv[2].replace(/^http/, "ws") + "/mqtt";

async function connect(name) {
  const client = mqtt.connect(url, { clientId: name === "successor" ? "subscriber" : name, protocolVersion: 5, reconnectPeriod: 0, keepalive: 2 });
  client.on("disconnect", (packet) => note(name, "was disconnected, reason", packet.reasonCode));
  client.on("error", (error) => note(name, "error:", error.message));
  client.on("close", () => note(name, "closed"));
  client.beats = 0;
  client.on("packetreceive", (packet) => {
    if (packet.cmd === "pingresp") client.beats++;
    if (packet.cmd === "puback" || packet.cmd === "pubcomp") note(name, packet.cmd, packet.reasonCode ?? 0);
  });
  const [connack] = await once(client, "connect");
  note(name, "connected:", connack.reasonCode, "session present:", connack.sessionPresent);
  return client;
}

const publisher = await connect("publisher");
await publisher.publishAsync("house/door", "open", { qos: 1, retain: true });

const subscriber = await connect("subscriber");
subscriber.on("message", (topic, payload, packet) =>
  note("subscriber", "got", topic, sum(payload), "qos", packet.qos, "retained:", packet.retain));
const retained = arrivalOf("house/door");
const granted = await subscriber.subscribeAsync({ "house/#": { qos: 2 } });
await retained;
note("subscriber", "granted", JSON.stringify(granted.map(({ topic, qos }) => ({ topic, qos }))));

for (const [qos, size] of [[0, 5], [1, 200], [2, 200], [1, 20_000]]) {
  const arrival = arrivalOf(`house/${qos}/${size}`);
  await publisher.publishAsync(`house/${qos}/${size}`, noise(size), { qos });
  await arrival;
}

function arrivalOf(topic) {
  return new Promise((resolve) => subscriber.on("message", (arrived) => arrived === topic && resolve()));
}

while (subscriber.beats < 2) await once(subscriber, "packetreceive");
note("subscriber", "had two answers to its keepalive");
const [, successor] = await Promise.all([once(subscriber, "close"), connect("successor")]);
for (const line of Object.values(told).flat()) tell(...line);
tell("ready");

await dismissed;
await publisher.endAsync();
await successor.endAsync();
