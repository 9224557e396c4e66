package trust

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A pipe without a writer would keep its reader waiting, at the start and later.
func TestPipeIsRefusedWhereFilesAreWatched(t *testing.T) {
	dir := t.TempDir()
	pipe, path := filepath.Join(dir, "pipe"), filepath.Join(dir, "token")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	write(t, path, "first")
	f, err := OpenSecret("--token-file", path)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		if _, err := OpenSecret("--token-file", pipe); err == nil || !strings.Contains(err.Error(), "pipe is no regular file") {
			t.Errorf("at the start: %v", err)
		}
		os.Rename(pipe, path)
		if _, err := f.Refresh(); err == nil || !strings.Contains(err.Error(), "is no regular file") || f.Value() != "first" {
			t.Errorf("later: %v, value %q", err, f.Value())
		}
	}()
	select {
	case <-done:
	case <-time.After(10 * time.Second):
		t.Fatal("it waits for one who writes")
	}
}

// As in --token-file <(command): what comes out of a pipe is read once.
func TestPipeIsReadOnceByACommand(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	go os.WriteFile(pipe, []byte("geheim\n"), 0)
	now, err := Secret("--token-file", pipe)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if token := now(); token != "geheim" {
			t.Errorf("token %q", token)
		}
	}
}

func TestFileIsReadAnewByACommand(t *testing.T) {
	path := filepath.Join(t.TempDir(), "token")
	write(t, path, "first")
	now, err := Secret("--token-file", path)
	if err != nil {
		t.Fatal(err)
	}
	write(t, path, "second")
	if token := now(); token != "second" {
		t.Errorf("token %q", token)
	}
	write(t, path, "")
	if token := now(); token != "second" {
		t.Errorf("of an empty file: token %q", token)
	}
}
