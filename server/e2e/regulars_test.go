package e2e

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// regularsVariable is the environment variable that makes the test binary a process of regulars.
const regularsVariable = "HOLTER_E2E_REGULARS"

// regularOrders are for a process of regulars: clients that behave well, keep their own account of all that happens to
// their connections, and come back after each.
type regularOrders struct {
	URL     string
	Name    string // with which the names of the clients begin
	Clients int
}

// account is what regulars write, a line of JSON each: that a connection was opened, that one ended, or that one was not
// let in.
type account struct {
	Client string
	Number int // of the client's connections, from 1

	Opened  bool
	Refused int    // status
	Failed  string // why there was neither a connection nor a refusal

	Code         int       // of the close frame, 0 without one
	Gaps         []float64 // ms from one ping to the next
	Sent, Echoed int       // messages
	Wrong        string    // an answer that was none
}

const (
	talkersEvery = 10 // each so many clients talk
	talkEvery    = 2 * time.Second
	largeEvery   = 25 // messages
	largeMessage = 64 << 10

	returnsWithin = 2 * time.Second
	triesWithin   = 4 * time.Second // after a refusal
)

// regulars are all clients of a process.
type regulars struct {
	orders  regularOrders
	dialing chan struct{} // places
	told    chan account
	ending  chan struct{} // closed at the end

	mu   sync.Mutex
	open map[*websocket.Conn]bool
}

// serveAsRegulars follows orders until the other end closes stdin, and takes leave then. A line on stdin resets all
// connections, as a network does that breaks down.
func serveAsRegulars(text string) int {
	r := &regulars{dialing: make(chan struct{}, 32), told: make(chan account, 1000), ending: make(chan struct{}), open: map[*websocket.Conn]bool{}}
	if err := json.Unmarshal([]byte(text), &r.orders); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	written := make(chan struct{})
	go func() {
		defer close(written)
		out := bufio.NewWriterSize(os.Stdout, 1<<16)
		for a := range r.told {
			line, _ := json.Marshal(a)
			out.Write(append(line, '\n'))
			if len(r.told) == 0 {
				out.Flush()
			}
		}
		out.Flush()
	}()
	var all sync.WaitGroup
	for i := range r.orders.Clients {
		all.Go(func() { r.live(i) })
	}
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		r.each(func(c *websocket.Conn) {
			c.NetConn().(*net.TCPConn).SetLinger(0)
			c.Close()
		})
	}
	close(r.ending)
	r.each(goodbye)
	all.Wait()
	close(r.told)
	<-written
	return 0
}

// goodbye sends a close frame. The answer ends the connection.
func goodbye(c *websocket.Conn) {
	c.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseNormalClosure, ""), time.Now().Add(patience))
	c.SetReadDeadline(time.Now().Add(patience))
}

// each does something with each connection, within a second or so.
func (r *regulars) each(do func(*websocket.Conn)) {
	r.mu.Lock()
	all := slices.Collect(maps.Keys(r.open))
	r.mu.Unlock()
	for _, c := range all {
		do(c)
		time.Sleep(time.Second / time.Duration(len(all)))
	}
}

// live is the life of one client.
func (r *regulars) live(i int) {
	name := fmt.Sprintf("%s-%05d", r.orders.Name, i)
	dialer := websocket.Dialer{HandshakeTimeout: 2 * patience, ReadBufferSize: 256, WriteBufferPool: writeBuffers, WriteBufferSize: 256}
	for number := 1; ; {
		r.dialing <- struct{}{}
		c, response, err := dialer.Dial(r.orders.URL+"?client="+name, nil)
		<-r.dialing
		wait := rand.N(returnsWithin)
		switch {
		case err == nil:
			r.told <- account{Client: name, Number: number, Opened: true}
			r.told <- r.stay(c, account{Client: name, Number: number}, i%talkersEvery == 0)
			number++
		case response != nil:
			wait = rand.N(triesWithin)
			r.told <- account{Client: name, Refused: response.StatusCode}
		default:
			r.told <- account{Client: name, Failed: err.Error()}
		}
		select {
		case <-r.ending:
			return
		case <-time.After(wait):
		}
	}
}

// stay is the life of one connection.
func (r *regulars) stay(c *websocket.Conn, a account, talks bool) account {
	r.list(c, true)
	defer r.list(c, false)
	select {
	case <-r.ending: // while it was dialing
		goodbye(c)
	default:
	}
	over, sent := make(chan struct{}), make(chan int, 1)
	if talks {
		go func() { sent <- talk(c, over) }()
	} else {
		sent <- 0
	}
	a.listen(c)
	c.Close()
	close(over)
	a.Sent = <-sent
	return a
}

func (r *regulars) list(c *websocket.Conn, open bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if open {
		r.open[c] = true
	} else {
		delete(r.open, c)
	}
}

// listen answers pings and compares what comes with what was sent, until the connection ends.
func (a *account) listen(c *websocket.Conn) {
	var last time.Time
	c.SetPingHandler(func(payload string) error {
		now := time.Now()
		if !last.IsZero() {
			a.Gaps = append(a.Gaps, float64(now.Sub(last).Microseconds())/1000)
		}
		last = now
		c.WriteControl(websocket.PongMessage, []byte(payload), now.Add(patience))
		return nil
	})
	for {
		_, answer, err := c.ReadMessage()
		if err != nil {
			if e, ok := errors.AsType[*websocket.CloseError](err); ok && e.Code != websocket.CloseAbnormalClosure {
				a.Code = e.Code
			}
			return
		}
		if want := message(a.Echoed); !bytes.Equal(answer, want) && a.Wrong == "" {
			a.Wrong = fmt.Sprintf("message %d came back with %d bytes that begin with %.20q, not with %d", a.Echoed, len(answer), answer, len(want))
		}
		a.Echoed++
	}
}

// talk sends messages until the connection is over, and returns how many.
func talk(c *websocket.Conn, over chan struct{}) (sent int) {
	ticks := time.NewTicker(talkEvery)
	defer ticks.Stop()
	for {
		select {
		case <-over:
			return sent
		case <-ticks.C:
		}
		c.SetWriteDeadline(time.Now().Add(patience))
		if c.WriteMessage(websocket.TextMessage, message(sent)) != nil {
			return sent
		}
		sent++
	}
}

// message is the i-th that a client sends on a connection.
func message(i int) []byte {
	text := strconv.AppendInt(nil, int64(i), 10)
	if i%largeEvery == largeEvery-1 {
		return append(text, bytes.Repeat([]byte("."), largeMessage)...)
	}
	return append(text, " is a message of the usual length, as applications send them"...)
}

// party is a process of regulars, seen from the test.
type party struct {
	orders regularOrders
	cmd    *exec.Cmd
	stdin  io.WriteCloser
	read   chan struct{} // closed when all is read

	mu       sync.Mutex // protects all following
	opened   map[string]int
	refused  map[int]int // attempts, by status
	ended    map[int]int // connections, by code
	stays    []account   // that ended, and were not taken yet
	mistakes []string
	messages int
}

// invite starts a process of regulars.
func invite(t *testing.T, o regularOrders) *party {
	t.Helper()
	text, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := &party{orders: o, cmd: exec.Command(self), read: make(chan struct{}), opened: map[string]int{}, refused: map[int]int{}, ended: map[int]int{}}
	p.cmd.Env = append(os.Environ(), regularsVariable+"="+string(text))
	p.cmd.Stderr = os.Stderr
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if p.stdin, err = p.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.read)
		p.note(out)
	}()
	t.Cleanup(func() {
		p.cmd.Process.Kill()
		<-p.read
		p.cmd.Wait()
	})
	return p
}

func (p *party) note(out io.Reader) {
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var a account
		err := json.Unmarshal(lines.Bytes(), &a)
		p.mu.Lock()
		switch {
		case err != nil:
			p.mistakes = append(p.mistakes, "wrote "+lines.Text())
		case a.Opened:
			p.opened[a.Client]++
		case a.Refused != 0:
			p.refused[a.Refused]++
			if a.Refused != http.StatusServiceUnavailable {
				p.mistakes = append(p.mistakes, fmt.Sprintf("%s was refused with %d", a.Client, a.Refused))
			}
		case a.Failed != "":
			p.mistakes = append(p.mistakes, a.Client+" could not connect: "+a.Failed)
		default:
			p.ended[a.Code]++
			p.messages += a.Echoed
			if a.Wrong != "" {
				p.mistakes = append(p.mistakes, a.Client+": "+a.Wrong)
			}
			p.stays = append(p.stays, a)
		}
		p.mu.Unlock()
	}
}

// reset has all connections reset by the clients.
func (p *party) reset(t *testing.T) {
	t.Helper()
	if _, err := io.WriteString(p.stdin, "reset\n"); err != nil {
		t.Fatal(err)
	}
}

// leave has all clients say goodbye, and waits for the end of the process.
func (p *party) leave(t *testing.T) {
	t.Helper()
	p.stdin.Close()
	late := time.AfterFunc(3*patience, func() { p.cmd.Process.Kill() })
	defer late.Stop()
	<-p.read
	if err := p.cmd.Wait(); err != nil {
		t.Errorf("the process of %s: %v", p.orders.Name, err)
	}
}

// took returns the stays that have ended since the last call.
func (p *party) took() (stays []account) {
	p.mu.Lock()
	defer p.mu.Unlock()
	stays, p.stays = p.stays, nil
	return stays
}

// found returns what should not have happened to the clients.
func (p *party) found() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.mistakes[:min(len(p.mistakes), mostMistakes)])
}

// partySum is the account that all clients of a party have kept.
type partySum struct {
	opened, refused, stays, messages int
	ended                            map[int]int // by code
}

func (p *party) sum() partySum {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := partySum{messages: p.messages, ended: maps.Clone(p.ended)}
	for _, n := range p.opened {
		s.opened += n
	}
	for _, n := range p.refused {
		s.refused += n
	}
	for _, n := range p.ended {
		s.stays += n
	}
	return s
}
