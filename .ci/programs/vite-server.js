// A server of one's own with Vite in it, as the manual of Vite shows it: both HTTP and hot reload on one port.
// The directory of the pages is the first argument.
import { createServer as createHTTP } from "node:http";
import { createServer } from "vite";
import { dismissed, tell } from "./actor.js";

const http = createHTTP();
const vite = await createServer({
  root: process.argv[2],
  cacheDir: process.argv[2] + "/.cache",
  configFile: false,
  logLevel: "silent",
  server: { middlewareMode: true, hmr: { server: http } },
});
vite.ws.on("connection", () => tell("hot reload is connected"));
http.on("request", vite.middlewares);
http.listen(0, "127.0.0.1", () => tell("listening on", http.address().port));
await dismissed;
await vite.close();
http.close();
http.closeAllConnections();
