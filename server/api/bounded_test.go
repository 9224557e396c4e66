package api

import (
	"bufio"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"holter/model"
)

// takes fails if do allocates more than so many MiB.
func takes(t *testing.T, mib uint64, do func()) {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	do()
	runtime.ReadMemStats(&after)
	if got := (after.TotalAlloc - before.TotalAlloc) >> 20; got > mib {
		t.Errorf("took %d MiB, want %d at most", got, mib)
	}
}

// repeat writes a text again and again, up to so many MiB.
func repeat(w io.Writer, text string, mib int) {
	block := strings.Repeat(text, 1+(64<<10)/len(text))
	for n := 0; n < mib<<20; n += len(block) {
		if _, err := io.WriteString(w, block); err != nil {
			return
		}
	}
}

const beginning = `{"summary":{"started_at":"2026-03-04T05:06:07Z"},`

// What a malicious holter sends as its picture is refused, before it has used up the memory here.
func TestAttachIsBounded(t *testing.T) {
	long := strings.Repeat("x", 1000)
	for _, c := range []struct {
		name, begin, again string
		mib                int
	}{
		{"an endless text", `{"summary":{"version":"`, "x", 300},
		{"an endless key", `{"`, "x", 300},
		{"an unknown endless text", beginning + `"new":"`, "x", 300},
		{"endless depth", beginning + `"new":`, "[", 100},
		{"depth in a connection", beginning + `"connections":[{"new":`, "[", 100},
		{"an endless element", beginning + `"connections":[{"faults":["x"`, `,"x"`, 300},
		{"endless cores", `{"summary":{"host":{"cores_percent":[0`, `,0`, 300},
		{"endless bins", beginning + `"activity":{"connects":[0`, `,0`, 300},
		{"endless policies", beginning + `"storms":[{"id":1,"policies":[{}`, `,{}`, 100},
		{"endless storms", beginning + `"storms":[{"id":1}`, `,{"id":1}`, 100},
		{"endless clocks", beginning + `"paths":[{"id":"p1","clocks":[{}`, `,{}`, 100},
		{"endless paths", beginning + `"paths":[{"id":"p1"}`, `,{"id":"p1"}`, 100},
		{"endless long names that are gone", beginning + `"clients_gone":["a"`, `,"` + long + `"`, 400},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newPlane(t)
			p.routes = http.NewServeMux()
			p.routes.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
				io.WriteString(w, c.begin)
				repeat(w, c.again, c.mib)
			})
			takes(t, 220, func() {
				_, err := Attach(t.Context(), p.URL, "")
				if model.ErrorCode(err) != model.Unavailable || len(err.Error()) > 400 {
					t.Errorf("error %v", err)
				}
			})
		})
	}
}

// A small answer that gzip makes large is bounded as a large one.
func TestGzipBomb(t *testing.T) {
	p := newPlane(t)
	p.routes = http.NewServeMux()
	p.routes.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		z, _ := gzip.NewWriterLevel(w, gzip.BestSpeed)
		io.WriteString(z, beginning+`"connections":[{"id":"c1","path":"`)
		repeat(z, "x", 300)
	})
	base, err := ParseAddress(p.URL)
	if err != nil {
		t.Fatal(err)
	}
	r := &Remote{caller: newCaller(base, ""), pictures: newAlbum()}
	r.caller.http.Transport.(*http.Transport).DisableCompression = false
	defer r.caller.http.CloseIdleConnections()
	takes(t, 20, func() {
		if err := r.first(t.Context()); model.ErrorCode(err) != model.Unavailable {
			t.Errorf("error %v", err)
		}
	})
}

// Pictures that are each of legal size, but grow together beyond it, are refused too.
func TestASeriesIsBounded(t *testing.T) {
	in, out := io.Pipe()
	defer in.Close()
	go func() {
		long := strings.Repeat("x", 1000)
		for n := 1; ; {
			fmt.Fprint(out, beginning, `"connections":[`)
			for i := range 10_000 {
				if i > 0 {
					fmt.Fprint(out, ",")
				}
				if _, err := fmt.Fprintf(out, `{"id":"c%d","path":"%s","user_agent":"%s"}`, n, long, long); err != nil {
					return
				}
				n++
			}
			fmt.Fprint(out, "]}\n")
		}
	}()
	r := NewSnapshotReader(in)
	for range 100 {
		s, err := r.Read()
		if err != nil {
			return
		}
		if len(s.Connections) > 100_000 {
			t.Fatalf("%d connections of 2 kB", len(s.Connections))
		}
	}
}

// A hundred thousand connections are of legal size, with clients that all come back in a storm.
func TestAHundredThousandAreLegal(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	const n = 100_000
	s := crowd(n)
	for i := range s.Clients {
		s.Clients[i].ID = fmt.Sprintf("client-%06d", i)
		s.Clients[i].Reconnects = make([]time.Duration, model.MaxReconnects)
		s.Clients[i].Attempts = make([]model.Attempt, model.MaxReconnects)
	}
	if n := weighPicture(&s); n > largestPicture {
		t.Errorf("it takes %d bytes", n)
	}
	for i := range s.Clients { // which makes the test fast
		s.Clients[i].Reconnects, s.Clients[i].Attempts = nil, nil
	}
	in, out := io.Pipe()
	defer in.Close()
	go func() { NewSnapshotWriter(out).Write(&s) }()
	got, err := NewSnapshotReader(in).Read()
	if err != nil || len(got.Connections) != n || len(got.Clients) != n {
		t.Errorf("%d connections, %d clients, error %v", len(got.Connections), len(got.Clients), err)
	}
}

// The answer to a call costs no more memory than such an answer may.
func TestCallsAreBounded(t *testing.T) {
	for name, answer := range map[string]string{
		"legs":      `{"id":"c1","legs":[` + strings.Repeat(`{},`, 5<<20) + `{}]}`,
		"samples":   `{"id":"c1","samples":[` + strings.Repeat(`{},`, 5<<20) + `{}]}`,
		"deep legs": `{"id":"c1","legs":[` + strings.Repeat(`{"legs":[`, 9000),
		"a text":    `{"id":"c1","path":"` + strings.Repeat("x", 15<<20) + `"}`,
	} {
		p := newPlane(t)
		p.routes.HandleFunc("GET /api/v1/connections/c1", func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, answer) })
		r := p.attach(t)
		takes(t, 60, func() {
			if _, err := r.Detail(t.Context(), 1); model.ErrorCode(err) != model.Unavailable {
				t.Errorf("%s: error %v", name, err)
			}
		})
	}
}

// Lines that are too long are left out, and what comes after them is read. What is kept of many heavy events
// is bounded.
func TestEventsAreBounded(t *testing.T) {
	p := newPlane(t)
	cores := strings.Repeat(",0", 100_000)
	p.routes.HandleFunc("GET /api/v1/events", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("since") != "0" {
			<-r.Context().Done()
			return
		}
		io.WriteString(w, `{"seq":1,"type":"host.sampled","host":{"cores_percent":[0`)
		repeat(w, ",0", 4)
		for i := range 2000 {
			fmt.Fprintf(w, "]}}\n"+`{"seq":%d,"type":"host.sampled","host":{"cores_percent":[0%s`, i+2, cores)
		}
		fmt.Fprintln(w, "]}}\n"+`{"seq":5000,"type":"moon.risen"}`)
		http.NewResponseController(w).Flush()
		<-r.Context().Done()
	})
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	r := p.attach(t)
	ctx, cancel := context.WithTimeout(t.Context(), 6*patience)
	defer cancel()
	var lost uint64
	for seen, done := uint64(0), false; !done; {
		events, err := r.Events(ctx, seen)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range events {
			seen, done = e.Seq, e.Type == "moon.risen"
			if e.Type == model.Dropped {
				lost += e.Count
			}
		}
	}
	if lost == 0 {
		t.Error("nothing is said to be lost")
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if kept := (int64(after.HeapAlloc) - int64(before.HeapAlloc)) >> 20; kept > 50 {
		t.Errorf("%d MiB are kept", kept)
	}
}

// A refusal that never ends is one all the same.
func TestARefusalWithoutAnEnd(t *testing.T) {
	p := newPlane(t)
	p.routes = http.NewServeMux()
	p.routes.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusInternalServerError)
		http.NewResponseController(w).Flush()
		<-r.Context().Done()
	})
	base, err := ParseAddress(p.URL)
	if err != nil {
		t.Fatal(err)
	}
	r := &Remote{caller: newCaller(base, ""), pictures: newAlbum()}
	defer r.caller.http.CloseIdleConnections()
	r.caller.opening = 20 * time.Millisecond
	done := make(chan error, 1)
	go func() { done <- r.first(t.Context()) }()
	select {
	case err := <-done:
		if model.ErrorCode(err) != model.Unavailable || !strings.Contains(err.Error(), "answers 500") {
			t.Errorf("error %v", err)
		}
	case <-time.After(patience):
		t.Fatal("it waits for the end")
	}
}

// A picture that comes in drips counts as none after a time.
func TestAPictureInDrips(t *testing.T) {
	p := newPlane(t)
	p.routes = http.NewServeMux()
	p.routes.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, beginning)
		for r.Context().Err() == nil {
			io.WriteString(w, " ")
			http.NewResponseController(w).Flush()
			select {
			case <-time.After(time.Millisecond):
			case <-r.Context().Done():
			}
		}
	})
	base, err := ParseAddress(p.URL)
	if err != nil {
		t.Fatal(err)
	}
	r := &Remote{caller: newCaller(base, ""), pictures: newAlbum()}
	defer r.caller.http.CloseIdleConnections()
	r.caller.whole = 50 * time.Millisecond
	if err := r.first(t.Context()); model.ErrorCode(err) != model.Unavailable || !strings.Contains(err.Error(), "too slow") {
		t.Errorf("error %v", err)
	}
}

// The head of an answer is bounded too, and whatever is wrong with it is said in one sentence.
func TestHeadsAreBounded(t *testing.T) {
	for name, c := range map[string]struct{ begin, again, want string }{
		"endless headers":           {"HTTP/1.1 200 OK\r\n", "X-Y: z\r\n", "does not answer"},
		"an endless header":         {"HTTP/1.1 200 OK\r\nX: ", "x", "does not answer"},
		"answers before the answer": {"", "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", "does not answer"},
		"garbage":                   {"", "\x00\xff\x1b[31m", "does not answer"},
		"an endless status line":    {"HTTP/1.1 200 ", "\x1b[31m", "does not answer"},
		"an endless refusal":        {"HTTP/1.1 500 \x1b[31m\r\nContent-Type: text/html\r\n\r\n", "\x1b[31m", "answers 500"},
		"an endless error": {"HTTP/1.1 400 No\r\n\r\n" + `{"error":{"code":"invalid","message":"` + strings.Repeat("\x1b[31m", 5000) + `"}}` + "\n", " ",
			"not the admin plane"},
	} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		var group sync.WaitGroup
		group.Go(func() {
			for {
				conn, err := l.Accept()
				if err != nil {
					return
				}
				group.Go(func() {
					defer conn.Close()
					http.ReadRequest(bufio.NewReader(conn))
					io.WriteString(conn, c.begin)
					repeat(conn, c.again, 100)
				})
			}
		})
		takes(t, 40, func() {
			_, err = Attach(t.Context(), l.Addr().String(), "")
			if err == nil || !strings.Contains(err.Error(), c.want) || len(err.Error()) > 500 || err.Error() != text(err.Error()) {
				t.Errorf("%s: error %q", name, err)
			}
		})
		l.Close()
		group.Wait()
	}
}
