package api

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"
)

// What is accepted from an unknown sender is clean, and stays the same when it is written and read again.
func FuzzWire(f *testing.F) {
	for _, seed := range []any{
		FromDetail(&detail), FromClient(&client), FromHost(&host), FromSnapshot(&snapshot),
		Event{Seq: 3, Type: "connection.refused", Refusal: &Refusal{Remote: "[::1]:1", Client: "a\x1b[31m", Status: 403}},
		Event{Seq: 4, Type: "state.changed", From: "normal", To: "suspect", Host: new(Host)},
	} {
		text, err := json.Marshal(seed)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Add([]byte(`{"id":"c1","state":"away","rtt_ms":1e308,"silence_ms":-1e308,"remote":"[fe80::1%eth0]:1","beats":[1,2,3]}`))
	f.Fuzz(func(t *testing.T, input []byte) {
		again(t, input, FromDetail, (*Detail).Model)
		again(t, input, FromClient, (*Client).Model)
		again(t, input, FromEvent, (*Event).Model)
		again(t, input, FromHost, sure((*Host).Model))
		again(t, input, FromSnapshot, sure((*Summary).Model))
	})
}

// again reads input. If that is accepted, it writes and reads it twice more.
func again[M, W any](t *testing.T, input []byte, from func(*M) W, back func(*W) (M, error)) {
	t.Helper()
	var w W
	if json.Unmarshal(input, &w) != nil {
		return
	}
	m, err := back(&w)
	if err != nil {
		wantClean(t, err.Error())
		return
	}
	once, err := json.Marshal(from(&m))
	if err != nil {
		return // a time that JSON cannot represent
	}
	var value any
	if err := json.Unmarshal(once, &value); err != nil {
		t.Fatal(err)
	}
	wantClean(t, value)
	m = roundTrip(t, m, from, back)
	twice, err := json.Marshal(from(&m))
	if err != nil || !bytes.Equal(once, twice) {
		t.Errorf("%v became\n%s\nand then\n%s, error %v", reflect.TypeFor[W](), once, twice, err)
	}
}

// wantClean checks that every text in a JSON value may be shown on a terminal.
func wantClean(t *testing.T, value any) {
	t.Helper()
	switch v := value.(type) {
	case string:
		if v != text(v) {
			t.Errorf("not clean: %q", v)
		}
	case []any:
		for _, element := range v {
			wantClean(t, element)
		}
	case map[string]any:
		for _, element := range v {
			wantClean(t, element)
		}
	}
}
