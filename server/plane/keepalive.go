package plane

import (
	"net"
	"time"
)

// KeepAlive lets the kernel detect a vanished machine on connections without holter's pings: requests, streams of
// events, tunnels, WebSockets that holter only watches. That takes half a minute. On connections with holter's pings
// the kernel sends nothing.
var KeepAlive = net.KeepAliveConfig{Enable: true, Idle: 15 * time.Second, Interval: 5 * time.Second, Count: 3}
