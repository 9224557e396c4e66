package drill

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"holter/model"
)

// readJUnit reads a report as a CI server does. It fails if the sums are not those of the cases.
func readJUnit(t *testing.T, path string) suite {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var root suites
	if err := xml.Unmarshal(text, &root); err != nil || len(root.Suites) != 1 {
		t.Fatalf("%v in %s", err, text)
	}
	s := root.Suites[0]
	var failures, errors, skipped int
	for _, c := range s.Cases {
		if c.Failure != nil {
			failures++
		}
		if c.Error != nil {
			errors++
		}
		if c.Skipped != nil {
			skipped++
		}
	}
	if s.Tests != len(s.Cases) || s.Failures != failures || s.Errors != errors || s.Skipped != skipped {
		t.Errorf("the sums are not those of the cases: %+v", s)
	}
	return s
}

// outcome describes a case in one line.
func (c *testCase) outcome() string {
	switch {
	case c.Failure != nil:
		return c.Name + " fails: " + c.Failure.Message
	case c.Error != nil:
		return c.Name + " errs: " + c.Error.Message
	case c.Skipped != nil:
		return c.Name + " is skipped: " + c.Skipped.Message
	}
	return c.Name + " passes"
}

// A drill that ends early leaves a report: what is certain by then is judged, the rest is skipped, and one case is in
// error and says why.
func TestJUnitOfAnEarlyEnd(t *testing.T) {
	const steps = "steps: [{kick: all}, {at: 10s, refuse: 5s}]\nwatch: 1m\n"
	const expect = "expect: [lost>=3, lost<=4, crowding<9, lost!=3, peak_rate<=4/s, peak_rate<50%/s, refused<9, recovered>=99% within 1s, no_client_gave_up]"
	for name, c := range map[string]struct {
		script string
		change func(*stage, context.CancelFunc) // after five seconds
		now    bool                             // before the drill begins
		err    string
		cases  []string
	}{
		"interrupted": {steps + expect, func(_ *stage, cancel context.CancelFunc) { cancel() }, false, "drill test: interrupted, so there is no verdict", []string{
			"lost>=3 passes", "lost<=4 fails: 5 clients", "crowding<9 is skipped: not judged, interrupted", "lost!=3 passes", "peak_rate<=4/s fails: 5/s",
			"peak_rate<50%/s is skipped: not judged, interrupted", "refused<9 is skipped: not judged, interrupted",
			"recovered>=99% within 1s is skipped: not judged, interrupted", "no_client_gave_up is skipped: not judged, interrupted", ending + " errs: interrupted",
		}},
		"target lost": {steps + "expect: [lost>=5, recovered>=99%]", func(s *stage, _ context.CancelFunc) {
			s.failure = model.Errorf(model.Unavailable, "http://h does not answer")
		}, false, "drill test: refuse upgrades for 5s: http://h does not answer", []string{
			"lost>=5 passes", "recovered>=99% is skipped: not judged, refuse upgrades for 5s: http://h does not answer", ending + " errs: refuse upgrades for 5s: http://h does not answer",
		}},
		"target lost while clients come back": {"steps: [{kick: all}, {at: 1s, refuse: 1h}]\nexpect: [recovered>=99%, lost>5]", func(s *stage, _ context.CancelFunc) {
			s.failure = model.Errorf(model.Unavailable, "http://h does not answer")
		}, false, "drill test: http://h does not answer", []string{
			"recovered>=99% is skipped: not judged, http://h does not answer", "lost>5 is skipped: not judged, http://h does not answer", ending + " errs: http://h does not answer",
		}},
		"restarted": {steps + "expect: [recovered>=99%]", func(s *stage, _ context.CancelFunc) { s.began = s.began.Add(time.Minute) }, false, "drill test: holter was restarted during the drill", []string{
			"recovered>=99% is skipped: not judged, holter was restarted during the drill", ending + " errs: holter was restarted during the drill",
		}},
		"a step that fails": {steps + "expect: [lost>=5, recovered>=99%]", func(s *stage, _ context.CancelFunc) {
			s.readOnly = model.Errorf(model.Forbidden, "this holter only shows")
		}, false, "drill test: refuse upgrades for 5s: this holter only shows", []string{
			"lost>=5 passes", "recovered>=99% is skipped: not judged, refuse upgrades for 5s: this holter only shows", ending + " errs: refuse upgrades for 5s: this holter only shows",
		}},
		"no clients": {steps + "expect: [lost<5]", func(s *stage, _ context.CancelFunc) { s.conns = nil }, true, "drill test: no client is connected, so there is nothing to drill", []string{
			"lost<5 is skipped: not judged, no client is connected, so there is nothing to drill", ending + " errs: no client is connected, so there is nothing to drill",
		}},
	} {
		file := filepath.Join(t.TempDir(), "junit.xml")
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				s := newStage(5)
				if c.now {
					c.change(s, cancel)
				} else {
					time.AfterFunc(5*time.Second, func() {
						s.mu.Lock()
						defer s.mu.Unlock()
						c.change(s, cancel)
					})
				}
				d, err := Parse("test.yaml", []byte("name: test\n"+c.script))
				if err != nil {
					t.Fatal(err)
				}
				var out strings.Builder
				err = (&Command{JUnit: file, JSON: true, script: d}).Run(ctx, s, &out, io.Discard)
				if err == nil || err.Error() != c.err {
					t.Errorf("error %v, want %s", err, c.err)
				}
				var found wireReport
				if err := json.Unmarshal([]byte(out.String()), &found); err != nil || found.Passed || !strings.HasSuffix(c.cases[len(c.cases)-1], found.Reason) || len(found.Checks) != len(c.cases)-1 {
					t.Errorf("%v in %s", err, &out)
				}
				for i, check := range found.Checks {
					if check.Judged == strings.Contains(c.cases[i], "is skipped") {
						t.Errorf("%+v, and in JUnit %s", check, c.cases[i])
					}
				}
			})
			var got []string
			junit := readJUnit(t, file)
			for i := range junit.Cases {
				got = append(got, junit.Cases[i].outcome())
			}
			if g, w := strings.Join(got, "\n"), strings.Join(c.cases, "\n"); g != w {
				t.Errorf("got\n%s\nwant\n%s", g, w)
			}
			if !strings.HasPrefix(junit.Output.Text, "drill test: no verdict, ") {
				t.Errorf("%s", junit.Output.Text)
			}
		})
	}
}

// From its beginning on a drill leaves a report that says that there is no verdict, for a process that is killed. The
// report of an earlier run does not survive that long, and no reader finds half of a report.
func TestJUnitOfADrillThatIsKilled(t *testing.T) {
	dir := t.TempDir()
	file, link := filepath.Join(dir, "junit.xml"), filepath.Join(dir, "link.xml")
	if err := os.WriteFile(file, []byte("<testsuites/>"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(file, link); err != nil {
		t.Skip(err)
	}
	synctest.Test(t, func(t *testing.T) {
		d, err := Parse("test.yaml", []byte("name: test\nsteps: [{kick: all}]\nexpect: [recovered=100%]"))
		if err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(500*time.Millisecond, func() {
			s := readJUnit(t, file)
			if s.Errors != 1 || s.Skipped != 1 || !strings.Contains(s.Cases[1].outcome(), "has not ended yet, or was killed") {
				t.Errorf("in the middle: %+v", s)
			}
		})
		if err := (&Command{JUnit: link, script: d}).Run(t.Context(), newStage(5), io.Discard, io.Discard); err != nil {
			t.Error(err)
		}
	})
	if s := readJUnit(t, file); s.Tests != 1 || s.Errors+s.Skipped+s.Failures != 0 {
		t.Errorf("at the end: %+v", s)
	}
	entries, err := os.ReadDir(dir)
	if info, _ := os.Lstat(link); err != nil || len(entries) != 2 || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("%v, %v", entries, err)
	}
}

// A file in a folder that takes no new ones is overwritten. A stream is not replaced by a file.
func TestSave(t *testing.T) {
	dir := t.TempDir()
	file, socket := filepath.Join(dir, "junit.xml"), filepath.Join(dir, "socket")
	for _, text := range []string{"a longer text", "short"} {
		if err := save(file, []byte(text)); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(file); err != nil || string(got) != text {
			t.Errorf("%q, %v", got, err)
		}
	}
	taken := temporary(file)
	if err := os.Mkdir(taken, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := save(file, []byte("in place")); err != nil {
		t.Error(err)
	}
	if got, err := os.ReadFile(file); err != nil || string(got) != "in place" {
		t.Errorf("%q, %v", got, err)
	}
	if err := save(dir, nil); err == nil {
		t.Error("a folder was taken for a file")
	}
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Skip(err)
	}
	defer l.Close()
	if save(socket, nil); !isStream(socket) || !isStream("/dev/stdout") || isStream(file) || isStream(filepath.Join(dir, "none")) {
		t.Error("a stream is a file, or a file a stream")
	}
}

// A report to the standard output goes behind what stands there already, also if that is a file.
func TestSaveToStandardOutput(t *testing.T) {
	out, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	stdout := os.Stdout
	os.Stdout = out
	defer func() { os.Stdout = stdout }()
	io.WriteString(out, "before\n")
	if err := save("/dev/stdout", []byte("report\n")); err != nil {
		t.Error(err)
	}
	io.WriteString(out, "after\n")
	if text, err := os.ReadFile(out.Name()); string(text) != "before\nreport\nafter\n" {
		t.Errorf("%q, %v", text, err)
	}
}
