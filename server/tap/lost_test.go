package tap

import (
	"io"
	"slices"
	"testing"
)

// garbage begins with a header that no frame has.
const garbage = "\x83\x00\x89\x00garbage"

// In a lost direction nothing is put between the bytes, and the Watcher learns of the loss once.
func TestLostFrames(t *testing.T) {
	for name, test := range map[string]struct {
		in, out bool
	}{"in": {true, false}, "out": {false, true}, "both": {true, true}} {
		t.Run(name, func(t *testing.T) {
			c, peer, r := tapped(t)
			want := ""
			if test.in {
				io.WriteString(peer, garbage+garbage)
				got := make([]byte, 2*len(garbage))
				if _, err := io.ReadFull(c, got); err != nil || string(got) != garbage+garbage {
					t.Fatalf("%q, %v", got, err)
				}
			}
			if test.out {
				io.WriteString(c, garbage)
				want += garbage
			}
			c.Ping(1)
			io.WriteString(c, "\x82\x01x")
			want += "\x82\x01x"
			got := make([]byte, len(want))
			if _, err := io.ReadFull(peer, got); err != nil || string(got) != want {
				t.Fatalf("%q, %v, want %q", got, err, want)
			}
			if in, out := c.Lost(); in != test.in || out != test.out {
				t.Errorf("lost in %v, out %v", in, out)
			}
			say := [][2]bool{{test.in, test.out}}
			if name == "both" {
				say = [][2]bool{{true, false}, {true, true}}
			}
			r.until(t, "what is lost", func(now calls) bool { return slices.Equal(now.lost, say) && len(now.sent) == 0 })
		})
	}
}

// Bytes that may be data count as data.
func TestLostFramesMayBeData(t *testing.T) {
	c, peer, _ := tapped(t)
	read := func(text string) {
		t.Helper()
		io.WriteString(peer, text)
		if _, err := io.ReadFull(c, make([]byte, len(text))); err != nil {
			t.Fatal(err)
		}
	}
	read(garbage)
	for _, move := range []func(){
		func() { read("more") },
		func() { io.WriteString(c, garbage) },
		func() { io.WriteString(c, "more") },
	} {
		before := c.Data()
		if move(); c.Data() <= before {
			t.Errorf("data at %v, and before at %v", c.Data(), before)
		}
	}
}

// Shut sends a close frame where there is a boundary for it. Otherwise it closes the socket.
func TestShutOfLostFrames(t *testing.T) {
	for name, test := range map[string]struct{ in, out, want string }{
		"in":  {garbage, "", "\x88\x02\x0f\xa0"},
		"out": {"", garbage, garbage},
	} {
		t.Run(name, func(t *testing.T) {
			c, peer, r := tapped(t)
			io.WriteString(peer, test.in)
			io.ReadFull(c, make([]byte, len(test.in)))
			io.WriteString(c, test.out)
			if !c.Shut(4000, "") {
				t.Error("the connection had ended before")
			}
			if test.out == "" {
				c.CloseWrite()
			}
			if got, err := io.ReadAll(peer); err != nil || string(got) != test.want {
				t.Errorf("%q, %v, want %q", got, err, test.want)
			}
			c.Close()
			r.until(t, "the end", func(now calls) bool { return len(now.closed) == 1 && now.closed[0].Code == 4000 })
		})
	}
}

// A control frame in fragments is forbidden, but is parsed as a frame.
func TestFragmentedControlFramesAreFrames(t *testing.T) {
	c, peer, r := tapped(t)
	const text = "\x09\x81\x00\x00\x00\x00a\x80\x81\x00\x00\x00\x00b\x0a\x80\x00\x00\x00\x00\x80\x80\x00\x00\x00\x00"
	io.WriteString(peer, text)
	got := make([]byte, len(text))
	if _, err := io.ReadFull(c, got); err != nil || string(got) != text {
		t.Errorf("%q, %v", got, err)
	}
	c.Ping(1)
	r.until(t, "a ping", func(now calls) bool { return len(now.sent) == 1 && len(now.lost) == 0 })
}
