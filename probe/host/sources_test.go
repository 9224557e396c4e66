package host

import (
	"os"
	"runtime"
	"slices"
	"testing"

	"github.com/shirou/gopsutil/v3/cpu"
	"github.com/shirou/gopsutil/v3/process"

	"holter/model"
)

func TestUsage(t *testing.T) {
	at := func(user, idle float64) cpu.TimesStat { return cpu.TimesStat{User: user, Idle: idle} }
	tests := []struct {
		name        string
		last, times []cpu.TimesStat
		total       float64
		each        []float64
	}{
		{"one idle, one busy", []cpu.TimesStat{at(5, 5), at(9, 1)}, []cpu.TimesStat{at(5, 6), at(10, 1)}, 50, []float64{0, 100}},
		{"a quarter", []cpu.TimesStat{at(0, 0)}, []cpu.TimesStat{at(1, 3)}, 25, []float64{25}},
		{"no time passed", []cpu.TimesStat{at(5, 5)}, []cpu.TimesStat{at(5, 5)}, 0, []float64{0}},
		{"idle runs backwards", []cpu.TimesStat{at(5, 5)}, []cpu.TimesStat{at(7, 4)}, 100, []float64{100}},
		{"all runs backwards", []cpu.TimesStat{at(5, 5)}, []cpu.TimesStat{at(4, 4)}, 0, []float64{0}},
		{"waiting for a disk is idle", []cpu.TimesStat{{}}, []cpu.TimesStat{{System: 1, Iowait: 3}}, 25, []float64{25}},
		{"a guest is a user, once", []cpu.TimesStat{{}}, []cpu.TimesStat{{User: 1, Guest: 1, Idle: 1}}, 50, []float64{50}},
		{"stolen time is busy", []cpu.TimesStat{{}}, []cpu.TimesStat{{Steal: 1, Idle: 1}}, 50, []float64{50}},
	}
	for _, test := range tests {
		total, each := usage(test.last, test.times)
		if total != test.total || !slices.Equal(each, test.each) {
			t.Errorf("%s: %v %v, want %v %v", test.name, total, each, test.total, test.each)
		}
	}
}

// After the number of cores has changed, one reading has no figures.
func TestNumberOfCoresChanges(t *testing.T) {
	c := cores{last: make([]cpu.TimesStat, 4096)}
	for i, want := range []bool{false, true} {
		got, err := c.read(t.Context())
		if err != nil {
			t.Skipf("no times of cores here: %v", err)
		}
		if (got != nil) != want {
			t.Errorf("reading %d gives figures: %v, want %v", i, got != nil, want)
		}
	}
}

func TestOpenFiles(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("descriptors are listed on Linux only")
	}
	self := &process.Process{Pid: int32(os.Getpid())}
	ways := map[string]*source{"counted": countedFiles(), "listed": listedFiles(self)}
	count := func(s *source) int {
		f, err := s.read(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var h model.Host
		f(&h)
		return h.Process.OpenFiles
	}
	before := map[string]int{}
	for way, s := range ways {
		if s != nil { // not counted before Linux 6.2
			before[way] = count(s)
		}
	}
	openDescriptors(t, 100)
	for way, n := range before {
		if got := count(ways[way]) - n; got != 100 {
			t.Errorf("%s: %d more after opening 100", way, got)
		}
	}
}

func BenchmarkOpenFiles(b *testing.B) {
	openDescriptors(b, 18000)
	self := &process.Process{Pid: int32(os.Getpid())}
	for way, s := range map[string]*source{"counted": countedFiles(), "listed": listedFiles(self)} {
		if s == nil {
			continue
		}
		b.Run(way, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := s.read(b.Context()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
