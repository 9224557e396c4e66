package e2e

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// orders are for a process of clients. The test binary runs itself again as one: a process that is
// stopped, that lives in another network namespace or that uses up its descriptors cannot be the test's
// own.
type orders struct {
	URL     string
	Name    string // with which the names of the clients begin, "crew" if it is empty
	First   int    // number of the first client
	Clients int    // each answers pings, and comes back soon after its connection has ended
	Spread  bool   // over the source addresses 127.0.0.2 to .9: one has not ports enough for very many
}

// ordersVariable is the environment variable that makes the test binary a crew.
const ordersVariable = "HOLTER_E2E_ORDERS"

// sighting is what a crew tells, a line of JSON each: the number of clients that have connected, or the
// end of a connection.
type sighting struct {
	Open   int
	Closed string // the client's name
	Code   int    // of the close frame, 0 without one
	Lost   string // why a client gave up for good
}

// serveAsCrew follows orders until nobody holds the other end of stdin any more.
func serveAsCrew(text string) int {
	var o orders
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	told := make(chan sighting)
	go func() {
		out := json.NewEncoder(os.Stdout)
		for s := range told {
			out.Encode(s)
		}
	}()
	dialing := make(chan struct{}, 32) // places
	for i := range o.Clients {
		go sail(&o, o.First+i, dialing, told)
	}
	io.Copy(io.Discard, os.Stdin)
	return 0
}

// sail is the life of one client.
func sail(o *orders, i int, dialing chan struct{}, told chan<- sighting) {
	name := fmt.Sprintf("%s-%05d", cmp.Or(o.Name, "crew"), i)
	dialer := websocket.Dialer{HandshakeTimeout: 2 * patience, ReadBufferSize: 256, WriteBufferPool: writeBuffers, WriteBufferSize: 256}
	if o.Spread {
		dialer.NetDial = (&net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, byte(2+i%8))}}).Dial
	}
	for {
		dialing <- struct{}{}
		c, _, err := dialer.Dial(o.URL+"?client="+name, nil)
		<-dialing
		if err != nil {
			told <- sighting{Lost: err.Error()}
			return
		}
		told <- sighting{Open: 1}
		told <- sighting{Closed: name, Code: listen(c, func() {})}
		time.Sleep(rand.N(300 * time.Millisecond)) // so that not all come back at once
	}
}

var writeBuffers = new(sync.Pool)

// listen answers pings, each after a pause, until the connection ends, and returns the code of its close
// frame. That a pong cannot be sent is no end yet: what the other side had to say may still wait to be
// read.
func listen(c *websocket.Conn, pause func()) int {
	defer c.Close()
	c.SetPingHandler(func(payload string) error {
		pause()
		c.WriteControl(websocket.PongMessage, []byte(payload), time.Now().Add(patience))
		return nil
	})
	for {
		if _, _, err := c.NextReader(); err != nil {
			if e, ok := errors.AsType[*websocket.CloseError](err); ok && e.Code != websocket.CloseAbnormalClosure {
				return e.Code
			}
			return 0
		}
	}
}

// join is a client in the test's own process, until the test ends.
func join(t *testing.T, url, name string, pause func()) {
	t.Helper()
	c, _, err := websocket.DefaultDialer.DialContext(t.Context(), url+"?client="+name, nil)
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		listen(c, pause)
	}()
	t.Cleanup(func() {
		c.Close()
		<-ended
	})
}

// crew is a process of clients, seen from the test.
type crew struct {
	cmd     *exec.Cmd
	dismiss func() // ends the process; may be called again

	mu     sync.Mutex // protects all following
	opened int
	codes  map[int]int // how many connections ended with which code
	lost   string
}

// hire starts a crew, through another program if there is a command for that, and waits until all of
// its clients have connected.
func hire(t *testing.T, o orders, command ...string) *crew {
	t.Helper()
	text, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	command = append(command, self)
	c := &crew{cmd: exec.Command(command[0], command[1:]...), codes: map[int]int{}}
	c.cmd.Env = append(os.Environ(), ordersVariable+"="+string(text))
	c.cmd.Stderr = os.Stderr
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.cmd.StdinPipe(); err != nil { // open for as long as this process lives
		t.Fatal(err)
	}
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	read := make(chan struct{})
	go func() {
		defer close(read)
		c.note(out)
	}()
	c.dismiss = sync.OnceFunc(func() {
		c.cmd.Process.Kill()
		<-read
		c.cmd.Wait()
	})
	t.Cleanup(c.dismiss)
	eventually(t, 6*patience, "all clients connected", func() bool {
		opened, _, lost := c.seen()
		if lost != "" {
			t.Fatalf("a client after %d others: %s", opened, lost)
		}
		return opened == o.Clients
	})
	return c
}

func (c *crew) note(out io.Reader) {
	for lines := bufio.NewScanner(out); lines.Scan(); {
		var s sighting
		if err := json.Unmarshal(lines.Bytes(), &s); err != nil {
			s.Lost = lines.Text()
		}
		c.mu.Lock()
		c.opened += s.Open
		if s.Closed != "" {
			c.codes[s.Code]++
		}
		if s.Lost != "" {
			c.lost = s.Lost
		}
		c.mu.Unlock()
	}
}

// seen is how many connections were opened so far, how many ended with the code of a timeout, and why
// a client gave up.
func (c *crew) seen() (opened, timeouts int, lost string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.opened, c.codes[codeTimeout], c.lost
}
