package heart

import (
	"strings"
	"testing"
	"time"

	"holter/model"
)

var usual = Rhythm{
	Scheme: model.SchemeBoth, Detector: "deviation", Interval: 5 * time.Second,
	MinTimeout: 500 * ms, MaxTimeout: 4 * time.Second,
}

func TestBound(t *testing.T) {
	const s = time.Second
	impatient, lenient := usual, usual
	impatient.MinTimeout, impatient.MaxTimeout = 100*ms, 300*ms
	lenient.MinTimeout = 3 * s
	tests := []struct {
		name string
		r    Rhythm
		e    estimate
		want time.Duration
	}{
		{"nothing known", usual, estimate{}, s},
		{"handshake was quick", usual, estimate{rtt: 100 * ms}, s},
		{"handshake was slow", usual, estimate{rtt: 600 * ms}, 1800 * ms},
		{"handshake was slow, kernel patient", usual, estimate{rtt: 600 * ms, rto: 1500 * ms}, 2200 * ms},
		{"few samples", usual, estimate{timeout: 2 * ms, mean: ms, samples: 7}, s},
		{"few samples, far", usual, estimate{timeout: 500 * ms, mean: 400 * ms, samples: 7}, 1300 * ms},
		{"few samples, farther", usual, estimate{timeout: 700 * ms, mean: 600 * ms, samples: 7}, 1800 * ms},
		{"few samples, scattered", usual, estimate{timeout: 1500 * ms, mean: 200 * ms, samples: 2}, 1500 * ms},
		{"quiet", usual, estimate{timeout: 2 * ms, mean: ms, samples: 8}, 502 * ms},
		{"margin rides on the mean", usual, estimate{timeout: 200 * ms, mean: 150 * ms, samples: 8}, 800 * ms},
		{"scattered", usual, estimate{timeout: 2 * s, mean: 150 * ms, samples: 8}, 2 * s},
		{"retransmitting", usual, estimate{timeout: 200 * ms, mean: 150 * ms, samples: 8, rto: 700 * ms}, 950 * ms},
		{"kernel's rtt means nothing once there are samples", usual, estimate{timeout: 2 * ms, mean: ms, samples: 8, rtt: 3 * s}, 502 * ms},
		{"capped", usual, estimate{timeout: 9 * s, mean: s, samples: 8}, 4 * s},
		{"cap rides on the mean", usual, estimate{timeout: 9 * s, mean: 2 * s, samples: 8}, 6 * s},
		{"cap holds for the kernel too", usual, estimate{timeout: 9 * s, mean: ms, samples: 8, rto: 30 * s}, 4 * s},
		{"told to be impatient", impatient, estimate{timeout: 2 * ms, mean: ms, samples: 8}, 300 * ms},
		{"told to be lenient", lenient, estimate{timeout: 2 * ms, mean: ms, samples: 8}, 3 * s},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := test.r.bound(test.e); got != test.want {
				t.Errorf("%v, want %v", got, test.want)
			}
		})
	}
}

func TestRhythmSaysWhatToWrite(t *testing.T) {
	tests := []struct {
		change func(*Rhythm)
		want   string // in the error; empty for none
	}{
		{func(*Rhythm) {}, ""},
		{func(r *Rhythm) { r.MaxTimeout = r.MinTimeout }, ""},
		{func(r *Rhythm) { r.Scheme = "" }, "write both, server, client or none"},
		{func(r *Rhythm) { r.Detector = "" }, "write deviation, jacobson or phi"},
		{func(r *Rhythm) { r.Interval = 0 }, "write at least 10ms"},
		{func(r *Rhythm) { r.Interval = -time.Second }, "write at least 10ms"},
		{func(r *Rhythm) { r.MinTimeout = 0 }, "write a positive one"},
		{func(r *Rhythm) { r.MaxTimeout = r.MinTimeout - 1 }, "below min-timeout 500ms"},
	}
	for _, test := range tests {
		r := usual
		test.change(&r)
		err := r.Validate()
		if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
			t.Errorf("%+v: %v, want %q", r, err, test.want)
		}
	}
}
