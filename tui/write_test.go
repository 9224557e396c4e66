package tui

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"holter/tui/look"
)

// TestPicturesAreWellFormed writes the screen to a file in each theme and reads it back.
func TestPicturesAreWellFormed(t *testing.T) {
	for i := range look.Themes {
		t.Chdir(t.TempDir())
		s := newScreen(t, newFake(ward(20)...), 120, 30).press("n", "enter")
		for range i {
			s.press("t")
		}
		s.press("w", "s")
		s.line("wrote holter-connections-20260301-120000.svg")
		files, _ := filepath.Glob("*.svg")
		if len(files) != 1 {
			t.Fatalf("files %v", files)
		}
		picture, err := os.ReadFile(files[0])
		if err != nil {
			t.Fatal(err)
		}
		for d := xml.NewDecoder(bytes.NewReader(picture)); ; {
			if _, err := d.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestTablesHaveFiguresForPrograms writes each page with a table, and looks for numbers and times that are not plain.
func TestTablesHaveFiguresForPrograms(t *testing.T) {
	f := newFake(ward(20)...)
	f.snapshot.Storms = weather()
	for page, want := range map[string][]string{
		"1": {"rtt_ms", "timeout_ms", "silence_ms", "bytes_in_per_s", "opened_at", "state"},
		"2": {"id", "state", "since", "first_seen", "back_after_ms"},
		"3": {"storm_started_at", "storm_peak_per_s", "kind", "base_ms", "cap_ms", "confidence"},
		"4": {"time", "event", "client", "cause", "refused_status"},
		"6": {"rtt_ms", "timeout_ms", "silence_ms", "bytes_in_per_s", "opened_at", "state"},
	} {
		t.Chdir(t.TempDir())
		s := newScreen(t, f, 120, 30)
		s.events()
		s.press(page, "w", "c").line("wrote holter-")
		files, _ := filepath.Glob("*.csv")
		if len(files) != 1 {
			t.Fatalf("files %v", files)
		}
		text, err := os.ReadFile(files[0])
		if err != nil {
			t.Fatal(err)
		}
		records, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
		if err != nil || len(records) < 2 {
			t.Fatalf("%s: %d records: %v", files[0], len(records), err)
		}
		for _, name := range want {
			if !slices.Contains(records[0], name) {
				t.Errorf("%s has no %s: %v", files[0], name, records[0])
			}
		}
		for _, record := range records[1:] {
			for i, cell := range record {
				if name := records[0][i]; strings.HasSuffix(name, "_ms") && strings.Trim(cell, "0123456789. ") != "" {
					t.Errorf("%s: %s is %q", files[0], name, cell)
				}
			}
		}
	}
}

// A flood is written as the events that it is, and those that a filter leaves out are not.
func TestFloodIsWrittenWhole(t *testing.T) {
	t.Chdir(t.TempDir())
	s := flooded(t, 120, 30).press("4", "/", "event=refused", "enter", "w", "j")
	s.line("wrote holter-")
	files, _ := filepath.Glob("*.json")
	text, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	var events []map[string]any
	if err := json.Unmarshal(text, &events); err != nil || len(events) != 412 {
		t.Fatalf("%d events: %v", len(events), err)
	}
	if e := events[0]; e["client"] != "demo-0042" || e["refused_status"] != 503.0 || e["time"] != "2026-03-01T12:00:00Z" {
		t.Errorf("%v", e)
	}
}
