package server

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"holter/model"
	"holter/probe/host"
	"holter/probe/process"
)

// Memory is an amount of memory: bytes, or a part of what the process may have. The zero Memory is no amount.
type Memory struct {
	bytes   uint64
	percent float64
}

// Bytes is an amount of n bytes.
func Bytes(n uint64) Memory { return Memory{bytes: n} }

// UnmarshalText reads a size such as 512MiB, a percentage such as 80%, or 0 for no amount.
func (m *Memory) UnmarshalText(text []byte) error {
	s := string(text)
	if number, ok := strings.CutSuffix(s, "%"); ok {
		if p, err := strconv.ParseFloat(number, 64); err == nil && p > 0 && p <= 100 {
			*m = Memory{percent: p}
			return nil
		}
	} else if n, ok := model.ParseSize(s); ok {
		*m = Memory{bytes: uint64(n)}
		return nil
	}
	return fmt.Errorf("%.40q is no amount of memory: write a size such as 512MiB, a percentage such as 80%%, or 0 for no limit", s)
}

// Pattern is what m looks like as text, as a regular expression.
func (Memory) Pattern() string { return `^(100|[0-9]{0,2}(\.[0-9]*)?)%$|^[0-9.][^%]*$` }

// String is m as UnmarshalText reads it.
func (m Memory) String() string {
	if m.percent > 0 {
		return strconv.FormatFloat(m.percent, 'g', -1, 64) + "%"
	}
	return strconv.FormatUint(m.bytes, 10)
}

// Amount returns m in bytes: 0 for no amount, and for a part of what is not known.
func (m Memory) Amount() uint64 {
	if m.percent > 0 {
		return uint64(math.Round(float64(host.Allowed()) * m.percent / 100))
	}
	return m.bytes
}

const (
	betweenLooks = 100 * time.Millisecond // at the memory: fewer connections than would fill the rest come in that time
	betweenGC    = 5 * time.Second        // while memory is short

	shortFrom  = 0.95 // of the limit, from which on new handshakes are refused
	shortUntil = 0.90 // of the limit, below which they are let in again
)

// memoryGuard watches the memory of the process, for a limit of it.
type memoryGuard struct {
	limit atomic.Uint64 // bytes; 0 for none
	short atomic.Bool   // new handshakes are refused
	used  func() uint64
	free  func()             // collects garbage
	bound func(bytes uint64) // is called with each limit; may be nil
	log   *slog.Logger
}

func newMemoryGuard(log *slog.Logger) *memoryGuard {
	return &memoryGuard{used: process.Memory, free: runtime.GC, log: log}
}

// set changes the limit.
func (g *memoryGuard) set(limit uint64) {
	if g.limit.Swap(limit) != limit && g.bound != nil {
		g.bound(limit)
	}
}

// run looks at the memory until ctx ends. While memory is short it collects garbage now and then: nothing else might, as
// few connections come.
func (g *memoryGuard) run(ctx context.Context) error {
	var freed time.Time
	return process.Every(ctx, betweenLooks, func() {
		g.look()
		if g.short.Load() && time.Since(freed) >= betweenGC {
			g.free()
			freed = time.Now()
		}
	})
}

func (g *memoryGuard) look() {
	limit := float64(g.limit.Load())
	if limit == 0 {
		g.short.Store(false)
		return
	}
	used := float64(g.used())
	switch short := g.short.Load(); {
	case !short && used >= limit*shortFrom:
		g.short.Store(true)
		g.log.Warn("memory is short: new connections are refused", "used_bytes", uint64(used), "max_bytes", uint64(limit))
	case short && used < limit*shortUntil:
		g.short.Store(false)
		g.log.Info("memory is no longer short: new connections are let in again", "used_bytes", uint64(used), "max_bytes", uint64(limit))
	}
}
