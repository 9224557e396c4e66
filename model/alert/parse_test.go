package alert

import (
	"errors"
	"strings"
	"testing"
	"time"

	"holter/model"
	"holter/model/filter"
)

var noon = time.Date(2026, 11, 3, 12, 0, 0, 0, time.UTC)

// sample is a snapshot with something of all kinds.
func sample() *model.Snapshot {
	s := &model.Snapshot{Time: noon}
	for i := range 20 {
		c := model.Connection{ID: model.ID(i + 1), Client: "c", State: model.Normal, Path: "/rooms/1", RTT: time.Duration(i) * time.Millisecond}
		switch {
		case i < 3:
			c.State = model.Suspect
		case i < 5:
			c.State = model.Failed
		case i < 10:
			c.State, c.Close = model.Closed, &model.Close{Code: 1006, By: model.ByNetwork}
		}
		s.Connections = append(s.Connections, c)
	}
	s.Host = model.Host{Time: noon, CPU: 93.4, MemoryUsed: 3 << 30, MemoryTotal: 4 << 30, Process: model.Process{RSS: 34 << 20, OpenFiles: 900, MaxFiles: 1024}}
	s.Rates = model.Rates{Refused: 12.5, BytesIn: 2.5e6}
	s.Monitor.Lateness = 1
	s.Paths = []model.Path{
		{ID: 1, Template: "/rooms/*", Margin: 1.1, Open: 12, Limits: make([]model.Limit, 1)},
		{ID: 2, Template: "/ocpp/*", Upstream: "http://b", Margin: 4, Open: 30},
		{ID: 3, Template: "/x", Margin: model.NoMargin},
	}
	s.Cohorts = []model.Cohort{
		{ID: 1, Kind: model.CohortSilence, Cause: model.CauseIdleCut, Count: 14, Newest: noon.Add(-time.Hour)},
		{ID: 2, Kind: model.CohortSilence, Cause: model.CauseIdleCut, Count: 15, Newest: noon.Add(-time.Minute), Detail: "15 ends at 60 s."},
		{ID: 3, Kind: model.CohortMoment, Count: 9, Newest: noon},
	}
	s.Warnings = []model.Warning{{ID: "a1", Kind: model.TimerRace, Urgency: model.Risk, Path: "/rooms/*", Touched: 12, Detail: "A beat meets a cut."}}
	s.Services = []model.Service{
		{ID: "api", Kind: model.Probed, State: model.Failed, Diagnosis: model.Diagnosis{Cause: model.CauseRefused, Detail: "nobody listens there"}, Latency: 30 * time.Millisecond, Uptime: 0.5, Missed: 4},
		{ID: "billing", Kind: model.Reported, State: model.Normal, Latency: 300 * time.Millisecond, Uptime: 1, Clock: -65 * time.Second},
	}
	s.Storms = []model.Storm{{ID: 4, Started: noon, Clients: 900, Away: 214}}
	return s
}

func TestConditionsHold(t *testing.T) {
	for condition, want := range map[string]string{
		"count(state=failed) > 1":                   "count(state=failed) is 2 (> 1)",
		"count(state=failed) > 2":                   "-",
		"COUNT( state=failed )>=2":                  "count(state=failed) is 2 (>= 2)",
		"share(state=suspect) > 10%":                "share(state=suspect) is 20% (> 10%)", // the five that closed are no part of it
		"share(code=1006) > 20 %":                   "share(code=1006) is 25% (> 20%)",     // but of what they are asked for, they are
		`count(client="c" rtt>=15ms) = 5`:           `count(client="c" rtt>=15ms) is 5 (= 5)`,
		`count(("(" or state=failed)) = 2`:          `count(("(" or state=failed)) is 2 (= 2)`,
		"storm":                                     "storm 4: 214 of 900 clients are not back",
		"!storm":                                    "-",
		"storm count(state=failed)>1":               "storm 4: 214 of 900 clients are not back; count(state=failed) is 2 (> 1)",
		"storm and count(state=failed)>9":           "-",
		"count(state=failed)>9 or storm":            "storm 4: 214 of 900 clients are not back",
		"cpu > 90%":                                 "cpu is 93.4% (> 90%)",
		"cpu>90% memory>=75%":                       "cpu is 93.4% (> 90%); memory is 75% (>= 75%)",
		"self_memory > 30MB":                        "self_memory is 35.7MB (> 30MB)",
		"self-memory > 30MB":                        "self_memory is 35.7MB (> 30MB)",
		"files > 80%":                               "files is 87.9% (> 80%)",
		"places > 0%":                               "-", // there is no limit, so that is unknown
		"!places > 0%":                              "-",
		"places > 0% or storm":                      "storm 4: 214 of 900 clients are not back",
		"refused > 10/s":                            "refused is 12.5/s (> 10/s)",
		"bytes_in >= 2.5MB/s":                       "bytes_in is 2.5MB/s (>= 2.5MB/s)",
		"connections = 15":                          "connections is 15 (= 15)",
		"lateness >= 2":                             "-",
		"refusing":                                  "-",
		"margin < 1.3":                              "path=/rooms/*: margin is 1.1 (< 1.3)",
		"margin > 0":                                "path=/rooms/*: margin is 1.1 (> 0) | path=/ocpp/* upstream=http://b: margin is 4 (> 0)",
		"!margin > 2":                               "path=/rooms/*: ",
		"path=/rooms/* margin<2":                    "path=/rooms/*: margin is 1.1 (< 2)",
		"path!=/rooms/* open>1":                     "path=/ocpp/* upstream=http://b: open is 30 (> 1)",
		"path~^/o open>1 storm":                     "path=/ocpp/* upstream=http://b: open is 30 (> 1); storm 4: 214 of 900 clients are not back",
		`upstream="http://b"`:                       "path=/ocpp/* upstream=http://b: ",
		"cohort=idle-cut":                           "cohort=idle-cut kind=silence cohort_id=2: 15 ends at 60 s.",
		"cohort=IDLE-CUT members>=20":               "-",
		"cohort=moment side=client":                 "kind=moment cohort_id=3: ",
		"warning=timer-race urgency=risk touched>5": "warning=timer-race path=/rooms/* advice_id=a1: A beat meets a cut.; touched is 12 (> 5)",
		"service=api state=failed":                  "service=api kind=probed: it is failed, refused: nobody listens there",
		"state=failed service=api":                  "service=api kind=probed: it is failed, refused: nobody listens there",
		"service~. latency>100ms":                   "service=billing kind=reported: latency is 300ms (> 100ms)",
		"service~. LATENCY > 0.1s":                  "service=billing kind=reported: latency is 300ms (> 0.1s)",
		"service~. uptime < 99%":                    "service=api kind=probed: it is failed, refused: nobody listens there; uptime is 50% (< 99%)",
		"service~. clock-off > 10s":                 "service=billing kind=reported: clock_off is 1m5s (> 10s)",
		"service~. unanswered>=2":                   "service=api kind=probed: it is failed, refused: nobody listens there; missed is 4 (>= 2)",
		"service~. ttl!=1s":                         "-", // neither has one
		"service~. !ttl>1s":                         "-",
		"service~. !state=alive":                    "service=api kind=probed: it is failed, refused: nobody listens there",
		"service=api state=normal":                  "-",
		"kind=probed cause=refused cpu>90%":         "service=api kind=probed: it is failed, refused: nobody listens there; cpu is 93.4% (> 90%)",
		"(storm or refusing) (cpu>90%)":             "storm 4: 214 of 900 clients are not back; cpu is 93.4% (> 90%)",
	} {
		c, err := Parse(condition)
		if err != nil {
			t.Errorf("%s: %v", condition, err)
			continue
		}
		var found []string
		for _, f := range c.findings(&moment{Snapshot: sample()}) {
			text := f.detail
			var of []string
			for _, l := range f.labels {
				of = append(of, l.Name+"="+l.Value)
			}
			if of != nil {
				text = strings.Join(of, " ") + ": " + text
			}
			found = append(found, text)
		}
		got := strings.Join(found, " | ")
		if found == nil {
			got = "-"
		}
		if got != want {
			t.Errorf("%s\n got %s\nwant %s", condition, got, want)
		}
	}
}

func TestMistakes(t *testing.T) {
	for _, tt := range []struct {
		condition string
		pos       int
		want      string
	}{
		{"", 0, "a comparison such as count(state=failed) > 5"},
		{"count(state=faild) > 5", 12, "failed, or one of"},
		{"count(stat=failed) > 5", 6, "a field such as state"},
		{"count() > 5", 6, "a filter such as state=failed, or all"},
		{"count(state=failed", 18, "a ) for the ( at position 5"},
		{`count(client="x) > 5`, 20, `a closing " for the one at position 13`},
		{"count(state=failed)", 19, "one of = != > >= < <= after count(state=failed)"},
		{"count(state=failed) > many", 22, "a number such as 3 after count(state=failed) >"},
		{"count(state=failed) > 5%", 22, "a number such as 3"},
		{"cnt(all) > 5", 0, "count or share before the ("},
		{"share(all) > 0.1", 13, "a percentage such as 10%"},
		{"cpu > 90", 6, "a percentage such as 10% after cpu >"},
		{"cpu ~ 90%", 4, "one of = != > >= < <= after cpu"},
		{"cpus > 90%", 0, `cpu, not "cpus"`},
		{"state=failed", 0, "count(state=failed) > 0 for connections, or service~. state=failed for services: state is of each"},
		{"storm state=failed", 6, "count(state=failed) > 0 for connections"},
		{"service=api state=faild", 18, "failed, or one of"},
		{"service>api", 7, "one of = != ~ after service"},
		{"service=api margin<1", 12, "one kind of thing: service is of services, and margin of paths"},
		{"margin<1 service=api", 9, "one kind of thing: margin is of paths, and service of services"},
		{"service", 7, "one of = != > >= < <= ~ after service"},
		{"rtt > 100ms", 0, "count(rtt >100ms) > 0"},
		{"storm = 1", 6, "nothing after storm, which is so or not"},
		{"margin", 6, "one of = != > >= < <= after margin"},
		{"margin < -1", 9, "a number such as 3"},
		{"cohort=idlecut", 7, "idle-cut, or another of"},
		{"cohort>3", 6, "one of = != ~ after cohort"},
		{"margin<1 cohort=idle-cut", 9, "one kind of thing: margin is of paths, and cohort of cohorts"},
		{"path~(", 5, "a regular expression"},
		{"path=", 5, "a text"},
		{"storm or", 8, "a comparison such as"},
		{"storm)", 5, "a ( before this )"},
		{"(storm", 6, "a ) for the ( at position 0"},
		{"storm, refusing", 5, "and or or instead of this comma"},
		{"> 5", 0, "a figure such as cpu before >"},
		{`"storm"`, 0, "without quotes"},
		{"storm\x00", 5, "visible characters"},
		{strings.Repeat("!", 40) + "storm", 32, "no more than 32 levels"},
		{strings.Repeat("storm ", 65), 384, "no more than 64 comparisons"},
		{strings.Repeat(" ", 5000), 4096, "no more than 4096 bytes"},
	} {
		_, err := Parse(tt.condition)
		e, ok := errors.AsType[*filter.Error](err)
		if !ok || e.Pos != tt.pos || !strings.Contains(e.Expected, tt.want) {
			t.Errorf("%.60q: %v, want position %d: %s", tt.condition, err, tt.pos, tt.want)
		}
	}
}

// What is not measured yet is unknown, and so is its opposite.
func TestUnknownHoldsNeitherWay(t *testing.T) {
	for _, condition := range []string{"cpu > 0%", "!cpu > 0%", "cpu >= 0%", "self_memory > 0B or !files < 5%"} {
		c, err := Parse(condition)
		if err != nil {
			t.Fatal(err)
		}
		if found := c.findings(&moment{Snapshot: &model.Snapshot{Time: noon}}); found != nil {
			t.Errorf("%s holds of nothing measured: %v", condition, found)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"count(state=failed) > 5 or storm", "margin<1.3 path=/x", `count("(") = 1`, "!(cpu>90%) load>=3", "cohort=idle-cut"} {
		f.Add(seed)
	}
	s := sample()
	f.Fuzz(func(t *testing.T, text string) {
		c, err := Parse(text)
		if err != nil {
			if e, ok := errors.AsType[*filter.Error](err); !ok || e.Pos < 0 || e.Pos > len(text) || e.Expected == "" {
				t.Fatalf("%q: %#v", text, err)
			}
			return
		}
		c.findings(&moment{Snapshot: s})
		again, err := Parse(c.String())
		if err != nil || len(again.findings(&moment{Snapshot: s})) != len(c.findings(&moment{Snapshot: s})) {
			t.Fatalf("%q as %q: %v", text, c, err)
		}
	})
}
