package trust

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"holter/probe/trust/trusttest"
)

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func wantRefresh(t *testing.T, f Renewed, changed bool) {
	t.Helper()
	if got, err := f.Refresh(); got != changed || err != nil {
		t.Errorf("changed %v, error %v, want changed %v", got, err, changed)
	}
}

// A file may be met while it is being written, so a change counts when it has been seen twice.
func TestChangeCountsWhenItWasSeenTwice(t *testing.T) {
	path := filepath.Join(t.TempDir(), "token")
	write(t, path, "first\n")
	f, err := OpenSecret("--token-file", path)
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		text    string
		changed bool
		value   string
	}{
		{"first\n", false, "first"},
		{"sec", false, "first"},
		{"second\r\n", false, "first"},
		{"second\r\n", true, "second"},
		{"second\r\n", false, "second"},
		{"third", false, "second"},
		{"second", false, "second"},
	} {
		write(t, path, step.text)
		wantRefresh(t, f, step.changed)
		if f.Value() != step.value {
			t.Errorf("after %q the value is %q, want %q", step.text, f.Value(), step.value)
		}
	}
	write(t, path, "fourth")
	if changed, err := f.Reload(); !changed || err != nil || f.Value() != "fourth" {
		t.Errorf("changed %v, error %v, value %q", changed, err, f.Value())
	}
}

func TestWhatMakesNoSenseChangesNothing(t *testing.T) {
	files := trusttest.New(t, 1)
	f, err := OpenPair("--tls-cert", files.Cert, "--tls-key", files.Key)
	if err != nil {
		t.Fatal(err)
	}
	first := f.Value()
	other := trusttest.New(t, 2)
	key, err := os.ReadFile(other.Key)
	if err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(){
		"another key":  func() { write(t, files.Key, string(key)) },
		"no file":      func() { os.Remove(files.Cert) },
		"a long file":  func() { write(t, files.Cert, strings.Repeat("x", longest+1)) },
		"an empty one": func() { write(t, files.Cert, "") },
	} {
		spoil()
		_, err := f.Reload()
		if err == nil || !strings.HasPrefix(err.Error(), "load --tls-cert and --tls-key: ") || f.Value() != first {
			t.Errorf("%s: error %v, another value %v", name, err, f.Value() != first)
		}
	}
	if _, err := f.Prepare(); err == nil {
		t.Error("prepared for an empty file")
	}
	files.Write(t, 3)
	commit, err := f.Prepare()
	if err != nil || f.Value() != first {
		t.Fatalf("error %v, in force before the commit: %v", err, f.Value() != first)
	}
	if commit(); f.Value().Leaf.SerialNumber.Int64() != 3 {
		t.Error("not in force after the commit")
	}
	if changed, err := f.Reload(); changed || err != nil {
		t.Errorf("changed %v, error %v", changed, err)
	}
}

func TestSecretsThatAreNone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "token")
	for text, want := range map[string]string{
		"": "is empty", "\n": "is empty", "s3cret s3cret": "without spaces", "s3cret\ns3cret\n": "without spaces", "s3crét": "ASCII", "s3cret\x00": "ASCII",
	} {
		write(t, path, text)
		if _, err := OpenSecret("--token-file", path); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "s3cr") {
			t.Errorf("%q: error %v, want %q", text, err, want)
		}
	}
}

func TestAuthorities(t *testing.T) {
	files := trusttest.New(t, 1)
	a, err := ReadAuthorities("--ca", files.Cert)
	if err != nil || !a.Value().Equal(files.Pool(t)) {
		t.Errorf("error %v", err)
	}
	if _, err := ReadAuthorities("--ca", files.Key); err == nil || !strings.Contains(err.Error(), "has no certificate in it") {
		t.Errorf("error %v", err)
	}
}

// unsteady answers what a test lets it.
type unsteady struct {
	mu      sync.Mutex
	changed bool
	err     error
}

func (u *unsteady) set(changed bool, err error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.changed, u.err = changed, err
}

func (u *unsteady) Refresh() (bool, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.changed, u.err
}

func (u *unsteady) String() string { return "--tls-cert" }

// The log has a change once, and an error once if it lasts.
func TestWatchTells(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var text bytes.Buffer
		u := &unsteady{}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() {
			done <- Watch(ctx, slog.New(slog.NewTextHandler(&text, nil)), func() []*unsteady { return []*unsteady{u} })
		}()
		time.Sleep(every / 2)
		for _, step := range []struct {
			changed bool
			err     error
			lines   int
		}{
			{false, nil, 0},
			{true, nil, 1},
			{false, nil, 1},
			{false, errors.New("does not fit"), 1},
			{false, errors.New("does not fit"), 2},
			{false, errors.New("does not fit"), 2},
			{false, nil, 2},
			{false, errors.New("does not fit"), 2},
			{false, errors.New("is gone"), 2},
			{false, errors.New("is gone"), 3},
		} {
			u.set(step.changed, step.err)
			time.Sleep(every)
			synctest.Wait()
			if n := strings.Count(text.String(), "\n"); n != step.lines {
				t.Errorf("%+v: %d lines: %s", step, n, text.String())
			}
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}
