package admin

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"io"
	"math/rand/v2"
	"testing"
	"time"
)

// A gzip stream of stored and compressed parts is one member, and comes out as it went in.
func TestPacker(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var wire, want bytes.Buffer
	out := bufio.NewWriter(&wire)
	p := newPacker(out)
	for range 300 {
		text := bytes.Repeat([]byte{byte('a' + random.IntN(3)), byte(random.IntN(256))}, random.IntN(70_000))
		want.Write(text)
		if err := p.write(text, random.IntN(2) == 0); err != nil {
			t.Fatal(err)
		}
		if random.IntN(3) == 0 {
			p.flush()
		}
	}
	p.close()
	out.Flush()
	unpack, err := gzip.NewReader(&wire)
	if err != nil {
		t.Fatal(err)
	}
	unpack.Multistream(false)
	got, err := io.ReadAll(unpack)
	if err != nil || !bytes.Equal(got, want.Bytes()) {
		t.Errorf("%d bytes became %d, error %v", want.Len(), len(got), err)
	}
}

// What is flushed can be read, before the stream ends.
func TestPackerFlush(t *testing.T) {
	var wire bytes.Buffer
	out := bufio.NewWriter(&wire)
	p := newPacker(out)
	var unpack *gzip.Reader
	for i, compressed := range []bool{true, false, true, true, false} {
		p.write([]byte("again and again and again"), compressed)
		p.flush()
		out.Flush()
		if i == 0 {
			var err error
			if unpack, err = gzip.NewReader(&wire); err != nil {
				t.Fatal(err)
			}
		}
		got := make([]byte, 25)
		if _, err := io.ReadFull(unpack, got); err != nil || string(got) != "again and again and again" {
			t.Fatalf("part %d: %q, error %v", i, got, err)
		}
	}
}

func TestSaving(t *testing.T) {
	const every = 250 * time.Millisecond
	s := saving{every: every, on: true}
	s.after(2e6, 200e3, 2*time.Second)
	if !s.on {
		t.Error("a slow line: no longer compressed")
	}
	s.after(2e6, 200e3, time.Millisecond)
	if s.on {
		t.Error("a quick line: still compressed")
	}
	if s.during(100e3, every/8) {
		t.Error("compressed soon")
	}
	if !s.during(100e3, every) || !s.during(0, 0) {
		t.Error("a line that became slow: not compressed")
	}
	s.after(20e6, 2e6, 200*time.Millisecond)
	if s.on || s.during(20e6, 500*time.Millisecond) {
		t.Error("a reader that is busy with reading: compressed")
	}
	s = saving{every: every, on: true, always: true}
	s.after(2e6, 200e3, time.Millisecond)
	if !s.on {
		t.Error("the reader takes nothing else")
	}
}
