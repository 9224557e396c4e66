package eventlog

import (
	"context"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"

	"holter/model/reload"
)

// Options say how log lines look.
type Options struct {
	LogFormat string `reload:"" enum:"text,json" default:"text" help:"How log lines look: text or json."`
}

// Look is how log lines look. It may change while lines are written.
type Look struct{ json atomic.Bool }

// Logger writes lines to w that look as o says, and later as the Look says.
func (o Options) Logger(w io.Writer) (*slog.Logger, *Look) {
	whole, look := &whole{to: w}, new(Look)
	look.json.Store(o.LogFormat == "json")
	return slog.New(either{look, slog.NewTextHandler(whole, nil), slog.NewJSONHandler(whole, nil)}), look
}

// Prepare has the lines look as next says.
func (l *Look) Prepare(next Options) (reload.Commit, error) {
	return func() { l.json.Store(next.LogFormat == "json") }, nil
}

// either is a slog.Handler that writes each line in one of two ways.
type either struct {
	look       *Look
	text, json slog.Handler
}

func (e either) now() slog.Handler {
	if e.look.json.Load() {
		return e.json
	}
	return e.text
}

func (e either) Enabled(ctx context.Context, level slog.Level) bool {
	return e.now().Enabled(ctx, level)
}

func (e either) Handle(ctx context.Context, r slog.Record) error { return e.now().Handle(ctx, r) }

func (e either) WithAttrs(attrs []slog.Attr) slog.Handler {
	return either{e.look, e.text.WithAttrs(attrs), e.json.WithAttrs(attrs)}
}

func (e either) WithGroup(name string) slog.Handler {
	return either{e.look, e.text.WithGroup(name), e.json.WithGroup(name)}
}

// whole writes one line at a time: the two handlers do not wait for each other.
type whole struct {
	mu sync.Mutex // protects to
	to io.Writer
}

func (w *whole) Write(line []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.to.Write(line)
}
