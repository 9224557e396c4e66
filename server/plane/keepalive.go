package plane

import (
	"net"
	"time"
)

// KeepAlive has the kernel find out that the machine at the other end has vanished, where holter does not beat:
// requests, streams of events, tunnels, WebSockets that it only watches. It takes half a minute, and sends nothing
// where beats flow.
var KeepAlive = net.KeepAliveConfig{Enable: true, Idle: 15 * time.Second, Interval: 5 * time.Second, Count: 3}
