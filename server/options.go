package server

import (
	"cmp"
	"log/slog"
	"time"

	"holter/model"
	"holter/model/heart"
	"holter/server/admin"
	"holter/server/alert"
	"holter/server/pass"
	"holter/server/services"
)

// Options set a Monitor up. The zero value of a field stands for the default in its tag, except for Admin, where
// it stands for no admin plane. The default of OnFail is observe; only the command line of serve has close. That of
// MaxMemory is no limit; only the command line has one.
type Options struct {
	Scheme     model.Scheme  `default:"both" enum:"both,server,client,none" placeholder:"WHO" help:"Which end beats: both, server, client, or none to watch only (holter's own beats can keep a path alive that an idle timeout would cut)."`
	Interval   time.Duration `default:"5s" help:"Time between two beats of a connection, ±10 % for each."`
	Detector   string        `default:"deviation" enum:"deviation,jacobson,phi" placeholder:"NAME" help:"How the timeout follows from the round trips: deviation, jacobson or phi. Use deviation: it remembers for 60 beats how late a pong came, such as after a lost segment. The others are there to compare with."`
	MinTimeout time.Duration `default:"500ms" help:"No beat is overdue before this time."`
	MaxTimeout time.Duration `default:"4s" help:"Every beat is overdue after this time, or after three mean round trips if that is longer."`
	OnFail     model.OnFail  `default:"${on_fail}" enum:"close,observe" placeholder:"WHAT" help:"What to do with a failed connection: close its socket, or observe and only report it."`

	Identity string        `placeholder:"FROM" help:"Who is behind a connection: query:NAME, header:NAME, cookie:NAME, jwt:CLAIM, path:N (the N-th segment of the path, from the end if negative), basic (the user of Basic authentication) or ip. The default is the query parameter client, else the header X-Client-ID, else of a charger (OCPP) the last segment of the path, else address and user agent. A name that many connections have at once is no client's own: a warning (shared-identity) says so and which of these would tell them apart, and address and user agent are used instead."`
	Linger   time.Duration `default:"60s" help:"How long a closed connection and an absent client stay on the list."`

	MaxConns          int            `reload:"" default:"0" help:"Refuse upgrades beyond this many connections; 0 for no limit."`
	MaxConnsPerIP     int            `reload:"" default:"0" help:"Refuse upgrades beyond this many connections from one address, or from one IPv6 network of 64 bits; 0 for no limit."`
	MaxConnsFrom      []NetworkLimit `placeholder:"NETWORK=N" help:"A network that counts as one address, with its own number in place of --max-conns-per-ip: 10.0.0.0/8=500 for an office behind one router, =0 for no limit. The smallest network that has an address counts."`
	MaxConnsPerClient int            `default:"0" help:"Refuse upgrades beyond this many connections of one client, by its name (--identity): a client without one is not counted. Leave room for one more than it should have: its last connection may still be there. 0 for no limit."`
	AcceptRate        Rate           `reload:"" default:"0" placeholder:"N/s" help:"Refuse upgrades beyond this many per second, such as 50/s; 0 for no limit."`
	MaxMemory         Memory         `reload:"" default:"${max_memory}" placeholder:"SIZE" help:"Refuse upgrades while this process has nearly this much memory: a size such as 512MiB, or a percentage of what the machine or the container has; 0 for no limit."`
	MaxMessage        int64          `default:"0" placeholder:"BYTES" help:"Close a connection whose client sends a longer message, with 1009. Of a compressed message the compressed bytes count. 0 for no limit."`

	MaxIdle      time.Duration `default:"0s" help:"Close a connection that carried no application message for this long; 0 for never."`
	WriteTimeout time.Duration `default:"10s" help:"Close a connection if its peer accepts no byte of a waiting write for this long; not with --on-fail observe."`

	IdleCut time.Duration `default:"0s" help:"How long a connection may be silent before something on the way is known to cut it, such as 60s for nginx or an AWS ALB as they come. holter warns of beats that come too late for it; 0 if nothing is known. What is seen to be cut needs no flag."`
	AgeCut  time.Duration `default:"0s" help:"The same for the age of a connection, such as 60m for Cloud Run."`

	Admin  string       `default:"127.0.0.1:7071" group:"Admin plane:" placeholder:"HOST:PORT" help:"Address of the admin plane: health, API and events; empty for none."`
	Token  string       `reload:"" secret:"" group:"Admin plane:" placeholder:"SECRET" help:"Bearer token that the admin plane asks for; needed if its address is not a loopback one."`
	Access admin.Access `embed:"" group:"Admin plane:"`

	APIRate        Rate `group:"Admin plane:" reload:"" name:"api-rate" default:"1000/s" placeholder:"N/s" help:"Calls of the API from one address per second; those of ten seconds may come at once. Reports of services, /health and /metrics do not count."`
	MaxSubscribers int  `group:"Admin plane:" reload:"" default:"64" help:"Readers of events and snapshots at a time; a screen that is attached is two."`

	MetricsOpen bool `group:"Admin plane:" help:"Answer GET /metrics of the admin plane without the token: a Prometheus needs none, and sees no client, no address and no path, but the names of services: the name of one that is asked is its host, port and path unless --health gives it another."`

	Alerts alert.Options `embed:"" group:"Alerts:"`

	// Guard decides which clients may open a WebSocket, nil for all. Package bearer has one.
	Guard pass.Guard `kong:"-"`

	ReadOnly bool `reload:"" group:"Admin plane:" help:"Only show: neither screen nor API can kick, disturb or refuse a client."`

	Services services.Options `embed:"" group:"Services:"`

	ShowSecrets bool `help:"Show the parts of a handshake that may be secret in full, on the screen, in the log and over the API: header fields, addresses, subprotocols, and the cookies and tokens that --identity names. Without this flag they are masked."`

	TrustedProxies []string `kong:"-"` // networks of the proxies in front of the application, whose X-Forwarded-For names the client

	BoundMemory func(bytes uint64) `kong:"-"` // called with MaxMemory in bytes, and again if it changes; nil for nothing

	Version string       `kong:"-"`
	Logger  *slog.Logger `kong:"-"` // nil for slog.Default()
}

// plane has those of the admin plane.
func (o Options) plane() admin.Options {
	return admin.Options{
		Address: o.Admin, Token: o.Token, Access: o.Access, Limits: admin.Limits{Rate: float64(o.APIRate), Subscribers: o.MaxSubscribers},
	}
}

// withDefaults fills in the defaults of the tags, except for the admin plane: a library opens no port unasked.
func (o Options) withDefaults() Options {
	rhythm := heart.DefaultRhythm()
	o.Scheme = cmp.Or(o.Scheme, rhythm.Scheme)
	o.Interval = cmp.Or(o.Interval, rhythm.Interval)
	o.Detector = cmp.Or(o.Detector, rhythm.Detector)
	o.MinTimeout = cmp.Or(o.MinTimeout, rhythm.MinTimeout)
	o.MaxTimeout = cmp.Or(o.MaxTimeout, rhythm.MaxTimeout)
	o.OnFail = cmp.Or(o.OnFail, model.OnFailObserve)
	o.Linger = cmp.Or(o.Linger, time.Minute)
	o.WriteTimeout = cmp.Or(o.WriteTimeout, 10*time.Second)
	o.APIRate = cmp.Or(o.APIRate, Rate(admin.UsualLimits.Rate))
	o.MaxSubscribers = cmp.Or(o.MaxSubscribers, admin.UsualLimits.Subscribers)
	o.Alerts.AlertBuiltin = cmp.Or(o.Alerts.AlertBuiltin, "screen")
	o.Services = o.Services.WithDefaults()
	return o
}
