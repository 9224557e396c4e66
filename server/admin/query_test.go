package admin

import (
	"strings"
	"testing"
)

// What is sent for {id}, and a body that the call would take.
var callable = strings.NewReplacer("{id...}", "ann", "{id}", "c1")

var bodies = map[string]string{
	"/api/v1/kick": `{"q":"ann"}`, "/api/v1/faults": `{"q":"ann","faults":["freeze"]}`,
	"/api/v1/connections/c1/faults": `{"faults":["freeze"]}`, "/api/v1/refuse": `{"for_ms":0}`,
}

// A query string that does not parse is no reason to do something without it.
func TestEveryCallRefusesAQueryThatDoesNotParse(t *testing.T) {
	s := newFakeSource()
	a := serveAdmin(t, s, "")
	for _, r := range a.calls {
		if r.method == "HEAD" {
			continue // its answer has no body
		}
		path := callable.Replace(r.path)
		for query, message := range map[string]string{
			"q=a;b": ";", "since=5;code=4001": ";", "q=%zz": "%zz", "%": "%", "code=4001%2": "%2",
		} {
			status, answer, _ := call(t, a.URL(), r.method, path+"?"+query, bodies[path])
			if status != 400 || !strings.Contains(wantError(t, answer), message) {
				t.Errorf("%s %s?%s: status %d, %.300s", r.method, path, query, status, answer)
			}
		}
	}
	wantUntouched(t, s)
}

func wantUntouched(t *testing.T, s *fakeSource) {
	t.Helper()
	if len(s.kicks) > 0 || len(s.faults) > 0 {
		t.Errorf("kicked %+v, disturbed %+v", s.kicks, s.faults)
	}
}

func TestQueriesThatSayAnotherThanTheySeem(t *testing.T) {
	s := newFakeSource()
	a := serveAdmin(t, s, "")
	const one = "/api/v1/connections/c1"
	for _, c := range []struct{ method, path, body, message string }{
		{"DELETE", one + "?cod=4001", "", `no parameter "cod" here, only code, reason`},
		{"DELETE", one + "?Code=4001", "", `no parameter "Code"`},
		{"DELETE", one + "?code=4001&reason=a&rst=true", "", `no parameter "rst"`},
		{"DELETE", one + "?code=4001&code=4002", "", "code more than once"},
		{"DELETE", one + "?code=", "", "code is empty"},
		{"DELETE", one + "?code", "", "code is empty"},
		{"DELETE", one + "?" + strings.Repeat("x", 3000), "", "no parameter"},
		{"DELETE", one, `{"code":4001}`, "no body"},
		{"POST", "/api/v1/kick?code=4001", bodies["/api/v1/kick"], `no parameter "code" here: what it takes goes into the body`},
		{"POST", "/api/v1/kick?q=ann", `{"q":"all"}`, `no parameter "q"`},
		{"POST", "/api/v1/faults?q=ann", bodies["/api/v1/faults"], `no parameter "q"`},
		{"PUT", one + "/faults?for_ms=1", bodies[one+"/faults"], `no parameter "for_ms"`},
		{"POST", "/api/v1/refuse?for_ms=1", bodies["/api/v1/refuse"], `no parameter "for_ms"`},
		{"GET", "/api/v1/connections?query=ann", "", `no parameter "query" here, only q, state, sort, limit, cursor`},
		{"GET", "/api/v1/connections?q=path=/ws?a=1&b=2", "", `no parameter "b"`},
		{"GET", "/api/v1/connections?q=ann&q=bob", "", "q more than once"},
		{"GET", "/api/v1/clients?limit=1", "", `no parameter "limit" here, only q, state`},
		{"GET", "/api/v1/events?since=1&since=2", "", "since more than once"},
		{"GET", "/api/v1/snapshots?every_ms=1000&every_ms=100", "", "every_ms more than once"},
	} {
		status, answer, _ := call(t, a.URL(), c.method, c.path, c.body)
		if status != 400 || !strings.Contains(wantError(t, answer), c.message) {
			t.Errorf("%s %.80s %s: status %d, %.300s; want %q", c.method, c.path, c.body, status, answer, c.message)
		}
	}
	wantUntouched(t, s)
}

// An attached screen of a later version may ask a stream for more than this one knows.
func TestStreamsIgnoreWhatTheyDoNotKnow(t *testing.T) {
	s := newFakeSource()
	a := serveAdmin(t, s, "")
	happen(s, 1)
	if e := nextEvent(t, follow(t, a, "?since=0&fields=few")); e.Seq != 1 {
		t.Errorf("event %d", e.Seq)
	}
}

func TestQueriesAreReadAfterTheToken(t *testing.T) {
	status, _, _ := call(t, serveAdmin(t, newFakeSource(), "s3cret").URL(), "GET", "/api/v1/connections?q=%zz", "")
	if status != 401 {
		t.Errorf("status %d", status)
	}
}

func TestBodiesThatSayAnotherThanTheySeem(t *testing.T) {
	s := newFakeSource()
	a := serveAdmin(t, s, "")
	const kick, faults = "/api/v1/kick", "/api/v1/faults"
	one := "/api/v1/connections/c1/faults"
	for _, c := range []struct{ method, path, body, message string }{
		{"POST", kick, `{"q":"ann","q":"all"}`, `the field "q" more than once`},
		{"POST", kick, `{"q":"ann","Q":"all"}`, `the field "Q" more than once`},
		{"POST", kick, `{"q":"ann","code":4001,"code":1001}`, `the field "code" more than once`},
		{"POST", kick, `{"q":"all","ids":[]}`, "write one of them"},
		{"POST", kick, `{"ids":[null]}`, "c17"},
		{"POST", kick, `{"ids":[[]]}`, "in the field ids"},
		{"POST", kick, `null`, `"all"`},
		{"POST", kick, "{\"q\":\"!\xff\"}", "UTF-8"},
		{"POST", kick, `{"q":"all"} null`, "after"},
		{"POST", kick, "{\"q\":\"all\"}\x00", "after"},
		{"PUT", one, `{"faults":["freeze"],"faults":[]}`, `the field "faults" more than once`},
		{"PUT", one, `{"faults":[null]}`, "an empty fault"},
		{"PUT", one, `{"faults":["freeze"]} {}`, "after"},
		{"PUT", one, `{"faults":["freeze"],"ids":[]}`, "the path says which connection"},
		{"POST", faults, `{"q":"all","faults":[""]}`, "an empty fault"},
		{"POST", faults, `{"q":"all","faults":["freeze"," "]}`, "an empty fault"},
		{"POST", faults, `{"q":"all","faults":["none","freeze"]}`, `no fault "none"`},
		{"POST", faults, `{"q":"all","faults":null}`, "no faults"},
		{"POST", faults, `{"q":"all","ids":[],"faults":["freeze"]}`, "write one of them"},
		{"POST", faults, `{"q":"ann","faults":["freeze"],"q":"all"}`, `the field "q" more than once`},
		{"POST", faults, `{"q":"all","fault":"freeze","faults":[]}`, `no field "fault" here`},
		{"POST", "/api/v1/refuse", `{"for_ms":0,"for_ms":60000}`, `the field "for_ms" more than once`},
		{"POST", "/api/v1/refuse", `{"for_ms":null}`, "for_ms is missing"},
		{"POST", "/api/v1/refuse", `{"for_ms":0},`, "after"},
	} {
		status, answer, _ := call(t, a.URL(), c.method, c.path, c.body)
		if status != 400 || !strings.Contains(wantError(t, answer), c.message) {
			t.Errorf("%s %s %s: status %d, %.300s; want %q", c.method, c.path, c.body, status, answer, c.message)
		}
	}
	wantUntouched(t, s)
}
