package path

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

func TestMask(t *testing.T) {
	for path, want := range map[string]string{
		"":                               "",
		"/":                              "/",
		"/ws":                            "/ws",
		"/ws1":                           "/ws1",
		"/v2/chat":                       "/v2/chat",
		"/ocpp/1.6/CP0001":               "/ocpp/1.6/*",
		"/ocpp/CP1":                      "/ocpp/*",
		"/ocpp/CP0001":                   "/ocpp/*",
		"/CP0001":                        "/*",
		"/ocpp/CP0001/":                  "/ocpp/*/",
		"/room/42/ws":                    "/room/*/ws",
		"/10.0.0.7/ws":                   "/*/ws",
		"/a/0b5c1f6e-8a1c-4d/x":          "/a/*/x",
		"/sockjs/058/4030pm0d/websocket": "/sockjs/*/*/websocket",
		"/api/kernels/6f1de0cf-20c3-4f20-9f0a-1d2a1b1f1e11/channels":   "/api/kernels/*/channels",
		"/s/dGhlIHNhbXBsZSBub25jZQ":                                    "/s/*",
		"/s/QwErTyUiOpAsDfGhJk":                                        "/s/*",
		"/rooms/lobby":                                                 "/rooms/lobby",
		"/getNotificationSubscriptionStream/notification-subscription": "/getNotificationSubscriptionStream/notification-subscription",
		"/user/ann@example.com/ws":                                     "/user/*/ws",
		"/api/0a1b2c3d…":                                               "/api/*",
		"/ocpp201/ws":                                                  "/ocpp201/ws",
		"/oauth2callback":                                              "/oauth2callback",
	} {
		if got := Mask(path); got != want {
			t.Errorf("%q is of %q, want %q", path, got, want)
		}
	}
}

// crowd is the paths of clients: n of each.
type crowd map[string]int

func (c crowd) learn() *Routes {
	var paths []string
	for p, n := range c {
		for range n {
			paths = append(paths, p)
		}
	}
	rand.Shuffle(len(paths), func(i, j int) { paths[i], paths[j] = paths[j], paths[i] })
	return Learn(slices.Values(paths))
}

// templates are those of the paths, each once.
func (c crowd) templates() []string {
	routes := c.learn()
	var all []string
	for p := range c {
		all = append(all, routes.Of(p))
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// each are paths of one client, made of a format and the words of a list.
func each(format string, words ...string) crowd {
	c := make(crowd)
	for _, w := range words {
		c[fmt.Sprintf(format, w)] = 1
	}
	return c
}

func numbers(n int) (words []string) {
	for i := range n {
		words = append(words, fmt.Sprint(i+1))
	}
	return words
}

var places = strings.Fields("hamburg berlin kiel bremen essen jena ulm trier bonn worms mainz fulda")

func random(n, length int, from string) []string {
	return randomOf(rand.New(rand.NewPCG(7, 7)), n, length, from)
}

func randomOf(r *rand.Rand, n, length int, from string) (words []string) {
	for range n {
		var b strings.Builder
		for range length {
			b.WriteByte(from[r.IntN(len(from))])
		}
		words = append(words, b.String())
	}
	return words
}

func with(all ...crowd) crowd {
	sum := make(crowd)
	for _, c := range all {
		for p, n := range c {
			sum[p] += n
		}
	}
	return sum
}

func TestLearn(t *testing.T) {
	const sessions = "abcdefghijklmnopqrstuvwxyz0123456789_"
	sockjs := make(crowd)
	for i, s := range random(200, 8, sessions) {
		sockjs[fmt.Sprintf("/sockjs/%03d/%s/websocket", 37*i%1000, s)] = 1
	}
	services := make(crowd)
	for _, name := range places {
		services["/"+name], services["/svc/"+name+"/ws"] = 8, 8
	}
	for name, c := range map[string]struct {
		paths crowd
		want  []string
	}{
		"one route":                      {crowd{"/ws": 900}, []string{"/ws"}},
		"routes of many clients":         {crowd{"/chat": 40, "/orders": 60, "/api/chat": 9}, []string{"/api/chat", "/chat", "/orders"}},
		"many routes of many clients":    {services, append(prefixed("/", places), prefixed("/svc/", places, "/ws")...)},
		"protocols with a number":        {crowd{"/x/mqtt3": 20, "/x/mqtt5": 30, "/x/mqtt31": 9, "/ocpp16/a": 9, "/ocpp201/a": 9}, []string{"/ocpp16/a", "/ocpp201/a", "/x/mqtt3", "/x/mqtt31", "/x/mqtt5"}},
		"chargers, numbered":             {each("/ocpp/CP%s", numbers(12)...), []string{"/ocpp/*"}},
		"three chargers":                 {each("/ocpp/CP%s", numbers(3)...), []string{"/ocpp/*"}},
		"two chargers":                   {each("/ocpp/CP%s", numbers(2)...), []string{"/ocpp/CP1", "/ocpp/CP2"}},
		"chargers, named":                {each("/ocpp/%s", places...), []string{"/ocpp/*"}},
		"few names":                      {each("/ocpp/%s", places[:9]...), prefixed("/ocpp/", places[:9])},
		"names in front":                 {each("/%s", places...), prefixed("/", places)},
		"a room that is known":           {with(each("/rooms/%s", numbers(30)...), crowd{"/rooms/lobby": 50}), []string{"/rooms/*", "/rooms/lobby"}},
		"rooms of many":                  {crowd{"/rooms/1": 40, "/rooms/2": 50, "/rooms/lobby": 8}, []string{"/rooms/*", "/rooms/lobby"}},
		"names and a room that is known": {with(each("/rooms/%s", places...), crowd{"/rooms/lobby": 50, "/rooms/tea": 3}), []string{"/rooms/*", "/rooms/lobby"}},
		"lengths":                        {with(each("/u/%s/ws", places...), each("/u/%s", places...), crowd{"/u/a/b/c": 1}), []string{"/u/*", "/u/*/ws", "/u/a/b/c"}},
		"SockJS":                         {sockjs, []string{"/sockjs/*/*/websocket"}},
		"ids beside a route":             {with(each("/a/%s", numbers(3)...), crowd{"/a/mqtt5": 9, "/a/events": 1}), []string{"/a/*", "/a/events", "/a/mqtt5"}},
		"sessions of letters":            {each("/s/%s/x", random(60, 9, sessions[:26])...), []string{"/s/*/x"}},
		"kernels":                        {crowd{"/api/kernels/6f1de0cf-20c3-4f20-9f0a-1d2a1b1f1e11/channels": 1, "/api/kernels/0f1de0cf-20c3-4f20-9f0a-1d2a1b1f1e12/channels": 1}, []string{"/api/kernels/*/channels"}},
	} {
		slices.Sort(c.want)
		if got := c.paths.templates(); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// A few random ids are one template from the start, also those that happen to look like words.
func TestLearnFewRandomIDs(t *testing.T) {
	const fleets = 300
	for _, clients := range []int{8, 20, 40} {
		split := 0
		for seed := range uint64(fleets) {
			r := rand.New(rand.NewPCG(seed, 1))
			paths := crowd{"/ws": 30, "/sockjs/info": 9}
			for _, session := range randomOf(r, clients, 8, "abcdefghijklmnopqrstuvwxyz0123456789") {
				paths[fmt.Sprintf("/sockjs/%03d/%s/websocket", r.IntN(1000), session)] = 1
			}
			if len(paths.templates()) != 3 {
				split++
			}
		}
		if split > fleets*5/100 {
			t.Errorf("%d clients: %d of %d fleets have more than one template", clients, split, fleets)
		}
	}
}

func prefixed(prefix string, words []string, ends ...string) (all []string) {
	for _, w := range words {
		all = append(all, prefix+w+strings.Join(ends, ""))
	}
	return all
}

// What was not learnt from has the template of those beside it.
func TestOfAPathThatWasNotLearnt(t *testing.T) {
	routes := with(each("/ocpp/%s/ws", places...), crowd{"/ws": 3, "/ocpp/test/ws": 9}).learn()
	for path, want := range map[string]string{
		"/ocpp/bern/ws": "/ocpp/*/ws", "/ocpp/test/ws": "/ocpp/test/ws", "/ocpp/4711/ws": "/ocpp/*/ws", "/ocpp/bern": "/ocpp/bern",
		"/room/42": "/room/*", "/ocpp//ws": "/ocpp//ws", "": "", "/ocpp/bern/events": "/ocpp/*/events",
	} {
		if got := routes.Of(path); got != want {
			t.Errorf("%q is of %q, want %q", path, got, want)
		}
	}
}

// Of very many names a part is enough, and a route that many clients share is never among the rest.
func TestLearnIsBounded(t *testing.T) {
	paths := crowd{"/ocpp/test": 8}
	for i := range 3 * mostLearnt {
		paths["/ocpp/"+letters(i)] = 1
	}
	routes := paths.learn()
	if n := len(routes.templates); n > mostLearnt*5/4 {
		t.Errorf("learnt from %d paths", n)
	}
	for p := range paths {
		want := "/ocpp/*"
		if p == "/ocpp/test" {
			want = p
		}
		if got := routes.Of(p); got != want {
			t.Fatalf("%q is of %q, want %q", p, got, want)
		}
	}
}

func TestMatch(t *testing.T) {
	for _, c := range []struct {
		template, path string
		want           bool
	}{
		{"/ws", "/WS", true},
		{"/ws", "/ws/", false},
		{"/ocpp/*", "/ocpp/CP1", true},
		{"/ocpp/*", "/ocpp/CP1/x", false},
		{"/ocpp/*", "/ocpp/", false},
		{"/ocpp/*", "/ocpp", false},
		{"/*/x", "/a/x", true},
		{"/*/x", "/a/y", false},
		{"*", "", false},
		{"", "", true},
		{"/a*", "/ab", false},
	} {
		if got := Match(c.template, c.path); got != c.want {
			t.Errorf("%q matches %q: %t", c.template, c.path, got)
		}
	}
	if IsTemplate("/a*/b") || !IsTemplate("/a/*") {
		t.Error("a template has a segment that is a star")
	}
}

// Whatever the paths are, each is matched by its template, and the result depends neither on their order nor on how often
// it is asked for.
func FuzzLearn(f *testing.F) {
	f.Add("/ocpp/CP1\n/ocpp/CP2\n/ocpp/CP3\n/ws")
	f.Add("//\n/*/\x00\n/é…\n" + strings.Repeat("/a", 99))
	f.Add("/s/aB1\n/s/bC2\n\n/s/4030pm0d\n/s/\n/s")
	f.Add(strings.Join(prefixed("/u/", places), "\n"))
	f.Fuzz(func(t *testing.T, text string) {
		paths := strings.Split(text, "\n")
		routes := Learn(slices.Values(paths))
		backwards := slices.Clone(paths)
		slices.Reverse(backwards)
		again := Learn(slices.Values(backwards))
		for _, p := range paths {
			template := routes.Of(p)
			if !Match(template, p) {
				t.Fatalf("%q is not matched by its template %q", p, template)
			}
			if other := again.Of(p); other != template {
				t.Fatalf("%q is of %q or %q", p, template, other)
			}
			if !Match(Mask(p), p) {
				t.Fatalf("%q is not matched by its mask %q", p, Mask(p))
			}
		}
	})
}

func BenchmarkLearn(b *testing.B) {
	const clients = 100_000
	for name, format := range map[string]string{"chargers": "/ocpp/CP%05d", "one route": "/ws", "pools": "pools", "names": "names"} {
		paths := make([]string, clients)
		for i := range paths {
			switch name {
			case "one route":
				paths[i] = format
			case "pools":
				paths[i] = "/svc/" + letters(i%5000) + "/ws"
			case "names":
				paths[i] = "/ocpp/" + letters(i)
			default:
				paths[i] = fmt.Sprintf(format, i)
			}
		}
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				routes := Learn(slices.Values(paths))
				for _, p := range paths {
					routes.Of(p)
				}
			}
		})
	}
}

// letters writes a number without digits.
func letters(n int) string {
	return strings.Map(func(r rune) rune { return r - '0' + 'a' }, fmt.Sprintf("%06d", n))
}

func BenchmarkMask(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		Mask("/api/v1/subscriptions/ws")
	}
}
