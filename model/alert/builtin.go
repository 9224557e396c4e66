package alert

import "fmt"

// builtIn are the rules that holter has without being told. They say what hardly anyone would not want to know, and wait until
// it does not go away by itself.
var builtIn = []Written{
	{Alert: "Storm", Expr: "storm", KeepFiringFor: "10s", Labels: warning,
		Annotations: summary("Many clients lost their connection and come back")},
	{Alert: "ManyFailed", Expr: "share(state=failed) > 10% count(state=failed) >= 3", For: "10s", KeepFiringFor: "30s", Labels: critical,
		Annotations: summary("More than a tenth of the connections have failed")},
	{Alert: "ManySuspect", Expr: "share(state=suspect) > 20% count(state=suspect) >= 5", For: "15s", KeepFiringFor: "30s", Labels: warning,
		Annotations: summary("More than a fifth of the connections are suspect")},
	{Alert: "ManyFlapping", Expr: "flapping >= 5", For: "1m", KeepFiringFor: "1m", Labels: warning,
		Annotations: summary("Clients connect again and again, and do not stay")},
	{Alert: "SilenceIsCut", Expr: "cohort=idle-cut members >= 3", KeepFiringFor: "1m", Labels: warning,
		Annotations: summary("Something on the way cuts silent connections")},
	{Alert: "AgeIsCut", Expr: "cohort=age-cut members >= 3", KeepFiringFor: "1m", Labels: warning,
		Annotations: summary("Something on the way ends connections of one age")},
	{Alert: "ProxyReload", Expr: "cohort=proxy-reload", Labels: warning,
		Annotations: summary("A proxy on the way was reloaded or restarted")},
	{Alert: "ServiceFailed", Expr: "service~. state=failed", KeepFiringFor: "10s", Labels: critical,
		Annotations: summary("The service {{ $labels.service }} has failed")},
	{Alert: "BeatRacesCut", Expr: "margin < 1.2 open > 0", For: "1m", KeepFiringFor: "5m", Labels: warning,
		Annotations: summary("Beats on {{ $labels.path }} come about when silence is cut")},
	{Alert: "MachineBusy", Expr: "cpu > 95%", For: "1m", KeepFiringFor: "1m", Labels: warning,
		Annotations: summary("The machine has no processor time left")},
	{Alert: "HolterLate", Expr: "lateness >= 2", For: "30s", KeepFiringFor: "1m", Labels: warning,
		Annotations: summary("holter itself runs late, and judges more slowly")},
	{Alert: "FilesRunOut", Expr: "files > 80%", For: "30s", KeepFiringFor: "1m", Labels: critical,
		Annotations: summary("This process may soon open no more sockets")},
	{Alert: "PlacesRunOut", Expr: "places > 90%", For: "30s", KeepFiringFor: "1m", Labels: warning,
		Annotations: summary("Soon there are as many connections as --max-conns allows")},
	{Alert: "AlertsUndelivered", Expr: "undelivered > 0", For: "1m", KeepFiringFor: "30s", Labels: critical,
		Annotations: summary("Alerts do not get to where they are sent")},
}

var (
	warning  = map[string]string{"severity": "warning"}
	critical = map[string]string{"severity": "critical"}
)

func summary(text string) map[string]string { return map[string]string{"summary": text} }

// BuiltIn returns the rules that holter has without being told.
func BuiltIn() []Rule {
	rules := make([]Rule, len(builtIn))
	for i, w := range builtIn {
		r, err := w.Rule()
		if err != nil {
			panic(fmt.Sprintf("the rule %s: %v", w.Alert, err)) // of this file
		}
		r.BuiltIn = true
		rules[i] = r
	}
	return rules
}
