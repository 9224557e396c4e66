//go:build !linux

package plane

import "net"

func keepAlive() net.ListenConfig { return net.ListenConfig{KeepAliveConfig: KeepAlive} }
