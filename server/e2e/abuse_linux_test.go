package e2e

import (
	"bufio"
	"bytes"
	"compress/flate"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"holter/model"
	"holter/server/api"
)

// abuse is a holter that strangers abuse, while a well-behaved client goes on as ever. The strangers come from another
// address than the client, as far as anybody can tell.
type abuse struct {
	*program
	proxied     bool
	data, plane string // addresses of both planes
	pid         int
}

// stranger is the address from which all abuse comes.
var stranger = &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}

// echoing is an application behind a proxy, in a process of its own, which strangers do not slow down by being in it.
func echoing(t *testing.T) string {
	app := launch(t, "serve")
	go func() {
		for range app.log {
		}
	}()
	return strings.TrimSuffix(app.page, "/")
}

// TestAbuse lets strangers do to holter whatever they can over a socket. Each case must be refused in the customary way, be
// counted by its reason, and be bounded in memory. A client that behaves must notice nothing of all that.
//
// It runs beside no other test, as it keeps all cores busy.
func TestAbuse(t *testing.T) {
	long(t, "strangers keep all cores busy for half a minute")
	limits := []string{
		"--interval", "1s", "--header-timeout", "3s", "--max-handshakes", "300", "--max-conns-per-ip", "400", "--max-conns-per-client", "20",
		"--write-timeout", "2s", "--on-fail", "close", "--max-message", "1048576", "--max-subscribers", "20", "--api-rate", "100/s", "--linger", "5s", "--max-memory", "1GiB",
	}
	for _, command := range []string{"serve", "proxy"} {
		t.Run(command, func(t *testing.T) {
			t.Parallel()
			args := limits
			if command == "proxy" {
				args = append([]string{echoing(t), "--half-close-timeout", "2s"}, limits...)
			}
			a := &abuse{program: launch(t, command, args...), proxied: command == "proxy"}
			go func() { // or holter would wait for a reader of its log
				for line := range a.log {
					if client, _ := line["client"].(string); strings.HasPrefix(client, "guest") && line["msg"] != "connection opened" {
						t.Logf("%v", line)
					}
				}
			}()
			a.pid = a.cmd.Process.Pid
			if a.proxied {
				a.websocket += "ws"
			}
			a.data, a.plane = hostOf(t, a.websocket), hostOf(t, a.admin)
			a.suffer(t)
		})
	}
}

func hostOf(t *testing.T, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u.Host
}

// cases are what strangers do, and for what reasons they are refused.
var cases = []struct {
	name    string
	act     func(*abuse, *testing.T)
	reasons []model.RefusalReason
}{
	{"slow handshakes", (*abuse).slowHandshakes, []model.RefusalReason{"head-too-slow", "waiting"}},
	{"header bombs", (*abuse).headerBombs, []model.RefusalReason{"head-too-large"}},
	{"frame bombs", (*abuse).frameBombs, nil},
	{"decompression bombs", (*abuse).decompressionBombs, nil},
	{"endless fragments", (*abuse).endlessFragments, nil},
	{"messages that never end", (*abuse).unendingMessages, nil},
	{"floods without reading", (*abuse).floods, nil},
	{"connects and resets", (*abuse).resets, nil},
	{"forged addresses", (*abuse).forgedAddresses, []model.RefusalReason{"max-per-address"}},
	{"one client again and again", (*abuse).oneClient, []model.RefusalReason{"max-per-client"}},
	{"no HTTP", (*abuse).garbage, []model.RefusalReason{"handshake-broken"}},
	{"bodies of the API", (*abuse).bodies, []model.RefusalReason{"api-body"}},
	{"calls of the API", (*abuse).calls, []model.RefusalReason{"api-rate"}},
	{"readers of events", (*abuse).readers, []model.RefusalReason{"api-subscribers"}},
	{"costly filters", (*abuse).filters, []model.RefusalReason{"api-filter"}},
}

// guests is how many clients in a process of their own are there from the first case to the last.
const guests = 20

// mostMemory is what a case may add to the memory of holter, in bytes.
const mostMemory = 200 << 20

func (a *abuse) suffer(t *testing.T) {
	hire(t, orders{URL: a.websocket, Name: "guest", Clients: guests})
	well := a.watch(t)
	before := a.memory(t)
	for _, c := range cases {
		was := a.summary(t).Refusals
		peak := a.peakDuring(t, func() { c.act(a, t) })
		now := a.summary(t).Refusals
		for _, reason := range c.reasons {
			if now[reason] == was[reason] {
				t.Errorf("%s: nothing was refused for %s: %v", c.name, reason, now)
			}
		}
		t.Logf("%s: at most %d MiB, from %d; echo within %v", c.name, peak>>20, before>>20, well.worstSince())
		if peak > before+mostMemory {
			t.Errorf("%s: %d MiB of memory, from %d", c.name, peak>>20, before>>20)
		}
		if err := well.trouble(); err != nil {
			t.Fatalf("%s: the client noticed: %v", c.name, err)
		}
	}
	a.judge(t, well)
	a.judgeGuests(t)
}

var residentSet = regexp.MustCompile(`VmRSS:\s+(\d+) kB`)

// memory is the resident set of holter, in bytes.
func (a *abuse) memory(t *testing.T) int {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", a.pid))
	match := residentSet.FindSubmatch(text)
	if match == nil {
		t.Errorf("no memory in %s: %v", text, err)
		return 0
	}
	n, _ := strconv.Atoi(string(match[1]))
	return n << 10
}

// peakDuring is the most memory while f runs.
func (a *abuse) peakDuring(t *testing.T, f func()) (peak int) {
	done := make(chan struct{})
	var looking sync.WaitGroup
	looking.Go(func() {
		for tick := time.NewTicker(20 * time.Millisecond); ; {
			peak = max(peak, a.memory(t))
			select {
			case <-done:
				tick.Stop()
				return
			case <-tick.C:
			}
		}
	})
	f()
	close(done)
	looking.Wait()
	return peak
}

// wellBehaved are a client that stays and asks for an echo ten times a second, and others that come for a moment.
type wellBehaved struct {
	echoes, arrivals atomic.Int64
	worst            atomic.Int64 // Duration until an echo
	failed           atomic.Pointer[error]
	stop             func()
}

// tolerable is within what time a client must have an answer while two cores are busy with abuse, and with committing it.
const tolerable = 5 * time.Second

func (w *wellBehaved) fail(err error) { w.failed.CompareAndSwap(nil, &err) }

func (w *wellBehaved) trouble() error {
	if err := w.failed.Load(); err != nil {
		return *err
	}
	return nil
}

func (w *wellBehaved) worstSince() time.Duration { return time.Duration(w.worst.Swap(0)) }

// watch lets clients behave until the end of the test.
func (a *abuse) watch(t *testing.T) *wellBehaved {
	ctx, cancel := context.WithCancel(context.Background())
	w := new(wellBehaved)
	var running sync.WaitGroup
	w.stop = func() { cancel(); running.Wait() }
	t.Cleanup(w.stop)
	c, _, err := websocket.DefaultDialer.Dial(a.websocket+"?client=canary", nil)
	if err != nil {
		t.Fatal(err)
	}
	running.Go(func() {
		defer c.Close()
		for i := 0; ctx.Err() == nil; i++ {
			took, err := echo(c, "beat "+strconv.Itoa(i))
			if err != nil {
				w.fail(fmt.Errorf("echo %d: %w", i, err))
				return
			}
			w.echoes.Add(1)
			if took > time.Duration(w.worst.Load()) {
				w.worst.Store(int64(took))
			}
			pause(ctx, 100*time.Millisecond)
		}
	})
	running.Go(func() {
		for i := 0; ctx.Err() == nil; i++ {
			if err := a.visit("visitor" + strconv.Itoa(i)); err != nil {
				w.fail(fmt.Errorf("visitor %d: %w", i, err))
				return
			}
			w.arrivals.Add(1)
			pause(ctx, 200*time.Millisecond)
		}
	})
	return w
}

func (a *abuse) visit(name string) error {
	d := websocket.Dialer{HandshakeTimeout: 2 * tolerable}
	c, _, err := d.Dial(a.websocket+"?client="+name, nil)
	if err != nil {
		return err
	}
	defer c.Close()
	_, err = echo(c, "hello")
	c.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(1000, ""), time.Now().Add(tolerable))
	return err
}

func echo(c *websocket.Conn, text string) (took time.Duration, err error) {
	begun := time.Now()
	c.SetReadDeadline(begun.Add(tolerable))
	c.SetWriteDeadline(begun.Add(tolerable))
	if err := c.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
		return 0, err
	}
	_, got, err := c.ReadMessage()
	if err == nil && string(got) != text {
		err = fmt.Errorf("%q came back as %.40q", text, got)
	}
	return time.Since(begun), err
}

// judge asks holter how the client was.
func (a *abuse) judge(t *testing.T, w *wellBehaved) {
	found := a.connections(t, "client=canary")
	if len(found) != 1 {
		t.Fatalf("%d connections of the client, want its first one", len(found))
	}
	var d api.Detail
	a.ask(t, http.MethodGet, "/api/v1/connections/"+found[0].ID, nil, &d)
	if d.State != "normal" || d.Generation != 1 {
		t.Errorf("the client is %s, generation %d", d.State, d.Generation)
	}
	for _, change := range d.Transitions {
		switch change.To {
		case "failed":
			t.Errorf("the client was %s: %s, %s", change.To, change.Diagnosis.Cause, change.Diagnosis.Detail)
		case "suspect": // it shares its process, and that its cores, with all strangers
			t.Logf("the client was %s: %s", change.To, change.Diagnosis.Cause)
		}
	}
	if d.PongsReceived+2 < d.PingsSent {
		t.Errorf("%d of %d beats were answered", d.PongsReceived, d.PingsSent)
	}
	t.Logf("%d echoes, %d visitors, %d of %d beats answered", w.echoes.Load(), w.arrivals.Load(), d.PongsReceived, d.PingsSent)
}

// judgeGuests wants all guests to be there still, by their first connection, with all their beats.
func (a *abuse) judgeGuests(t *testing.T) {
	var sent, answered uint64
	found := a.connections(t, "client~^guest state=open")
	for _, c := range found {
		if c.Generation != 1 || c.State != "normal" && c.State != "suspect" || c.PongsReceived+2 < c.PingsSent {
			t.Errorf("%s: generation %d, %s, %d of %d beats answered", c.Client, c.Generation, c.State, c.PongsReceived, c.PingsSent)
		}
		sent += c.PingsSent
		answered += c.PongsReceived
	}
	if len(found) != guests {
		t.Errorf("%d guests are there, want %d", len(found), guests)
	}
	t.Logf("guests: %d of %d beats answered", answered, sent)
}

// strangers runs n of them at a time until each is done.
func strangers(n int, act func(i int)) {
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { act(i) })
	}
	all.Wait()
}

// knock connects from the address of strangers. It returns nil if holter takes no connection.
func knock(address string) net.Conn {
	d := net.Dialer{LocalAddr: stranger, Timeout: tolerable}
	c, err := d.Dial("tcp", address)
	if err != nil {
		return nil
	}
	c.SetDeadline(time.Now().Add(patience))
	return c
}

// upgradeFor is the head of a handshake.
func (a *abuse) upgradeFor(client string, header ...string) string {
	return "GET /ws?client=" + client + " HTTP/1.1\r\nHost: " + a.data + "\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" + strings.Join(append(header, ""), "\r\n") + "\r\n"
}

// enter connects and upgrades. It returns nil and the status if that is refused.
func (a *abuse) enter(client string, header ...string) (net.Conn, int) {
	c := knock(a.data)
	if c == nil {
		return nil, 0
	}
	io.WriteString(c, a.upgradeFor(client, header...))
	resp, err := http.ReadResponse(bufio.NewReaderSize(c, 1024), nil)
	switch {
	case err != nil:
		c.Close()
		return nil, 0
	case resp.StatusCode != http.StatusSwitchingProtocols:
		resp.Body.Close()
		c.Close()
		return nil, resp.StatusCode
	}
	return c, resp.StatusCode
}

// framed is a frame of a client's, masked with zeros.
func framed(first byte, payload []byte) []byte {
	return append(frameHeader(first, uint64(len(payload))), payload...)
}

func frameHeader(first byte, length uint64) []byte {
	switch {
	case length < 126:
		return []byte{first, 0x80 | byte(length), 0, 0, 0, 0}
	case length < 1<<16:
		return append(binary.BigEndian.AppendUint16([]byte{first, 0x80 | 126}, uint16(length)), 0, 0, 0, 0)
	}
	return append(binary.BigEndian.AppendUint64([]byte{first, 0x80 | 127}, length), 0, 0, 0, 0)
}

// statusOf reads an answer, and returns its status, 0 for none.
func statusOf(c net.Conn) int {
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return 0
	}
	io.Copy(io.Discard, resp.Body)
	return resp.StatusCode
}

// closeCode reads until a close frame, and returns its code, 0 if the connection ends without one.
func closeCode(c net.Conn) int {
	for in := bufio.NewReader(c); ; {
		var head [2]byte
		if _, err := io.ReadFull(in, head[:]); err != nil {
			return 0
		}
		length := uint64(head[1] & 0x7f)
		switch length {
		case 126:
			var b [2]byte
			io.ReadFull(in, b[:])
			length = uint64(binary.BigEndian.Uint16(b[:]))
		case 127:
			var b [8]byte
			io.ReadFull(in, b[:])
			length = binary.BigEndian.Uint64(b[:])
		}
		if head[0]&0x0f == 8 && length >= 2 {
			var code [2]byte
			io.ReadFull(in, code[:])
			return int(binary.BigEndian.Uint16(code[:]))
		}
		if _, err := io.CopyN(io.Discard, in, int64(length)); err != nil {
			return 0
		}
	}
}

// answers are how often each was given.
type answers struct {
	mu sync.Mutex
	n  map[int]int
}

func (c *answers) add(answer int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.n == nil {
		c.n = map[int]int{}
	}
	c.n[answer]++
}

// slowHandshakes are more than there may be at a time. Some send a byte now and then, some nothing more, some nothing at all.
func (a *abuse) slowHandshakes(t *testing.T) {
	var got answers
	strangers(700, func(i int) {
		c := knock(a.data)
		if c == nil {
			return
		}
		defer c.Close()
		go func() {
			for _, b := range []byte("GET /ws HTTP/1.1\r\nHost: slow.example\r\nX-Slow: 1")[:i%3*20] {
				if _, err := c.Write([]byte{b}); err != nil {
					return
				}
				<-time.After(100 * time.Millisecond)
			}
		}()
		got.add(statusOf(c))
	})
	if got.n[http.StatusRequestTimeout] == 0 || got.n[http.StatusServiceUnavailable] == 0 {
		t.Errorf("answers %v, want 408 and 503", got.n)
	}
}

func (a *abuse) headerBombs(t *testing.T) {
	var got answers
	line := "X-Bomb: " + strings.Repeat("b", 8000) + "\r\n"
	strangers(100, func(int) {
		c := knock(a.data)
		if c == nil {
			return
		}
		defer c.Close()
		go func() {
			io.WriteString(c, "GET /ws HTTP/1.1\r\nHost: x\r\n")
			for range 500 {
				if _, err := io.WriteString(c, line); err != nil {
					return
				}
			}
		}()
		got.add(statusOf(c))
	})
	if got.n[http.StatusRequestHeaderFieldsTooLarge] == 0 {
		t.Errorf("answers %v, want 431", got.n)
	}
}

// A header that announces more than there is memory.
func (a *abuse) frameBombs(t *testing.T) {
	var got answers
	strangers(100, func(i int) {
		c, _ := a.enter("bomb" + strconv.Itoa(i))
		if c == nil {
			return
		}
		defer c.Close()
		c.Write(frameHeader(0x82, 1<<40))
		go c.Write(make([]byte, 256<<10))
		got.add(closeCode(c))
	})
	if got.n[websocket.CloseMessageTooBig] == 0 {
		t.Errorf("close codes %v, want 1009", got.n)
	}
}

// A megabyte of zeros in a kilobyte, many times.
func (a *abuse) decompressionBombs(t *testing.T) {
	var packed bytes.Buffer
	w, _ := flate.NewWriter(&packed, flate.BestCompression)
	for range 900 {
		w.Write(make([]byte, 1<<20))
	}
	w.Flush()
	payload := packed.Bytes()[:packed.Len()-4]
	var got answers
	strangers(20, func(i int) {
		c, _ := a.enter("packer"+strconv.Itoa(i), "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; client_no_context_takeover")
		if c == nil {
			return
		}
		defer c.Close()
		go c.Write(framed(0xc2, payload))
		got.add(closeCode(c))
	})
	if len(got.n) == 0 || got.n[websocket.CloseProtocolError]+got.n[websocket.CloseMessageTooBig] == 0 {
		t.Errorf("close codes %v, want 1002 or 1009", got.n)
	}
}

func (a *abuse) endlessFragments(t *testing.T) {
	var got answers
	strangers(50, func(i int) {
		c, _ := a.enter("fragments" + strconv.Itoa(i))
		if c == nil {
			return
		}
		defer c.Close()
		go func() {
			c.Write(framed(0x02, make([]byte, 1000)))
			more := bytes.Repeat(framed(0x00, make([]byte, 1000)), 16)
			for range 200 {
				if _, err := c.Write(more); err != nil {
					return
				}
			}
		}()
		got.add(closeCode(c))
	})
	if got.n[websocket.CloseMessageTooBig] == 0 {
		t.Errorf("close codes %v, want 1009", got.n)
	}
	// Empty ones have no length that could become too long: they cost what other messages cost.
	strangers(10, func(i int) {
		c, _ := a.enter("empty" + strconv.Itoa(i))
		if c == nil {
			return
		}
		defer c.Close()
		go io.Copy(io.Discard, c)
		c.Write(framed(0x02, nil))
		more := bytes.Repeat(framed(0x00, nil), 1000)
		for until := time.Now().Add(500 * time.Millisecond); time.Now().Before(until); {
			if _, err := c.Write(more); err != nil {
				return
			}
		}
	})
}

// Messages that are nearly as long as they may be and never end would be held in memory by a server that waits for their end.
func (a *abuse) unendingMessages(*testing.T) {
	strangers(300, func(i int) {
		c, _ := a.enter("unending" + strconv.Itoa(i))
		if c == nil {
			return
		}
		defer c.Close()
		go io.Copy(io.Discard, c)
		c.Write(framed(0x02, make([]byte, 900<<10)))
		<-time.After(300 * time.Millisecond)
	})
}

func (a *abuse) floods(*testing.T) {
	message := bytes.Repeat(framed(0x82, make([]byte, 8<<10)), 8)
	strangers(30, func(i int) {
		c, _ := a.enter("flood" + strconv.Itoa(i))
		if c == nil {
			return
		}
		defer c.Close()
		c.SetDeadline(time.Now().Add(3 * time.Second))
		for {
			if _, err := c.Write(message); err != nil {
				return
			}
		}
	})
}

func (a *abuse) resets(*testing.T) {
	strangers(40, func(i int) {
		for n := range 75 {
			var c net.Conn
			switch n % 3 {
			case 0:
				c = knock(a.data)
			case 1:
				if c = knock(a.data); c != nil {
					io.WriteString(c, "GET /ws HTTP/1.1\r\nHo")
				}
			default:
				c, _ = a.enter(fmt.Sprintf("reset%d-%d", i, n))
			}
			if c != nil {
				c.(*net.TCPConn).SetLinger(0)
				c.Close()
			}
		}
	})
}

// A header says that each comes from somewhere else, and nobody has told holter to believe it.
func (a *abuse) forgedAddresses(t *testing.T) {
	var got answers
	hold := make(chan struct{})
	var tried sync.WaitGroup
	tried.Add(500)
	go func() { tried.Wait(); close(hold) }()
	strangers(500, func(i int) {
		address := fmt.Sprintf("198.51.%d.%d", i/250, i%250)
		c, status := a.enter("forger"+strconv.Itoa(i), "X-Forwarded-For: "+address, "Forwarded: for="+address, "X-Real-IP: "+address)
		got.add(status)
		tried.Done()
		<-hold
		if c != nil {
			c.Close()
		}
	})
	if got.n[http.StatusTooManyRequests] == 0 || got.n[http.StatusSwitchingProtocols] > 400 {
		t.Errorf("answers %v, want at most 400 that are let in and 429 for the others", got.n)
	}
}

func (a *abuse) oneClient(t *testing.T) {
	var got answers
	hold := make(chan struct{})
	var tried sync.WaitGroup
	tried.Add(60)
	go func() { tried.Wait(); close(hold) }()
	strangers(60, func(int) {
		c, status := a.enter("greedy")
		got.add(status)
		tried.Done()
		<-hold
		if c != nil {
			c.Close()
		}
	})
	if got.n[http.StatusSwitchingProtocols] > 20 || got.n[http.StatusTooManyRequests] == 0 {
		t.Errorf("answers %v, want at most 20 that are let in and 429 for the others", got.n)
	}
}

// garbage is what is no HTTP, or hostile HTTP.
func (a *abuse) garbage(t *testing.T) {
	heads := []string{
		"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "GET /ws HTTP/1.1\r\n\r\n", "GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n",
		"GET /ws HTTP/1.1\r\nHost: evil.example\x00\r\n\r\n", "GET /ws HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", strings.Repeat("\x00\xff", 3000),
		"POST /ws HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: nonsense\r\n\r\n", "GET /ws HTTP/9.9\r\nHost: x\r\n\r\n", "GET /ws HTTP/1.1\r\nHost x\r\n\r\n",
	}
	var got answers
	strangers(len(heads)*10, func(i int) {
		c := knock(a.data)
		if c == nil {
			return
		}
		defer c.Close()
		io.WriteString(c, heads[i%len(heads)])
		got.add(statusOf(c))
	})
	if got.n[http.StatusBadRequest] == 0 || got.n[http.StatusOK] > 0 {
		t.Errorf("answers %v", got.n)
	}
}

// call makes a request to the admin plane from the address of strangers.
func (a *abuse) call(method, path string, body io.Reader) (status int, retryAfter string, err error) {
	client := http.Client{
		Timeout: patience,
		Transport: &http.Transport{
			DisableKeepAlives: true,
			DialContext:       (&net.Dialer{LocalAddr: stranger}).DialContext,
		},
	}
	req, err := http.NewRequest(method, a.admin+path, body)
	if err != nil {
		return 0, "", err
	}
	resp, err := client.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	io.Copy(io.Discard, resp.Body)
	return resp.StatusCode, resp.Header.Get("Retry-After"), nil
}

func (a *abuse) bodies(t *testing.T) {
	for name, body := range map[string]string{
		"cut off":       `{"q": "al`,
		"no JSON":       "\x00\x01\x02",
		"not UTF-8":     "{\"q\": \"\xff\"}",
		"deep":          strings.Repeat("[", 500_000),
		"deep objects":  strings.Repeat(`{"q":`, 100_000),
		"twice":         `{"q": "state=failed", "q": "all"}`,
		"unknown":       `{"query": "all"}`,
		"another type":  `{"q": 7}`,
		"empty":         "",
		"a long number": `{"q": "client=nobody", "code": ` + strings.Repeat("9", 500_000) + `}`,
	} {
		if status, _, err := a.call(http.MethodPost, "/api/v1/kick", strings.NewReader(body)); err != nil || status != http.StatusBadRequest {
			t.Errorf("a body that is %s: status %d, %v", name, status, err)
		}
	}
	status, _, err := a.call(http.MethodPost, "/api/v1/kick", strings.NewReader(`{"q": "`+strings.Repeat("x", 10<<20)+`"}`))
	if err == nil && status != http.StatusRequestEntityTooLarge { // an error is the connection that holter closes before it has read all
		t.Errorf("10 MB: status %d", status)
	}
}

func (a *abuse) calls(t *testing.T) {
	var got answers
	var early atomic.Int64
	strangers(16, func(int) {
		for range 200 {
			status, after, err := a.call(http.MethodGet, "/api/v1/host", nil)
			if err != nil {
				continue
			}
			if got.add(status); status == http.StatusTooManyRequests && after == "" {
				early.Add(1)
			}
		}
	})
	if got.n[http.StatusOK] == 0 || got.n[http.StatusTooManyRequests] == 0 || early.Load() > 0 {
		t.Errorf("answers %v, %d without a time to come back; want 200 and then 429", got.n, early.Load())
	}
	if status, _, err := a.call(http.MethodGet, "/health", nil); err != nil || status != http.StatusOK {
		t.Errorf("health after that: %d, %v", status, err)
	}
}

// readers of events take a place each and read nothing.
func (a *abuse) readers(t *testing.T) {
	var got answers
	hold := make(chan struct{})
	var tried sync.WaitGroup
	tried.Add(60)
	go func() { tried.Wait(); close(hold) }()
	strangers(60, func(i int) {
		c := knockFrom(net.IPv4(127, 0, 0, byte(10+i%8)), a.plane)
		status := 0
		if c != nil {
			defer c.Close()
			fmt.Fprintf(c, "GET /api/v1/events HTTP/1.1\r\nHost: %s\r\n\r\n", a.plane)
			if resp, err := http.ReadResponse(bufio.NewReader(c), nil); err == nil {
				status = resp.StatusCode
			}
		}
		got.add(status)
		tried.Done()
		<-hold
	})
	if got.n[http.StatusOK] == 0 || got.n[http.StatusOK] > 20 || got.n[http.StatusServiceUnavailable] == 0 {
		t.Errorf("answers %v, want at most 20 readers and 503 for the others", got.n)
	}
}

func knockFrom(ip net.IP, address string) net.Conn {
	c, err := (&net.Dialer{LocalAddr: &net.TCPAddr{IP: ip}, Timeout: tolerable}).Dial("tcp", address)
	if err != nil {
		return nil
	}
	c.SetDeadline(time.Now().Add(patience))
	return c
}

// A regular expression as large as it may be, over what the other cases have left on the list, and readers that hang up.
func (a *abuse) filters(t *testing.T) {
	q := url.QueryEscape(`user_agent~"(.?.?){300}b$"`)
	hold := make(chan struct{})
	var entered sync.WaitGroup
	var got answers
	var staying sync.WaitGroup
	for i := range 300 {
		entered.Add(1)
		staying.Go(func() {
			c, _ := a.enter("agent"+strconv.Itoa(i), "User-Agent: "+strings.Repeat("a", 250))
			entered.Done()
			<-hold
			if c != nil {
				c.Close()
			}
		})
	}
	entered.Wait()
	strangers(8, func(i int) {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		if i%2 == 0 {
			ctx, cancel = context.WithTimeout(context.Background(), 200*time.Millisecond) // hangs up
		}
		defer cancel()
		req, _ := http.NewRequestWithContext(ctx, http.MethodGet, a.admin+"/api/v1/connections?q="+q, nil)
		resp, err := http.DefaultClient.Do(req)
		if errors.Is(err, context.DeadlineExceeded) || err != nil {
			return
		}
		defer resp.Body.Close()
		got.add(resp.StatusCode)
	})
	close(hold)
	staying.Wait()
	t.Logf("answers %v", got.n)
	if got.n[http.StatusUnprocessableEntity] == 0 {
		t.Errorf("answers %v, want 422", got.n)
	}
}
