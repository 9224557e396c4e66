package server

import (
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"

	"holter/model"
	"holter/model/heart"
)

// settings are what the command line gives when nothing was written.
func settings() Options {
	return Options{Admin: "127.0.0.1:7071"}.withDefaults()
}

// The tags of Options repeat the defaults, since a tag cannot name a constant.
func TestCommandLineHasTheLibrarysDefaults(t *testing.T) {
	var line struct {
		//lint:ignore SA5008 kong reads each of them
		Options `embed:"" set:"on_fail=observe" set:"max_memory=0"`
	}
	parser, err := kong.New(&line)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parser.Parse(nil); err != nil {
		t.Fatal(err)
	}
	if want := settings(); !reflect.DeepEqual(line.Options, want) {
		t.Errorf("the tags say\n%+v\nthe library\n%+v", line.Options, want)
	}
	if got, want := line.rhythm(), heart.DefaultRhythm(); got != want {
		t.Errorf("the tags say %+v, the default rhythm is %+v", got, want)
	}
}

func TestOptionsValidate(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(*Options)
		want   string // part of the error, "" for none
	}{
		"defaults":              {func(o *Options) {}, ""},
		"no admin plane":        {func(o *Options) { o.Admin = "" }, ""},
		"observe with no beats": {func(o *Options) { o.Scheme, o.OnFail = model.SchemeNone, model.OnFailObserve }, ""},
		"scheme":                {func(o *Options) { o.Scheme = "all" }, "write both, server, client or none"},
		"on-fail":               {func(o *Options) { o.OnFail = "kill" }, "write close or observe"},
		"detector":              {func(o *Options) { o.Detector = "oracle" }, "write deviation, jacobson or phi"},
		"interval":              {func(o *Options) { o.Interval = 0 }, "interval 0s is too short"},
		"negative interval":     {func(o *Options) { o.Interval = -time.Second }, "interval -1s is too short"},
		"min above max":         {func(o *Options) { o.MinTimeout = 5 * time.Second }, "max-timeout 4s is below min-timeout 5s"},
		"linger":                {func(o *Options) { o.Linger = 0 }, "--linger is 0s"},
		"write timeout":         {func(o *Options) { o.WriteTimeout = 0 }, "--write-timeout is 0s"},
		"max idle":              {func(o *Options) { o.MaxIdle = -1 }, "--max-idle"},
		"max conns":             {func(o *Options) { o.MaxConns = -1 }, "--max-conns"},
		"max conns per client":  {func(o *Options) { o.MaxConnsPerClient = -1 }, "--max-conns-per-client"},
		"the same network": {func(o *Options) {
			o.MaxConnsFrom = []NetworkLimit{networkLimit("10.0.0.0/8=1"), networkLimit("10.0.0.0/8=2")}
		}, "--max-conns-from"},
		"max message":           {func(o *Options) { o.MaxMessage = -1 }, "--max-message"},
		"max subscribers":       {func(o *Options) { o.MaxSubscribers = -1 }, "--max-subscribers"},
		"API rate":              {func(o *Options) { o.APIRate = -1 }, "--api-rate"},
		"trusted proxies":       {func(o *Options) { o.TrustedProxies = []string{"proxy"} }, "TrustedProxies"},
		"max conns per IP":      {func(o *Options) { o.MaxConnsPerIP = -1 }, "--max-conns-per-ip"},
		"accept rate":           {func(o *Options) { o.AcceptRate = -1 }, "--accept-rate is -1/s"},
		"accept rate infinite":  {func(o *Options) { o.AcceptRate = Rate(math.Inf(1)) }, "--accept-rate"},
		"accept rate unknown":   {func(o *Options) { o.AcceptRate = Rate(math.NaN()) }, "--accept-rate"},
		"identity":              {func(o *Options) { o.Identity = "name" }, "write query:NAME"},
		"identity without name": {func(o *Options) { o.Identity = "header:" }, "write query:NAME"},
		"identity header":       {func(o *Options) { o.Identity = "header:X-User" }, ""},
		"identity ip":           {func(o *Options) { o.Identity = "ip" }, ""},
		"identity path":         {func(o *Options) { o.Identity = "path:-1" }, ""},
		"identity no segment":   {func(o *Options) { o.Identity = "path:0" }, "write path:1 for the first"},
		"admin without port":    {func(o *Options) { o.Admin = "127.0.0.1" }, "write HOST:PORT"},
		"admin port":            {func(o *Options) { o.Admin = "127.0.0.1:70000" }, "from 0 to 65535"},
		"admin IPv6 loopback":   {func(o *Options) { o.Admin = "[::1]:7071" }, ""},
		"admin localhost":       {func(o *Options) { o.Admin = "localhost:7071" }, ""},
		"admin mapped loopback": {func(o *Options) { o.Admin = "[::ffff:127.0.0.1]:7071" }, ""},
		"admin everywhere":      {func(o *Options) { o.Admin = ":7071" }, "--token"},
		"admin unspecified":     {func(o *Options) { o.Admin = "0.0.0.0:7071" }, "--token"},
		"admin by name":         {func(o *Options) { o.Admin = "localhost.example:7071" }, "--token"},
		"admin with token":      {func(o *Options) { o.Admin, o.Token = ":7071", "s3cret" }, ""},
		"token with space":      {func(o *Options) { o.Token = "two words" }, "visible ASCII"},
		"token with newline":    {func(o *Options) { o.Token = "x\r\ny" }, "visible ASCII"},
	} {
		t.Run(name, func(t *testing.T) {
			o := settings()
			tc.change(&o)
			checkError(t, o.Validate(), tc.want)
		})
	}
}

func checkError(t *testing.T, err error, want string) {
	t.Helper()
	switch {
	case want == "" && err != nil:
		t.Errorf("refused: %v", err)
	case want != "" && err == nil:
		t.Errorf("accepted, want an error with %q", want)
	case want != "" && !strings.Contains(err.Error(), want):
		t.Errorf("error %q, want %q in it", err, want)
	}
}

func networkLimit(text string) (n NetworkLimit) {
	if err := n.UnmarshalText([]byte(text)); err != nil {
		panic(err)
	}
	return n
}

func TestNetworkLimitText(t *testing.T) {
	for text, want := range map[string]string{"10.0.0.0/8=500": "10.0.0.0/8=500", "10.1.2.3/8=0": "10.0.0.0/8=0", "192.0.2.1=7": "192.0.2.1/32=7", "2001:db8::/48=9": "2001:db8::/48=9", "::ffff:10.1.2.3/104=5": "10.0.0.0/8=5"} {
		if got := networkLimit(text).String(); got != want {
			t.Errorf("%s is %s, want %s", text, got, want)
		}
	}
	for _, text := range []string{"", "10.0.0.0/8", "10.0.0.0/8=", "10.0.0.0/8=-1", "10.0.0.0/33=1", "host=1", "=1"} {
		if new(NetworkLimit).UnmarshalText([]byte(text)) == nil {
			t.Errorf("%q was taken", text)
		}
	}
}
