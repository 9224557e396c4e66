// Package trust has the files that the security of connections depends on: certificates with their keys, the authorities whose
// certificates are trusted, tokens, and the keys of tokens. They are read at the start, and again when their contents change, so
// a renewed certificate needs no restart.
//
// A file that cannot be read any more, or does not make sense, changes nothing: what was read last stays in force, and the
// log says why. Files are written in pieces, a certificate and its key one after the other. So a change counts when it was read
// twice, a second apart, and an error when it came twice.
//
// The package compares what is in the files and not their times: a volume of Kubernetes, a copy that keeps its time, and
// two writes within a tick of the clock would be missed otherwise. They are small.
//
// A file that is read again and again is a regular one, or a link to one: a pipe, which could keep its reader waiting, is refused.
// Only what a person has typed a command for may come from a pipe too, and is read once then.
//
// It opens no connection and starts no goroutine. The owner of a listener, or of the way to another server, runs Watch.
package trust

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"holter/model/reload"
	"holter/probe/process"
)

// longest is how many bytes a file may have.
const longest = 1 << 20

// Files is a value that is made of what one or more files hold. Any goroutine may call its methods.
type Files[T any] struct {
	flags string
	paths []string
	parse func(contents [][]byte) (T, error)
	read  func(path string) ([]byte, error)

	value atomic.Pointer[T]

	mu      sync.Mutex // protects the following
	inForce sum        // of the value
	seen    sum        // by the last Refresh
}

// sum stands for the contents of all files.
type sum [sha256.Size]byte

// Open reads files and makes a value of them. flags is what the files were given by: errors and the log name it.
func Open[T any](flags string, parse func(contents [][]byte) (T, error), paths ...string) (*Files[T], error) {
	return (&Files[T]{flags: flags, paths: paths, parse: parse, read: readRegular}).opened()
}

// openOnce is Open for files that may be pipes too: the caller reads these once only.
func openOnce[T any](flags string, parse func(contents [][]byte) (T, error), paths ...string) (*Files[T], error) {
	return (&Files[T]{flags: flags, paths: paths, parse: parse, read: read}).opened()
}

func (f *Files[T]) opened() (*Files[T], error) {
	if _, err := f.Reload(); err != nil {
		return nil, err
	}
	return f, nil
}

// Value is what the files held when they made sense last.
func (f *Files[T]) Value() T { return *f.value.Load() }

// Reload reads the files, and reports whether they hold something else now. With an error the value stays.
func (f *Files[T]) Reload() (changed bool, err error) {
	value, now, err := f.load()
	if err != nil {
		return false, err
	}
	return f.set(value, now), nil
}

// Prepare is the step of a reload of all settings: it reads the files, and what it returns puts in force what they held.
func (f *Files[T]) Prepare() (reload.Commit, error) {
	value, now, err := f.load()
	if err != nil {
		return nil, err
	}
	return func() { f.set(value, now) }, nil
}

// Refresh is Reload, but it takes a change only if the last Refresh has seen it too.
func (f *Files[T]) Refresh() (changed bool, err error) {
	contents, now, err := f.readAll()
	if err != nil {
		return false, f.failed(err)
	}
	if !f.news(now) {
		return false, nil
	}
	value, err := f.parse(contents)
	if err != nil {
		return false, f.failed(err)
	}
	return f.set(value, now), nil
}

// news reports whether the files hold something else than what is in force, and did at the last Refresh too.
func (f *Files[T]) news(now sum) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	settled := now == f.seen
	f.seen = now
	return settled && now != f.inForce
}

func (f *Files[T]) load() (value T, of sum, err error) {
	contents, of, err := f.readAll()
	if err == nil {
		value, err = f.parse(contents)
	}
	if err != nil {
		err = f.failed(err)
	}
	return value, of, err
}

// set puts a value in force, and reports whether it differs from the one before.
func (f *Files[T]) set(value T, of sum) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.value.Load() != nil && of == f.inForce {
		return false
	}
	f.inForce = of
	f.value.Store(&value)
	return true
}

func (f *Files[T]) failed(err error) error { return fmt.Errorf("load %s: %w", f.flags, err) }

// String names the flags.
func (f *Files[T]) String() string { return f.flags }

func (f *Files[T]) readAll() (contents [][]byte, of sum, err error) {
	all := sha256.New()
	for _, path := range f.paths {
		text, err := f.read(path)
		if err != nil {
			return nil, of, err
		}
		contents = append(contents, text)
		one := sha256.Sum256(text)
		all.Write(one[:])
	}
	return contents, sum(all.Sum(nil)), nil
}

// readRegular reads a regular file. It waits for nobody who writes.
func readRegular(path string) ([]byte, error) {
	file, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no regular file, and is to be read again and again: write the path of one", path)
	}
	return text(file, path)
}

// read reads what is at a path, a pipe too.
func read(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return text(file, path)
}

func text(file *os.File, path string) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(file, longest+1))
	if err == nil && len(text) > longest {
		err = fmt.Errorf("%s has more than %d bytes", path, longest)
	}
	return text, err
}

// Watched is something that is read anew when it has changed.
type Watched interface {
	Refresh() (changed bool, err error)
	String() string
}

// Renewed is read anew by a reload of all settings too. All Files are.
type Renewed interface {
	Watched
	Prepare() (reload.Commit, error)
}

// every is the time between two readings of the files.
const every = time.Second

// Watch refreshes all of them again and again until ctx ends, and logs what has changed and what cannot be read. No two of them
// have the same name.
func Watch[W Watched](ctx context.Context, log *slog.Logger, all func() []W) error {
	watched := map[string]watch{}
	return process.Every(ctx, every, func() {
		for _, r := range all() {
			w := watched[r.String()]
			w.refresh(log, r)
			watched[r.String()] = w
		}
	})
}

// watch is what is known of one of them.
type watch struct {
	failing string // the last error, "" for none
	logged  string // the error that is in the log
}

func (w *watch) refresh(log *slog.Logger, r Watched) {
	changed, err := r.Refresh()
	if err == nil {
		*w = watch{}
		if changed {
			log.Info("files have changed and were read anew", "files", r.String())
		}
		return
	}
	if text := err.Error(); text != w.failing {
		w.failing = text
	} else if text != w.logged {
		w.logged = text
		log.Warn("a file cannot be used, and what was read before stays in force", "error", err)
	}
}
