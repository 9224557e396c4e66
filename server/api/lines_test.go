package api

import (
	"bufio"
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"testing"
	"time"
)

// Each snapshot of a series is a line of its own, for readers that take a line for a value.
func TestSnapshotIsOneLine(t *testing.T) {
	var wire bytes.Buffer
	w := NewSnapshotWriter(&wire)
	s := crowd(50)
	random := rand.New(rand.NewPCG(1, 2))
	const pictures = 4
	for range pictures {
		if err := w.Write(&s); err != nil {
			t.Fatal(err)
		}
		s = later(&s, time.Second, 0.5, random)
	}
	in := bufio.NewScanner(&wire)
	in.Buffer(nil, 1<<20)
	n := 0
	for ; in.Scan(); n++ {
		if !json.Valid(in.Bytes()) {
			t.Fatalf("line %d is no JSON value: %.60q…", n+1, in.Text())
		}
	}
	if n != pictures || in.Err() != nil {
		t.Errorf("%d lines for %d snapshots, error %v", n, pictures, in.Err())
	}
}
