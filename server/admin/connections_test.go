package admin

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"testing"
	"time"

	"holter/model"
	"holter/server/api"
)

func ids(conns []api.Connection) []string {
	list := []string{}
	for _, c := range conns {
		list = append(list, c.ID)
	}
	return list
}

func TestListConnections(t *testing.T) {
	a := serveAdmin(t, newFakeSource(), "")
	for query, want := range map[string]struct {
		ids   []string
		total int
		more  bool
	}{
		"":                                 {[]string{"c1", "c2", "c3", "c5"}, 4, false},
		"sort=-id":                         {[]string{"c5", "c3", "c2", "c1"}, 4, false},
		"sort=rtt":                         {[]string{"c2", "c5", "c3", "c1"}, 4, false},
		"sort=-rtt":                        {[]string{"c1", "c3", "c2", "c5"}, 4, false},
		"sort=state&limit=2":               {[]string{"c3", "c2"}, 4, true},
		"state=normal":                     {[]string{"c1", "c5"}, 2, false},
		"q=bob":                            {[]string{"c2", "c5"}, 2, false},
		"q=rtt%3E%3D2ms&limit=1":           {[]string{"c1"}, 2, true},
		"q=bob&state=suspect":              {[]string{"c2"}, 1, false},
		"q=nobody":                         {[]string{}, 0, false},
		"limit=4":                          {[]string{"c1", "c2", "c3", "c5"}, 4, false},
		"cursor=" + after(2, 2):            {[]string{"c3", "c5"}, 4, false},
		"cursor=" + after(99, 99):          {[]string{}, 4, false},
		"sort=rtt&cursor=" + after(99, 99): {[]string{}, 4, false},
	} {
		status, answer, _ := call(t, a.URL(), "GET", "/api/v1/connections?"+query, "")
		var page api.Connections
		if err := json.Unmarshal([]byte(answer), &page); err != nil || status != 200 {
			t.Errorf("%s: status %d, %s", query, status, answer)
			continue
		}
		if !slices.Equal(ids(page.Connections), want.ids) || page.Total != want.total || page.Next != "" != want.more {
			t.Errorf("%s: %v of %d, next %q; want %+v", query, ids(page.Connections), page.Total, page.Next, want)
		}
	}
}

func after(id model.ID, position int) string { return cursor{id, position}.String() }

// By id each connection is on one page, although others come and go between the pages.
func TestPagesById(t *testing.T) {
	for _, sort := range []string{"id", "-id"} {
		conns := make([]model.Connection, 10)
		for i := range conns {
			conns[i].ID = model.ID(i + 1)
		}
		var seen []string
		for next, first := "", true; first || next != ""; first = false {
			l, err := parseList(url.Values{"sort": {sort}, "limit": {"3"}, "cursor": {next}})
			if err != nil {
				t.Fatal(err)
			}
			page := l.page(pointers(conns), time.Now())
			seen, next = append(seen, ids(page.Connections)...), page.Next
			conns = slices.DeleteFunc(conns, func(c model.Connection) bool {
				return slices.Contains(ids(page.Connections), c.ID.String())
			})
		}
		want := []string{"c1", "c2", "c3", "c4", "c5", "c6", "c7", "c8", "c9", "c10"}
		if sort == "-id" {
			slices.Reverse(want)
		}
		if !slices.Equal(seen, want) {
			t.Errorf("sorted by %s the pages had %v", sort, seen)
		}
	}
}

// By a figure that changes all the time paging still comes to an end.
func TestPagesOfWhatChanges(t *testing.T) {
	conns := make([]model.Connection, 100)
	for i := range conns {
		conns[i].ID = model.ID(i + 1)
	}
	next, pages := "", 0
	for first := true; first || next != ""; first = false {
		if pages++; pages > 10 {
			t.Fatal("paging does not end")
		}
		for i := range conns { // everybody passes everybody
			conns[i].Silence = time.Duration((i*37+pages*53)%100+1) * time.Second
		}
		l, err := parseList(url.Values{"sort": {"silence"}, "limit": {"10"}, "cursor": {next}})
		if err != nil {
			t.Fatal(err)
		}
		next = l.page(pointers(conns), time.Now()).Next
	}
	if pages != 10 {
		t.Errorf("%d pages of 10 for 100 connections", pages)
	}
}

func BenchmarkPage(b *testing.B) {
	conns := make([]model.Connection, 10_000)
	for i := range conns {
		conns[i] = model.Connection{ID: model.ID(i + 1), Client: fmt.Sprint(i), RTT: time.Duration(i*7919%10_000) * time.Microsecond}
	}
	l, err := parseList(url.Values{"sort": {"-rtt"}, "q": {"rtt>1ms"}})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		l.page(pointers(conns), time.Now())
	}
}

func pointers(conns []model.Connection) []*model.Connection {
	list := make([]*model.Connection, len(conns))
	for i := range conns {
		list[i] = &conns[i]
	}
	return list
}
