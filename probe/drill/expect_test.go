package drill

import (
	"errors"
	"strings"
	"testing"
	"time"

	"holter/model"
	"holter/model/storm"
	"holter/probe/expect"
)

// deployed are the figures of a drill in which 100 clients lost their connection and 98 came back, one
// every 100 ms.
func deployed() *Figures {
	f := &Figures{Lost: 100, GaveUp: 1, Refused: 40}
	for i := range 98 {
		f.returns = append(f.returns, time.Duration(i+1)*100*time.Millisecond)
	}
	f.Back = len(f.returns)
	f.Recovery = storm.NewRecovery(100, arrivals(f.returns), nil, 0)
	f.Peak, f.Crowding = 60, 2.5
	f.adoptMargin([]model.Path{
		{Template: "/ws", Opened: 3, Margin: 4.1}, {Template: "/rooms/*", Opened: 3, Margin: 1.125}, {Template: "/new", Margin: 0}, {Template: "/x", Opened: 1, Margin: model.NoMargin},
	})
	f.Policies = []model.PoolPolicy{
		{Pool: model.Pool{UserAgent: "app/2"}, Policy: model.Policy{Kind: model.PolicyExponential, Base: time.Second, Factor: 2, Share: 1, Jitter: model.JitterFull}, Like: "AWS full jitter", Clients: 91},
		{Pool: model.Pool{UserAgent: "app/1"}, Policy: model.Policy{Kind: model.PolicyFixed, Base: 3 * time.Second, Factor: 1, Jitter: model.JitterNone}, Clients: 9},
	}
	return f
}

func TestExpectations(t *testing.T) {
	f := deployed()
	for text, want := range map[string]struct {
		held  bool
		found string
	}{
		"recovered>=98%":                 {true, "98.0% at the end"},
		"recovered>98%":                  {false, "98.0% at the end"},
		"recovered >= 90% within 9s":     {true, "90% within 9s"},
		"recovered>=90% within 8s":       {false, "80% within 8s, 90% after 9s"},
		"recovered>=99% within 8s":       {false, "80% within 8s, 98.0% at the end"},
		"back<99%@10s":                   {true, "98.0% within 10s"},
		"back<=50% @ 4s":                 {true, "40% within 4s"},
		"back_50<=5s":                    {true, "5s"},
		"back_50<5s":                     {false, "5s"},
		"back_99<10m":                    {false, "never reached"},
		"back_99>10m":                    {true, "never reached"},
		"peak_rate<200/s":                {true, "60/s"},
		"peak<60/s":                      {false, "60/s"},
		"peak_rate<=60%/s":               {true, "60%/s (60/s)"},
		"peak_rate<50%/s":                {false, "60%/s (60/s)"},
		"crowding<3":                     {true, "2.5"},
		"margin>=1.5":                    {false, "1.12 on /rooms/*"},
		"margin>1":                       {true, "1.12 on /rooms/*"},
		"refused=40":                     {true, "40"},
		"refused!=40":                    {false, "40"},
		"lost>=100":                      {true, "100 clients"},
		"policy=exponential":             {true, "91 of 100 clients; 9 are fixed 3s with 0% jitter"},
		"policy=exponential jitter>=50%": {true, "91 of 100 clients; 9 are fixed 3s with 0% jitter"},
		"policy=exponential factor>2":    {false, "0 of 100 clients; 91 are exponential from 1s by 2 with 100% jitter (AWS full jitter)"},
		"policy!=fixed":                  {true, "91 of 100 clients; 9 are fixed 3s with 0% jitter"},
		`like="AWS full jitter"`:         {true, "91 of 100 clients; 9 are fixed 3s with 0% jitter"},
		"like=Phoenix":                   {false, "0 of 100 clients; 91 are exponential from 1s by 2 with 100% jitter (AWS full jitter)"},
		"jitter<=10%":                    {false, "9 of 100 clients; 91 are exponential from 1s by 2 with 100% jitter (AWS full jitter)"},
		"  no_client_gave_up ":           {false, "1 of 100 clients gave up"},
		"policy=exponential jitter>50% like!=Phoenix": {true, "91 of 100 clients; 9 are fixed 3s with 0% jitter"},
	} {
		e, err := ParseExpectation(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if c := e.check(f); c.Held != want.held || c.Found != want.found || c.Expectation != strings.TrimSpace(text) {
			t.Errorf("%s: %v, %q; want %v, %q", text, c.Held, c.Found, want.held, want.found)
		}
	}
}

// As long as clients are silent, what is said of those that gave up must hold whatever becomes of them.
func TestExpectationsOfSilentClients(t *testing.T) {
	const early = "; 14 more have been silent for long, and it is too early to tell whether they gave up: watch for longer"
	f := deployed()
	f.Silent = 14
	for text, want := range map[string]struct {
		held  bool
		found string
	}{
		"gave_up<=2":        {false, "1 of 100 clients" + early},
		"gave_up!=9":        {false, "1 of 100 clients" + early},
		"gave_up>=2":        {false, "1 of 100 clients" + early},
		"gave_up=0":         {false, "1 of 100 clients"},
		"gave_up<=15":       {true, "1 of 100 clients"},
		"gave_up>=1":        {true, "1 of 100 clients"},
		"no_client_gave_up": {false, "1 of 100 clients gave up"},
	} {
		e, err := ParseExpectation(text)
		if c := e.check(f); err != nil || c.Held != want.held || c.Found != want.found {
			t.Errorf("%s: %v, %q; want %v, %q", text, c.Held, c.Found, want.held, want.found)
		}
	}
}

// A drill in which no client lost its connection proves nothing.
func TestExpectationsWithoutLosses(t *testing.T) {
	for text, want := range map[string]bool{
		"recovered>=1%": false, "no_client_gave_up": false, "peak_rate<1/s": false, "policy=unknown": false, "crowding<5": false,
		"lost=0": true, "lost>0": false, "refused=0": true,
	} {
		e, err := ParseExpectation(text)
		if c := e.check(&Figures{}); err != nil || c.Held != want {
			t.Errorf("%s: %v, %s, error %v", text, c.Held, c.Found, err)
		}
	}
}

func TestUnknownPolicyIsNotAsExpected(t *testing.T) {
	f := &Figures{Lost: 20, Policies: []model.PoolPolicy{{Policy: model.Policy{Kind: model.PolicyUnknown}, Clients: 20}}}
	for text, want := range map[string]bool{"policy=none": false, "jitter<50%": false, "factor<3": false, "policy=unknown": true} {
		e, err := ParseExpectation(text)
		c := e.check(f)
		if err != nil || c.Held != want || !want && !strings.Contains(c.Found, policyHint) {
			t.Errorf("%s: %v, %s, error %v", text, c.Held, c.Found, err)
		}
	}
}

// The report tells why the largest of the unknown policies is unknown, and counts the clients of the others.
func TestReportOfUnknownPolicies(t *testing.T) {
	unknown := func(clients int, d model.Doubt) model.PoolPolicy {
		return model.PoolPolicy{Policy: model.Policy{Kind: model.PolicyUnknown}, Clients: clients, Doubt: d}
	}
	r := Report{Figures: &Figures{Policies: []model.PoolPolicy{
		unknown(20, model.Doubt{Reason: model.DoubtFewAttempts, Have: 2, Need: 3}),
		unknown(4, model.Doubt{Reason: model.DoubtFewClients, Have: 4, Need: 8}),
		unknown(3, model.Doubt{Reason: model.DoubtFewClients, Have: 3, Need: 8}),
	}}}
	var text strings.Builder
	r.WriteText(&text)
	for _, want := range []string{
		"20 clients (no user agent): unknown: 2 attempts in a row known of enough clients, and 3 are needed: most were back before the next; so refuse upgrades for longer\n",
		"policy    7 clients of other kinds: unknown\n",
	} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("no %q in\n%s", want, &text)
		}
	}
	if got := r.wire().Policies[1].Doubt; got != "4 clients in all, and 8 are needed" {
		t.Errorf("%q in JSON", got)
	}
}

func TestExpectationMistakes(t *testing.T) {
	for text, want := range map[string]struct {
		pos      int
		expected string // part of it
	}{
		"":                                {0, "one of recovered, back_50"},
		"recoverd>=99%":                   {0, "recovered"},
		"bcak>=99%":                       {0, "back"},
		"like=Pheonix":                    {5, "Phoenix"},
		"like=socketio":                   {5, "Socket.IO"},
		"like=AWS full jitter":            {5, `"AWS full jitter"`},
		`like="STOMP or react"`:           {5, "react-use-websocket"},
		"like=mine":                       {5, "one of the names in holter drill --help"},
		"no_client_gave":                  {0, "no_client_gave_up"},
		"refused<0x10":                    {8, "a number such as 3"},
		"refused<1e300":                   {8, "a number"},
		"crowding<Inf":                    {9, "a number"},
		"recovered>=NaN%":                 {11, "a share"},
		"back_99<25h":                     {8, "a duration such as 10s, up to 24h"},
		"recovered>=99%@9999h":            {15, "a duration"},
		"  Recovered>=99%":                {2, "recovered"},
		"recovered":                       {9, "= != > >= < or <= after recovered"},
		"recovered~99%":                   {9, "="},
		"recovered>=":                     {11, "a share from 0% to 100%"},
		"recovered>=99":                   {11, "a share"},
		"recovered>=101%":                 {11, "a share"},
		"recovered>=-1%":                  {11, "a share"},
		"recovered>=99% in 60s":           {15, "the end"},
		"recovered>=99% within":           {21, "a duration such as 10s, up to 24h, after within"},
		"recovered>=99% within 60":        {22, "a duration"},
		"recovered>=99%@-1s":              {15, "a duration"},
		"recovered>=99% within 60s today": {26, "the end"},
		"peak_rate<200":                   {10, "a rate such as 200/s or 50%/s"},
		"peak_rate<fast/s":                {10, "a rate"},
		"peak_rate<NaN/s":                 {10, "a rate"},
		"peak_rate<200/s within 5s":       {16, "the end"},
		"back_99<20":                      {8, "a duration"},
		"back_75<20s":                     {0, "back_50"},
		"crowding<much":                   {9, "a number such as 3"},
		"policy>exponential":              {6, "= or != after policy"},
		"policy=random":                   {7, "none, fixed, exponential, linear, steps or unknown"},
		`like="Phoenix`:                   {5, "a closing quote"},
		"like=":                           {5, "such as Phoenix"},
		"like=\n":                         {6, "such as Phoenix"},
		"policy=fixed recovered>=99%":     {13, "write recovered as another expectation"},
		"policy=fixed,jitter>1%":          {7, "none, fixed"},
		"no_client_gave_up=1":             {17, "the end"},
		strings.Repeat("x", 501):          {500, "no more than 500 bytes"},
	} {
		_, err := ParseExpectation(text)
		e, ok := errors.AsType[*expect.SyntaxError](err)
		if !ok || e.Pos != want.pos || !strings.Contains(e.Expected, want.expected) {
			t.Errorf("%.60q: error %v, want position %d, %s", text, err, want.pos, want.expected)
		}
	}
}

func FuzzParseExpectation(f *testing.F) {
	for _, text := range []string{"recovered>=99% within 60s", "back<99%@10s", "policy=exponential jitter>=50%", `like="a b"`, "no_client_gave_up"} {
		f.Add(text)
	}
	figures := deployed()
	f.Fuzz(func(t *testing.T, text string) {
		e, err := ParseExpectation(text)
		if err != nil {
			if s, ok := errors.AsType[*expect.SyntaxError](err); !ok || s.Pos < 0 || s.Pos > len(text) {
				t.Errorf("%q: %v", text, err)
			}
			return
		}
		again, err := ParseExpectation(e.String())
		if err != nil || again.check(figures) != e.check(figures) {
			t.Errorf("%q is not %q: %v", text, e, err)
		}
	})
}

// Where no limit is known, or nothing beats, no margin is as good as wanted.
func TestNoMargin(t *testing.T) {
	for found, paths := range map[string][]model.Path{
		"no path has a known limit; holter's --idle-cut names one": {{Template: "/ws", Opened: 1, Margin: model.NoMargin}},
		"nothing beats on /ws": {{Template: "/ws", Opened: 1}, {Template: "/a", Opened: 1, Margin: 3}},
	} {
		f := new(Figures)
		f.adoptMargin(paths)
		e, err := ParseExpectation("margin>=1.5")
		if err != nil {
			t.Fatal(err)
		}
		if c := e.check(f); c.Held || c.Found != found {
			t.Errorf("%+v, want %q", c, found)
		}
	}
}
