// A server that knows of each protocol of the clients in fleet.js as much as keeps one of them connected.
import { createServer } from "node:http";
import { WebSocketServer } from "ws";
import { dismissed, tell } from "./actor.js";

const json = (ws, value) => ws.send(JSON.stringify(value));

// greetings are what the server says and answers, by the first part of the path.
const greetings = {
  phoenix(ws) {
    ws.on("message", (text) => {
      const [join, ref, topic] = JSON.parse(text);
      json(ws, [join, ref, topic, "phx_reply", { status: "ok", response: {} }]);
    });
  },
  signalr(ws) {
    const say = (value) => ws.send(JSON.stringify(value) + "\x1e");
    const beat = setInterval(say, 5000, { type: 6 });
    ws.on("close", () => clearInterval(beat));
    ws.once("message", () => say({}));
  },
  centrifuge(ws) {
    ws.on("message", (text) => {
      const { id, connect } = JSON.parse(text);
      if (connect) json(ws, { id, connect: { client: "one", version: "" } });
    });
  },
  graphql(ws) {
    ws.on("message", (text) => JSON.parse(text).type === "connection_init" && json(ws, { type: "connection_ack" }));
  },
  stomp(ws) {
    ws.on("message", (text) => text.toString().startsWith("CONNECT") && ws.send("CONNECTED\nversion:1.2\nheart-beat:0,0\n\n\0"));
  },
  mqtt(ws) {
    ws.once("message", () => ws.send(Buffer.from([0x20, 2, 0, 0]))); // CONNACK of MQTT 3.1.1
  },
  nats(ws) {
    ws.send(Buffer.from('INFO {"server_id":"one","version":"2.10.0","proto":1,"headers":true,"max_payload":1048576}\r\n'));
    ws.on("message", (text) => text.includes("PING\r\n") && ws.send(Buffer.from("PONG\r\n")));
  },
  wamp(ws) {
    ws.once("message", () => json(ws, [2, 1, { roles: { broker: {}, dealer: {} } }])); // WELCOME
  },
  cable(ws) {
    json(ws, { type: "welcome" });
    const beat = setInterval(() => json(ws, { type: "ping", message: Date.now() }), 3000);
    ws.on("close", () => clearInterval(beat));
  },
  hass(ws) {
    json(ws, { type: "auth_required", ha_version: "2024.1.0" });
    ws.once("message", () => json(ws, { type: "auth_ok", ha_version: "2024.1.0" }));
  },
};

const http = createServer();
new WebSocketServer({ server: http }).on("connection", (ws, { url }) => {
  ws.on("error", () => {}); // the proxy resets it
  greetings[url.split(/[/?]/)[1]]?.(ws);
});
http.listen(0, "127.0.0.1", () => tell("listening on", http.address().port));
await dismissed;
process.exit();
