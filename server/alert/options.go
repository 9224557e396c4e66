package alert

import (
	"fmt"
	"net/url"
	"slices"

	"holter/model"
	"holter/model/alert"
)

// Options are the rules, and where their alerts go. The zero value has the built-in rules for the screen alone.
type Options struct {
	Alert        []alert.Rule `reload:"" sep:"none" placeholder:"NAME=CONDITION" help:"Rule to alert by, such as 'ManyFailed=count(state=failed) > 5 for 30s'; repeatable. In the configuration file a rule has expr, for, keep_firing_for, labels and annotations, as in Prometheus."`
	AlertBuiltin string       `reload:"" default:"screen" enum:"screen,all,off" placeholder:"WHO" help:"Who is told by the rules that holter has without being told: the screen and the API, all outputs too, or off. A rule of your own replaces the one of its name."`
	AlertWebhook []string     `reload:"" secret:"" sep:"none" placeholder:"URL" help:"Post what fires and what is resolved there, in the JSON of Alertmanager's webhooks (version 4); repeatable."`
	AlertSecret  string       `reload:"" secret:"" placeholder:"SECRET" help:"Sign what is posted to --alert-webhook with HMAC-SHA256, as standardwebhooks.com has it."`
	Alertmanager []string     `reload:"" sep:"none" placeholder:"URL" help:"Send all that fires to an Alertmanager, such as http://localhost:9093; repeatable for several that form a cluster."`
	AlertCommand string       `reload:"" secret:"" placeholder:"COMMAND" help:"Run this in a shell when something fires or is resolved, with the JSON of a webhook as its standard input."`
}

// Validate returns an error for settings that make no sense. It says what to write instead.
func (o Options) Validate() error {
	if len(o.Alert) > model.MaxAlertRules {
		return fmt.Errorf("--alert: %d rules: write at most %d", len(o.Alert), model.MaxAlertRules)
	}
	seen := make(map[string]bool, len(o.Alert))
	for _, r := range o.Alert {
		if seen[r.Name] {
			return fmt.Errorf("--alert: there are two rules %s: give one another name", r.Name)
		}
		seen[r.Name] = true
	}
	for _, address := range o.AlertWebhook {
		if err := validAddress("--alert-webhook", address, "https://hooks.example/holter"); err != nil {
			return err
		}
	}
	for _, address := range o.Alertmanager {
		if err := validAddress("--alertmanager", address, "http://localhost:9093"); err != nil {
			return err
		}
	}
	switch o.AlertBuiltin {
	case "", "screen", "all", "off":
	default:
		return fmt.Errorf("--alert-builtin %q is unknown: write screen, all or off", o.AlertBuiltin)
	}
	if _, err := keyOf(o.AlertSecret); err != nil {
		return err
	}
	if o.AlertSecret != "" && len(o.AlertWebhook) == 0 {
		return fmt.Errorf("--alert-secret signs what goes to --alert-webhook: add --alert-webhook URL, or leave it out")
	}
	return nil
}

func validAddress(flag, address, example string) error {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return fmt.Errorf("%s is no http or https address: write one such as %s", flag, example) // it may have a secret in it
	}
	return nil
}

// rules are those of the user, and then those that come with holter.
func (o Options) rules() []alert.Rule {
	rules := slices.Clone(o.Alert)
	if o.AlertBuiltin != "off" {
		rules = append(rules, alert.BuiltIn()...)
	}
	return rules
}

// tells reports whether an alert goes to the outputs.
func (o *Options) tells(a *model.Alert) bool { return !a.BuiltIn || o.AlertBuiltin == "all" }

// idle reports whether no rule tells the outputs, so that nothing would ever be sent.
func (o *Options) idle() bool { return len(o.Alert) == 0 && o.AlertBuiltin != "all" }
