package tap

import (
	"net"
	"path/filepath"
	"runtime"
	"testing"

	"holter/model"
	"holter/probe/sock"
)

// Where the kernel tells nothing of a connection, the reason is said.
func TestMissingEvidence(t *testing.T) {
	unix := func(t *testing.T) net.Conn {
		l, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
		if err != nil {
			t.Skip(err)
		}
		t.Cleanup(func() { l.Close() })
		c, err := net.Dial("unix", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	for name, test := range map[string]struct {
		conn func(t *testing.T) net.Conn
		want model.Missing
	}{
		"an application's own connection": {func(t *testing.T) net.Conn {
			near, far := net.Pipe()
			t.Cleanup(func() { far.Close() })
			return near
		}, model.MissingSocket},
		"one that hides the socket": {func(t *testing.T) net.Conn {
			c, _ := loopback(t)
			return struct{ net.Conn }{c}
		}, model.MissingSocket},
		"no TCP": {unix, notTold},
		"a socket that is closed": {func(t *testing.T) net.Conn {
			c, _ := loopback(t)
			c.Close()
			return c
		}, model.MissingClosed},
		"a socket": {func(t *testing.T) net.Conn {
			c, _ := loopback(t)
			return c
		}, map[bool]model.Missing{true: model.MissingNothing, false: model.MissingSystem}[sock.Tells]},
	} {
		t.Run(name, func(t *testing.T) {
			c := New(test.conn(t), nil, newRecord(), clock())
			defer c.Close()
			if k := c.Kernel(); k.Missing != test.want || k.Known != (test.want == model.MissingNothing) {
				t.Errorf("%+v, want %s", k, test.want)
			}
		})
	}
}

// Reading the evidence of a socket while it is closed is no race, and gives no figures of another.
func TestEvidenceWhileItCloses(t *testing.T) {
	for range 200 {
		c, _, _ := tapped(t)
		closed := make(chan struct{})
		go func() {
			defer close(closed)
			c.Close()
		}()
		for k := c.Kernel(); k.Known; k = c.Kernel() {
			runtime.Gosched()
		}
		if k := c.Kernel(); sock.Tells && k.Missing != model.MissingClosed {
			t.Fatalf("%+v", k)
		}
		<-closed
	}
}

func TestLacks(t *testing.T) {
	for want, i := range map[model.Lack]sock.Info{
		0:                                    {HasNotSent: true, HasSndWnd: true, HasTimes: true},
		model.LackNotSent | model.LackWindow: {HasTimes: true},
		model.LackLastAck | model.LackProbes: {HasNotSent: true, HasSndWnd: true},
	} {
		if got := lacks(&i); got != want {
			t.Errorf("%+v lacks %v, want %v", i, got.Names(), want.Names())
		}
		if got := model.LacksOf(want.Names()); got != want {
			t.Errorf("%v is read back as %v", want.Names(), got)
		}
	}
}
