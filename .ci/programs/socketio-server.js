// A Socket.IO server that echoes, and cuts the transport of whoever asks for it.
import { createServer } from "node:http";
import { Server } from "socket.io";
import { dismissed, sum, tell } from "./actor.js";

const http = createServer();
const io = new Server(http, { pingInterval: 300, pingTimeout: 5000 });
io.engine.on("connection", (connection) => {
  tell("connection by", connection.transport.name);
  connection.on("upgrade", (transport) => tell("upgrade to", transport.name));
});
io.on("connection", (socket) => {
  socket.on("echo", (what, answer) => {
    tell("echo", Buffer.isBuffer(what) ? sum(what) : JSON.stringify(what));
    answer(what);
  });
  socket.on("attach", (note, a, b) => socket.emit("attached", { note, parts: [b, a] }));
  socket.on("cut", () => socket.conn.close());
  socket.on("disconnect", (reason) => tell("disconnect:", reason));
});
http.listen(0, "127.0.0.1", () => tell("listening on", http.address().port));
await dismissed;
io.close();
