package proxy

import (
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"holter/model"
	"holter/server"
	"holter/server/api"
	"holter/server/plane"
)

func TestForwarded(t *testing.T) {
	trust, err := plane.ParseTrusted("--trusted-proxies", []string{"10.0.0.0/8", "fd00::/8", "fe80::/10", "::ffff:192.0.2.9"})
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		peer   string
		header string // Name: value lines
		origin string
		out    string // For, Host, Proto, Forwarded
	}{
		"a client":           {"203.0.113.5:4000", "", "203.0.113.5:4000", "203.0.113.5|app.example|http|"},
		"a liar":             {"203.0.113.5:4000", "X-Forwarded-For: 1.1.1.1\nX-Forwarded-Host: evil\nX-Forwarded-Proto: https\nForwarded: for=1.1.1.1", "203.0.113.5:4000", "203.0.113.5|app.example|http|"},
		"a proxy":            {"10.1.2.3:4000", "X-Forwarded-For: 198.51.100.7\nX-Forwarded-Host: www.example\nX-Forwarded-Proto: https\nForwarded: for=198.51.100.7", "198.51.100.7:0", "198.51.100.7, 10.1.2.3|www.example|https|for=198.51.100.7"},
		"a proxy by address": {"192.0.2.9:1", "X-Forwarded-For: 198.51.100.7", "198.51.100.7:0", "198.51.100.7, 192.0.2.9|app.example|http|"},
		"one beside it":      {"192.0.2.8:1", "X-Forwarded-For: 198.51.100.7", "192.0.2.8:1", "192.0.2.8|app.example|http|"},
		"two proxies":        {"10.1.2.3:4000", "X-Forwarded-For: 198.51.100.7, 10.9.9.9", "198.51.100.7:0", "198.51.100.7, 10.9.9.9, 10.1.2.3|app.example|http|"},
		"two lines":          {"10.1.2.3:4000", "X-Forwarded-For: 198.51.100.7\nX-Forwarded-For: 10.9.9.9", "198.51.100.7:0", "198.51.100.7, 10.9.9.9, 10.1.2.3|app.example|http|"},
		"a lie before it":    {"10.1.2.3:4000", "X-Forwarded-For: 1.1.1.1, 198.51.100.7", "198.51.100.7:0", "1.1.1.1, 198.51.100.7, 10.1.2.3|app.example|http|"},
		"none but proxies":   {"10.1.2.3:4000", "X-Forwarded-For: 10.9.9.9", "10.9.9.9:0", "10.9.9.9, 10.1.2.3|app.example|http|"},
		"a silent proxy":     {"10.1.2.3:4000", "", "10.1.2.3:4000", "10.1.2.3|app.example|http|"},
		"an unknown client":  {"10.1.2.3:4000", "X-Forwarded-For: unknown", "10.1.2.3:4000", "unknown, 10.1.2.3|app.example|http|"},
		"with a port":        {"10.1.2.3:4000", "X-Forwarded-For: 198.51.100.7:5555", "198.51.100.7:0", "198.51.100.7:5555, 10.1.2.3|app.example|http|"},
		"IPv6":               {"[fd00::1]:4000", "X-Forwarded-For: 2001:db8::7", "[2001:db8::7]:0", "2001:db8::7, fd00::1|app.example|http|"},
		"IPv6 in brackets":   {"[fd00::1]:4000", "X-Forwarded-For: [2001:db8::7]", "[2001:db8::7]:0", "[2001:db8::7], fd00::1|app.example|http|"},
		"mapped IPv4":        {"[::ffff:10.1.2.3]:4000", "X-Forwarded-For: 198.51.100.7", "198.51.100.7:0", "198.51.100.7, 10.1.2.3|app.example|http|"},
		"on the link":        {"[fe80::1%eth0]:4000", "X-Forwarded-For: 198.51.100.7", "198.51.100.7:0", "198.51.100.7, fe80::1%eth0|app.example|http|"},
	} {
		t.Run(name, func(t *testing.T) {
			in := httptest.NewRequest("GET", "http://app.example/", nil)
			in.RemoteAddr = tc.peer
			for line := range strings.Lines(tc.header) {
				name, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
				in.Header.Add(name, value)
			}
			if got := trust.Origin(in); got != tc.origin {
				t.Errorf("from %s, want %s", got, tc.origin)
			}
			out := in.Header.Clone() // as ReverseProxy leaves it
			for _, name := range []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto"} {
				out.Del(name)
			}
			forward(trust, out, in)
			got := strings.Join([]string{out.Get("X-Forwarded-For"), out.Get("X-Forwarded-Host"), out.Get("X-Forwarded-Proto"), out.Get("Forwarded")}, "|")
			if got != tc.out {
				t.Errorf("forwarded %s, want %s", got, tc.out)
			}
		})
	}
}

// The screen shows the client and not the proxy before holter, where that one is trusted.
func TestProxyShowsTheClient(t *testing.T) {
	upstream := echoBackend(t).URL
	for _, trusts := range []bool{true, false} {
		p := runProxy(t, upstream, func(o *server.Options, po *Options) {
			o.Identity, o.Admin = "ip", "127.0.0.1:0"
			if trusts {
				po.TrustedProxies = []string{"127.0.0.0/8"}
			}
		})
		c := connectTo(t, p.Addr().String())
		shake(t, c, "", "X-Forwarded-For: 198.51.100.7")
		s, err := p.monitor.Source().Snapshot(t.Context())
		if err != nil || len(s.Connections) != 1 {
			t.Fatal(s.Connections, err)
		}
		want := "127.0.0.1"
		if trusts {
			want = "198.51.100.7"
		}
		if got := s.Connections[0]; got.Remote.Addr().String() != want || got.Client != want {
			t.Errorf("%s at %s, want %s", got.Client, got.Remote, want)
		}
		if !trusts {
			continue
		}
		// Its port is not known, and not made up.
		var list api.Connections
		if p.get(t, "/api/v1/connections?q="+url.QueryEscape(`remote~^198\.51\.100\.7$ !":0"`), &list); len(list.Connections) != 1 || list.Connections[0].Remote != want {
			t.Errorf("listed: %+v", list.Connections)
		}
		if err := p.monitor.Source().Refuse(t.Context(), time.Minute); err != nil {
			t.Fatal(err)
		}
		shake(t, connectTo(t, p.Addr().String()), "", "X-Forwarded-For: 2001:db8::7")
		e := p.await(t, func(e *model.Event) bool { return e.Type == model.ConnectionRefused })
		if e.Refusal.Remote != "2001:db8::7" {
			t.Errorf("refused %s", e.Refusal.Remote)
		}
	}
}
