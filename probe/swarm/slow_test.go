package swarm

import (
	"crypto/tls"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"
)

func TestSlowReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := net.Pipe()
		defer near.Close()
		go func() {
			defer far.Close()
			far.Write(make([]byte, 1024+100))
		}()
		c := &slowConn{Conn: near}
		begin := time.Now()
		if _, err := io.ReadFull(c, make([]byte, 100)); err != nil || time.Since(begin) > 0 {
			t.Errorf("the handshake took %s, %v", time.Since(begin), err)
		}
		slowDown(tls.Client(c, &tls.Config{}))
		if _, err := io.ReadFull(c, make([]byte, 1024)); err != nil || time.Since(begin) != 2*time.Second {
			t.Errorf("1024 bytes took %s, %v; want 512 bytes a second", time.Since(begin), err)
		}
	})
}
