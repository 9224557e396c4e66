// Many clients of each library that is asked for. They come back as the library does by default, and have names.
import { createRequire } from "node:module";
import { WebSocket as NodeSocket } from "ws";
import { dismissed } from "./actor.js";

const [http, count, ...names] = process.argv.slice(2);
const url = http.replace(/^http/, "ws");
const require = createRequire(import.meta.url);

// A browser ignores an error without a listener, and ws ends the process.
class WebSocket extends NodeSocket {
  constructor(...args) {
    super(...args);
    this.on("error", () => {});
  }
}

// What some take from a browser.
Object.assign(globalThis, { WebSocket, addEventListener() {}, removeEventListener() {} });

// Some write to the console.
for (const say of ["log", "info", "warn", "error", "debug"]) console[say] = () => {};

// fresh loads a module anew: each client is a page of its own.
function fresh(module) {
  const path = require.resolve(module);
  delete require.cache[path];
  return require(path);
}

// libraries start the client that is to be known as id.
const libraries = {
  "phoenix": async () => {
    const { Socket } = await import("phoenix");
    return (id) => new Socket(`${url}/phoenix`, { params: { client: id }, transport: WebSocket }).connect();
  },
  "@microsoft/signalr": async () => {
    const { HubConnectionBuilder, HttpTransportType, LogLevel } = await import("@microsoft/signalr");
    return (id) => new HubConnectionBuilder()
      .withUrl(`${http}/signalr?client=${id}`, { skipNegotiation: true, transport: HttpTransportType.WebSockets })
      .withAutomaticReconnect().configureLogging(LogLevel.None).build().start();
  },
  "centrifuge": async () => {
    const { Centrifuge } = await import("centrifuge");
    return (id) => new Centrifuge(`${url}/centrifuge?client=${id}`, { websocket: WebSocket }).connect();
  },
  "reconnecting-websocket": () => (id) => {
    new (fresh("reconnecting-websocket"))(`${url}/reconnecting-websocket?client=${id}`, [], { WebSocket });
  },
  "partysocket": async () => {
    const { WebSocket: PartySocket } = await import("partysocket");
    return (id) => new PartySocket(`${url}/partysocket?client=${id}`, [], { WebSocket });
  },
  "graphql-ws": async () => {
    const { createClient } = await import("graphql-ws");
    // By default one refusal ends it: that is an error event, which shouldRetry does not let pass.
    return (id) => createClient({ url: `${url}/graphql?client=${id}`, webSocketImpl: WebSocket, lazy: false, shouldRetry: () => true });
  },
  "@stomp/stompjs": async () => {
    const { Client } = await import("@stomp/stompjs");
    return (id) => new Client({ brokerURL: `${url}/stomp?client=${id}` }).activate();
  },
  "mqtt": async () => {
    const { default: mqtt } = await import("mqtt");
    return (id) => mqtt.connect(`${url}/mqtt?client=${id}`).on("error", () => {});
  },
  "nats.ws": async () => {
    const { connect } = await import("nats.ws");
    return (id) => connect({
      servers: `${url}/nats`,
      wsFactory: async (server) => ({ socket: new WebSocket(`${server}?client=${id}`), encrypted: false }),
    });
  },
  "autobahn": async () => {
    const { default: autobahn } = await import("autobahn");
    return (id) => new autobahn.Connection({ url: `${url}/wamp?client=${id}`, realm: "one" }).open();
  },
  "@rails/actioncable": async () => {
    const { createConsumer } = await import("@rails/actioncable");
    return (id) => createConsumer(`${url}/cable?client=${id}`).connect();
  },
  "home-assistant-js-websocket": async () => {
    const { createConnection } = await import("home-assistant-js-websocket");
    return (id) => createConnection({ auth: { wsUrl: `${url}/hass?client=${id}`, accessToken: "one" } });
  },
  "sockette": async () => {
    const { default: Sockette } = await import("sockette");
    return (id) => new Sockette(`${url}/sockette?client=${id}`);
  },
};

for (const name of names) {
  const start = await libraries[name]();
  for (let i = 1; i <= Number(count); i++) await start(`${name}-${i}`);
}
await dismissed;
process.exit();
