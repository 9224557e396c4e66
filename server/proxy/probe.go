package proxy

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gorilla/websocket"

	"holter/model"
	"holter/probe/health"
	"holter/probe/process"
)

// upstreamProbe asks the backend whether it is well, by the ping of a WebSocket of holter's own. The WebSocket stays open from
// one check to the next, and what comes over it is read and thrown away. After a failed check the next one opens another.
//
// It has one owner, and one goroutine that reads.
type upstreamProbe struct {
	dialer websocket.Dialer
	url    string
	header http.Header

	conn    *websocket.Conn // nil while there is none
	pongs   chan uint64     // of conn
	ended   chan struct{}   // closed when conn cannot be read any more
	reading process.Group
	pings   uint64
	ponged  bool // one of the backend's WebSockets has answered a ping
	mute    bool // it has opened WebSockets and has never answered a ping
}

// upstreamName is what the backend is called among the services.
const upstreamName = "upstream"

// newProbe makes a probe of the backend at a path, which may have a query.
func newProbe(up *upstream, path string, header http.Header) *upstreamProbe {
	scheme := map[string]string{"http": "ws", "https": "wss"}[up.url.Scheme]
	return &upstreamProbe{
		url: scheme + "://" + up.url.Host + path, header: header,
		dialer: websocket.Dialer{
			NetDialContext:  func(ctx context.Context, _, _ string) (net.Conn, error) { return up.connect(ctx) },
			TLSClientConfig: up.secure,
		},
	}
}

// Check pings the backend. It opens a WebSocket if there is none. A backend that answers no pings at all is asked for a
// WebSocket each time instead.
func (p *upstreamProbe) Check(ctx context.Context) health.Result {
	if p.gone() {
		p.Close()
	}
	if p.conn == nil {
		if result := p.open(ctx); !result.Well() {
			return result
		}
		if p.mute {
			p.Close()
			return health.Result{Status: "answers no pings"}
		}
	}
	result := p.ping(ctx)
	if !result.Well() || p.mute {
		p.Close()
	}
	return result
}

// open opens a WebSocket, and begins to read what comes.
func (p *upstreamProbe) open(ctx context.Context) health.Result {
	conn, answer, err := p.dialer.DialContext(ctx, p.url, p.header)
	switch {
	case err == websocket.ErrBadHandshake && answer != nil:
		return health.Result{Status: strconv.Itoa(answer.StatusCode), Why: model.Diagnosis{
			Cause: model.CauseStatus, Detail: "it answers " + model.Abridge(answer.Status, 80) + " to an upgrade at the path of --upstream-probe",
		}}
	case err != nil:
		return health.Result{Why: health.Explain(ctx, err)}
	}
	pongs, ended := make(chan uint64, 1), make(chan struct{})
	conn.SetPongHandler(func(text string) error {
		if n, err := strconv.ParseUint(text, 10, 64); err == nil {
			select {
			case pongs <- n:
			default: // one is waiting to be seen already
			}
		}
		return nil
	})
	p.conn, p.pongs, p.ended = conn, pongs, ended
	p.reading.Go(func() {
		defer close(ended)
		for {
			if _, _, err := conn.NextReader(); err != nil {
				return
			}
		}
	})
	return health.Result{}
}

// ping waits for the pong of a new ping.
func (p *upstreamProbe) ping(ctx context.Context) health.Result {
	p.pings++
	deadline, _ := ctx.Deadline()
	if err := p.conn.WriteControl(websocket.PingMessage, strconv.AppendUint(nil, p.pings, 10), deadline); err != nil {
		return health.Result{Why: model.Diagnosis{Cause: model.CauseNoHTTP, Detail: "its WebSocket takes no ping"}}
	}
	patience := ctx
	if !p.ponged { // it may be one that answers none, and must not seem slow for that
		var cancel context.CancelFunc
		patience, cancel = context.WithTimeout(ctx, time.Until(deadline)/4)
		defer cancel()
	}
	for {
		select {
		case n := <-p.pongs:
			if n == p.pings {
				p.ponged = true
				return health.Result{}
			}
		case <-p.ended:
			return health.Result{Why: model.Diagnosis{Cause: model.CauseNoHTTP, Detail: "its WebSocket ended before a pong came"}}
		case <-patience.Done():
			if !p.ponged && ctx.Err() == nil {
				p.mute = true // or it froze within the moment since it opened the WebSocket, which the next check shows
				return health.Result{Status: "answers no pings"}
			}
			return health.Result{Why: model.Diagnosis{Cause: model.CauseTimedOut, Detail: "no pong came in time: its process does not answer"}}
		}
	}
}

// gone reports whether the WebSocket has ended meanwhile. A backend may close one that is idle.
func (p *upstreamProbe) gone() bool {
	if p.conn == nil {
		return false
	}
	select {
	case <-p.ended:
		return true
	default:
		return false
	}
}

// Close ends the WebSocket, if there is one, and waits for its reader.
func (p *upstreamProbe) Close() {
	if p.conn == nil {
		return
	}
	p.conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseNormalClosure, ""), time.Now().Add(100*time.Millisecond))
	p.conn.Close()
	p.reading.Wait()
	p.conn = nil
}

// ProbeOptions say how the upstream is asked for its health.
type ProbeOptions struct {
	UpstreamProbe       string   `placeholder:"PATH" help:"Ask the upstream for its health too: with a WebSocket of holter's own at this path, which is pinged as often as services are asked. It is called upstream among the services."`
	UpstreamProbeHeader []string `sep:"none" placeholder:"FIELD:VALUE" help:"Header field of that WebSocket's handshake, such as 'Cookie: session=SECRET'. May be given more than once."`
}

// Validate refuses settings that make no sense. The error says what to write instead, and shows no value of a header field.
func (o ProbeOptions) Validate() error {
	switch {
	case o.UpstreamProbe == "" && len(o.UpstreamProbeHeader) > 0:
		return fmt.Errorf("--upstream-probe-header is for the WebSocket of --upstream-probe: write both")
	case o.UpstreamProbe != "" && (!strings.HasPrefix(o.UpstreamProbe, "/") || strings.ContainsAny(o.UpstreamProbe, "# \t\r\n")):
		return fmt.Errorf("--upstream-probe %.80q is no path: write one such as /ws", o.UpstreamProbe)
	}
	_, err := o.header()
	return err
}

func (o ProbeOptions) header() (http.Header, error) {
	header := http.Header{"User-Agent": {"holter"}}
	for _, text := range o.UpstreamProbeHeader {
		field, value, err := health.ParseField(text)
		if err != nil {
			return nil, fmt.Errorf("--upstream-probe-header %w", err)
		}
		header[field] = append(header[field], value)
	}
	return header, nil
}
