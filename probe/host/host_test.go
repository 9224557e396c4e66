package host

import (
	"context"
	"errors"
	"os"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"holter/model"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// run reads the given sources until there are n samples. It must run in a synctest bubble.
func run(t *testing.T, n int, sources ...*source) (samples []model.Host) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	s := Sampler{sources: sources}
	err := s.Run(ctx, time.Second, func(h model.Host) {
		if samples = append(samples, h); len(samples) == n {
			cancel()
		}
	})
	if err != nil {
		t.Errorf("Run: %v", err)
	}
	return samples
}

// counting makes a source whose load is 1, 2, … and which counts its calls.
func counting(calls *int) *source {
	return &source{read: func(context.Context) (figures, error) {
		*calls++
		n := float64(*calls)
		return func(h *model.Host) { h.Load1 = n }, nil
	}}
}

func TestSamplesEachInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start, calls := time.Now(), 0
		for i, h := range run(t, 3, counting(&calls)) {
			if want := time.Duration(i+1) * time.Second; h.Time.Sub(start) != want {
				t.Errorf("sample %d after %v, want %v", i, h.Time.Sub(start), want)
			}
			if want := float64(i + 2); h.Load1 != want { // the first reading is in no sample
				t.Errorf("sample %d contains reading %v, want %v", i, h.Load1, want)
			}
		}
	})
}

func TestHangingSourceDelaysNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls int
		var hung atomic.Int64
		release := make(chan struct{})
		defer close(release)
		hanging := &source{read: func(context.Context) (figures, error) {
			if hung.Add(1) == 3 {
				<-release // it ignores the end of its context
			}
			return func(h *model.Host) { h.MemoryUsed = 7 }, nil
		}}
		start := time.Now()
		samples := run(t, 6, counting(&calls), hanging)
		// It hangs at 2 s. Its figures are those of 1 s, and are in the samples until 4 s.
		for i, want := range []uint64{7, 7, 7, 7, 0, 0} {
			if samples[i].MemoryUsed != want {
				t.Errorf("sample %d: the hanging source gives %d, want %d", i, samples[i].MemoryUsed, want)
			}
			if samples[i].Load1 != float64(i+2) {
				t.Errorf("sample %d: the other source's reading %v, want %d", i, samples[i].Load1, i+2)
			}
			// Only the sample at which it began to hang waits for it.
			late := samples[i].Time.Sub(start) - time.Duration(i+1)*time.Second
			if i == 1 && late != time.Second/2 || i != 1 && late != 0 {
				t.Errorf("sample %d is %v late", i, late)
			}
		}
		if n := hung.Load(); n != 3 {
			t.Errorf("read %d times, want 3: not again while it hangs", n)
		}
		if took := time.Since(start); took != 6*time.Second+grace {
			t.Errorf("Run returned after %v, want %v after its end", took, grace)
		}
	})
}

func TestReadingsEndWithTheirContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var took []time.Duration
		run(t, 4, &source{read: func(ctx context.Context) (figures, error) {
			start := time.Now()
			<-ctx.Done()
			took = append(took, time.Since(start))
			return nil, ctx.Err()
		}})
		if len(took) != 1 || took[0] != time.Second {
			t.Errorf("readings took %v, want one that takes an interval, then none until retryAfter", took)
		}
	})
}

func TestFailedSourceIsReadAgainLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		var asked []time.Duration
		samples := run(t, 23, &source{read: func(context.Context) (figures, error) {
			asked = append(asked, time.Since(start))
			if len(asked) == 2 {
				return nil, errors.New("not today")
			}
			return func(h *model.Host) { h.Load1 = 1 }, nil
		}})
		if samples[0].Load1 != 0 || samples[9].Load1 != 0 || samples[10].Load1 != 1 {
			t.Errorf("load after 1 s %v, 10 s %v, 11 s %v; want 0, 0, 1", samples[0].Load1, samples[9].Load1, samples[10].Load1)
		}
		if asked[1] != time.Second || asked[2] != 11*time.Second || asked[3] != 12*time.Second {
			t.Errorf("read at %v, want at 1 s, after a failure at 11 s, then each second", asked[1:4])
		}
	})
}

func TestExpensiveSourceIsReadLessOften(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		calls := 0
		costly := counting(&calls)
		costly.every = 10 * time.Second
		samples := run(t, 25, costly)
		if calls != 3 {
			t.Errorf("read %d times in 25 s, want at 0, 10 and 20 s", calls)
		}
		for i, h := range samples {
			if want := float64((i+1)/10 + 1); h.Load1 != want {
				t.Errorf("sample %d contains reading %v, want %v", i, h.Load1, want)
			}
		}
	})
}

func TestStopsWithContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
		defer cancel()
		start, samples, calls := time.Now(), 0, 0
		s := Sampler{sources: []*source{counting(&calls)}}
		if err := s.Run(ctx, time.Second, func(model.Host) { samples++ }); err != nil {
			t.Errorf("Run: %v", err)
		}
		if took := time.Since(start); took != 1500*time.Millisecond || samples != 1 {
			t.Errorf("Run took %v for %d samples, want 1.5 s for 1", took, samples)
		}
	})
}

func TestIntervalRefused(t *testing.T) {
	for _, interval := range []time.Duration{0, -time.Second} {
		if err := new(Sampler).Run(t.Context(), interval, nil); err == nil {
			t.Errorf("interval %v is accepted", interval)
		}
	}
}

// The figures of the real machine, while one goroutine keeps a core busy.
func TestThisMachine(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	spun := make(chan struct{})
	go func() {
		defer close(spun)
		for ctx.Err() == nil {
		}
	}()
	var h model.Host
	err := new(Sampler).Run(ctx, 200*time.Millisecond, func(sample model.Host) {
		if h = sample; h.Process.CPU > 0 && h.CPU > 0 {
			cancel()
		}
	})
	<-spun
	if err != nil {
		t.Fatal(err)
	}
	plausible(t, h)
}

func plausible(t *testing.T, h model.Host) {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("other platforms may lack some figures")
	}
	if age := time.Since(h.Time); age < 0 || age > time.Minute {
		t.Errorf("taken %v ago", age)
	}
	if h.CPU <= 0 || h.CPU > 100 || len(h.Cores) == 0 {
		t.Errorf("CPU %v %%, cores %v", h.CPU, h.Cores)
	}
	for i, core := range h.Cores {
		if core < 0 || core > 100 {
			t.Errorf("core %d: %v %%", i, core)
		}
	}
	if h.MemoryUsed == 0 || h.MemoryUsed >= h.MemoryTotal {
		t.Errorf("memory %d of %d", h.MemoryUsed, h.MemoryTotal)
	}
	if h.Load1 < 0 || h.Load5+h.Load15 <= 0 {
		t.Errorf("load %v %v %v", h.Load1, h.Load5, h.Load15)
	}
	p := h.Process
	if p.RSS == 0 || p.RSS > h.MemoryTotal {
		t.Errorf("RSS %d", p.RSS)
	}
	// Clock ticks of 10 ms make the value coarse.
	if p.CPU <= 0 || p.CPU > 150*float64(runtime.NumCPU()) {
		t.Errorf("process CPU %v %%", p.CPU)
	}
	if p.Goroutines < 2 {
		t.Errorf("%d goroutines", p.Goroutines)
	}
	if p.OpenFiles < 3 || uint64(p.OpenFiles) > p.MaxFiles {
		t.Errorf("%d open files of %d", p.OpenFiles, p.MaxFiles)
	}
}

func BenchmarkSample(b *testing.B) {
	p := newReadings(nil, time.Second)
	b.Cleanup(p.wait)
	b.ReportAllocs()
	for b.Loop() {
		p.startDue(b.Context())
		p.collect(b.Context(), 0)
		p.sample()
	}
}

// openDescriptors holds n descriptors open during the test.
func openDescriptors(t testing.TB, n int) {
	t.Helper()
	for range n {
		file, err := os.Open(os.DevNull)
		if err != nil {
			t.Skipf("no %d descriptors here: %v", n, err)
		}
		t.Cleanup(func() { file.Close() })
	}
}
