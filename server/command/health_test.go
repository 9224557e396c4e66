package command

import (
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func TestTargets(t *testing.T) {
	targets, err := HealthOptions{
		Health: []string{"http://localhost:3000/health", "api=https://u:p@api.internal/ready?key=s3cret", "http://localhost:9/?a=b", "name with blanks=http://h/x=y"},
		HealthHeader: []string{
			"Accept: text/plain", "api=Authorization: Bearer x=y:z", "api=Accept: */*",
		},
	}.targets()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, target := range targets {
		got = append(got, target.id+" "+target.shown)
	}
	want := []string{
		"localhost:3000/health http://localhost:3000/health", "api https://api.internal/ready?key=(not shown)",
		"localhost:9 http://localhost:9/?a=(not shown)", "name with blanks http://h/x=y",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if h := targets[1].check.Header; !reflect.DeepEqual(h, http.Header{"Accept": {"text/plain", "*/*"}, "Authorization": {"Bearer x=y:z"}}) {
		t.Errorf("header %v", h)
	}
	if h := targets[0].check.Header; !reflect.DeepEqual(h, http.Header{"Accept": {"text/plain"}}) {
		t.Errorf("the header of one goes to another: %v", h)
	}
	if targets[1].check.URL != "https://u:p@api.internal/ready?key=s3cret" {
		t.Errorf("asked is %s", targets[1].check.URL)
	}
}

func TestWrongTargets(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		options HealthOptions
		want    string
	}{
		{HealthOptions{Health: []string{"localhost:3000"}}, "--health \"localhost:3000\" is no URL"},
		{HealthOptions{Health: []string{"ftp://a/"}}, "is no URL"},
		{HealthOptions{Health: []string{"http://u:s3cret@"}}, "is no URL"},
		{HealthOptions{Health: []string{"api="}}, "is no URL"},
		{HealthOptions{Health: []string{"a=http://x", "a=http://y"}}, "twice"},
		{HealthOptions{Health: []string{"\n=http://x"}}, "cannot be seen"},
		{HealthOptions{Health: make([]string, mostTargets+1)}, "at most"},
		{HealthOptions{HealthHeader: []string{"s3cret"}}, "--health-header"},
		{HealthOptions{HealthHeader: []string{"A: s3cret\nB"}}, "--health-header"},
		{HealthOptions{Health: []string{"a=http://x"}, HealthHeader: []string{"b=A: s3cret"}}, "which no --health names"},
		{HealthOptions{HealthCA: empty}, "no certificate"},
		{HealthOptions{HealthCA: empty, InsecureHealth: true}, "one or the other"},
	} {
		err := tt.options.Validate()
		if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), ": s3cret") || strings.Contains(err.Error(), ":s3cret@") {
			t.Errorf("%q: %v, want %q", tt.options.Health, err, tt.want)
		}
	}
}
