package server

import (
	"context"
	"log/slog"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestMemoryText(t *testing.T) {
	for text, want := range map[string]Memory{"0": {}, "512MiB": Bytes(512 << 20), "1000": Bytes(1000), "80%": {percent: 80}, "12.5%": {percent: 12.5}} {
		var m Memory
		if err := m.UnmarshalText([]byte(text)); err != nil || m != want {
			t.Errorf("%s: %+v, %v", text, m, err)
		}
		var again Memory
		if err := again.UnmarshalText([]byte(m.String())); err != nil || again != m {
			t.Errorf("%s as %s: %+v, %v", text, m, again, err)
		}
	}
	for _, text := range []string{"", "x", "-1", "0%", "101%", "NaN%", "5 apples"} {
		if new(Memory).UnmarshalText([]byte(text)) == nil {
			t.Errorf("%q was taken", text)
		}
	}
	if half, all := (Memory{percent: 50}).Amount(), (Memory{percent: 100}).Amount(); half == 0 || half > all/2+1 {
		t.Errorf("half of the memory is %d of %d bytes", half, all)
	}
}

// Handshakes are refused from nearly the limit on, and let in again only when there is some room.
func TestMemoryGuard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var used, freed atomic.Uint64
		g := newMemoryGuard(slog.New(slog.DiscardHandler))
		g.limit.Store(1000)
		g.used, g.free = used.Load, func() { freed.Add(1) }
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- g.run(ctx) }()
		for _, step := range []struct {
			used  uint64
			short bool
		}{{500, false}, {949, false}, {950, true}, {910, true}, {899, false}, {949, false}, {2000, true}} {
			used.Store(step.used)
			time.Sleep(betweenLooks)
			synctest.Wait()
			if g.short.Load() != step.short {
				t.Errorf("short at %d of 1000 bytes: %v", step.used, !step.short)
			}
		}
		before := freed.Load()
		time.Sleep(4 * betweenGC)
		if n := freed.Load() - before; n < 3 || n > 5 {
			t.Errorf("collected %d times in %v", n, 4*betweenGC)
		}
		g.limit.Store(0)
		time.Sleep(betweenLooks)
		synctest.Wait()
		if g.short.Load() {
			t.Error("short without a limit")
		}
		stop()
		<-done
	})
}

// A reload changes the limit of memory, and tells the program of it once.
func TestReloadOfMemory(t *testing.T) {
	var told []uint64
	o := Options{
		MaxMemory: Bytes(1 << 30), Logger: slog.New(slog.DiscardHandler),
		BoundMemory: func(bytes uint64) { told = append(told, bytes) },
	}
	m := New(o)
	o.MaxMemory = Bytes(1 << 31)
	for range 2 {
		commit, err := m.Prepare(o)
		if err != nil {
			t.Fatal(err)
		}
		commit()
	}
	if !slices.Equal(told, []uint64{1 << 30, 1 << 31}) || m.limits.memory.limit.Load() != 1<<31 {
		t.Errorf("told of %v, the limit is %d", told, m.limits.memory.limit.Load())
	}
}
